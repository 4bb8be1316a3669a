"""The rules of a venue that serves already: more of them can be added while it does."""

from __future__ import annotations

from simulator.exchange.behaviour import Behaviour
from simulator.exchange.exchange import Exchange
from simulator.exchange.faults import Faults
from simulator.exchange.latency import Latency
from simulator.exchange.visibility import Visibility
from simulator.wire.fault_kinds import check_fault


class Rules:
    """Everything of a venue that follows rules. `stream_lags` are those of its events."""

    def __init__(
        self, exchange: Exchange, faults: Faults, latency: Latency, stream_lags: Visibility
    ) -> None:
        self._exchange = exchange
        self._faults = faults
        self._latency = latency
        self._stream_lags = stream_lags

    def add(self, behaviour: Behaviour) -> None:
        """Latency, visibility and faults, as if written after those it was made with.

        Raises ValueError for limits and settings, which a venue has from its start on, and for
        faults that cannot be or whose name is taken; then nothing has changed.
        """
        if behaviour.limits is not None or behaviour.settings:
            raise ValueError(
                "limits and settings are fixed when a venue is made; write them into a scenario"
            )
        for rule in behaviour.faults:
            check_fault(rule)
        self._faults.add(behaviour.faults)
        self._latency.add(behaviour.latency)
        self._stream_lags.add(behaviour.visibility)
        self._exchange.add_lags(behaviour.visibility)
