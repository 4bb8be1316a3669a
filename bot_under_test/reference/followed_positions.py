"""The positions that a stream knows of, as one kind of event whichever venue told it.

A position event carries symbol, side, size (absolute), entry price and mark price, all as text;
what is not known is empty.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping

PositionEvent = Mapping[str, str]


class FollowedPositions:
    """Makes events out of what streams say; `ask(follow, symbol)` wants mark prices or no more."""

    def __init__(
        self,
        logger: logging.Logger,
        on_event: Callable[[PositionEvent], None],
        ask: Callable[[bool, str], None],
    ) -> None:
        self._logger = logger
        self._on_event = on_event
        self._ask = ask
        self._positions: dict[str, dict[str, str]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._positions))

    def opened(self, symbol: str, side: str, size: float, amount: float, entry_price: str) -> None:
        """A position is there; `amount` is how the venue's log line shows it."""
        self._logger.info("📊 [USER] Position update: %s amount=%s", symbol, amount)
        event = self._known(symbol, side, str(size), entry_price)
        self._on_event(event)

    def closed(self, symbol: str) -> None:
        self._logger.info("❌ Position closed: %s amount=0.0", symbol)
        known = self._positions.get(symbol)
        self.forget(symbol)
        side = known["side"] if known else ""
        closed = {"symbol": symbol, "side": side, "size": "0", "entry_price": "", "mark_price": ""}
        self._on_event(closed)

    def mark_price(self, symbol: str, price: str) -> None:
        known = self._positions.get(symbol)
        if known is not None:
            self._on_event({**known, "mark_price": price})

    def follow(self, symbol: str, side: str, quantity: float, entry_price: float) -> None:
        """Takes mark prices of a position that was found otherwise than by the stream."""
        self._known(symbol, side, str(quantity), str(entry_price))

    def forget(self, symbol: str) -> None:
        """The position is gone."""
        if self._positions.pop(symbol, None) is not None:
            self._ask(False, symbol)

    def _known(self, symbol: str, side: str, size: str, entry_price: str) -> dict[str, str]:
        known = symbol in self._positions
        event = {
            "symbol": symbol,
            "side": side,
            "size": size,
            "entry_price": entry_price,
            "mark_price": "",
        }
        self._positions[symbol] = event
        if not known:
            self._ask(True, symbol)
        return event
