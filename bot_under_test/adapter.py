"""The bot as a replay drives it; the only file that knows of being driven.

A bot of one's own needs a module with the same `create`; docs/your-own-bot.md tells what it gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot_under_test.reference import ReferenceBot, Settings, Signal


class ReferenceHandle:
    """The reference bot, driven from outside."""

    def __init__(self, settings: Settings) -> None:
        self._bot = ReferenceBot(settings)
        self._last: dict[str, Any] | None = None

    async def start(self) -> None:
        await self._bot.start()

    async def deliver(self, signal: Mapping[str, object]) -> None:
        await self._bot.open(Signal.read(signal))

    async def stop(self) -> None:
        self._last = self.believes()
        await self._bot.stop()

    def believes(self) -> dict[str, Any]:
        if self._last is not None:  # after the end: as it was then
            return self._last
        bot = self._bot
        return {
            "positions": [
                {
                    "venue": venue,
                    "symbol": tracked.symbol,
                    "side": tracked.side,
                    "quantity": tracked.quantity,
                    "stop_loss": tracked.stop_id is not None,
                }
                for venue, trader in bot.traders.items()
                for tracked in trader.positions.positions.values()
                if tracked.quantity > 0
            ],
            "orders": [
                order for trader in bot.traders.values() for order in trader.exchange.known_orders
            ],
            "rows": [
                {"symbol": str(row["symbol"]), "status": str(row["status"])}
                for row in bot.database.rows()
            ],
            "events": bot.database.events(),
        }


def create(settings: Mapping[str, object]) -> ReferenceHandle:
    """A bot that is not yet started. Raises ValueError for settings that it does not know."""
    return ReferenceHandle(Settings.read(settings))
