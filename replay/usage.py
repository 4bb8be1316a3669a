"""What a run costs at its venues, counted while it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from replay.result import Usage
from replay.stage import BOT

if TYPE_CHECKING:
    from replay.stage import Stage


class UsageWatch:
    """Made when everything is set up, and nobody has asked for anything yet."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._requests: Counter[str] = Counter()
        self._balances = {
            name: each.exchange.wallet(BOT).balance for name, each in stage.venues.items()
        }
        stage.world.trace.listeners.append(self._hear)

    def _hear(self, kind: str, host: str, fields: Mapping[str, Any]) -> None:
        if kind == "request":
            self._requests[host] += 1

    def found(self) -> dict[str, Usage]:
        """So far, by venue."""
        return {
            name: Usage(
                requests=self._requests[name],
                weight=each.weight_used,
                lost=self._balances[name] - each.exchange.wallet(BOT).balance,
            )
            for name, each in self._stage.venues.items()
        }
