"""Signals: the orders that somebody else gives the bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

BUY, SELL = "BUY", "SELL"

_VENUES = {1: "binance", 2: "bybit"}
"""As the signal server numbers them."""


def opposite(side: str) -> str:
    """The side that closes a position opened on `side`."""
    return SELL if side == BUY else BUY


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Open `symbol` (the venue's id) on `side`: `quantity` of it, or for `usdt_size`."""

    id: str
    symbol: str
    side: str
    venue: str = "binance"
    quantity: float | None = None
    usdt_size: float | None = None
    score: float = 0.0
    """Of the week and the month together: the higher, the sooner it is its turn."""
    timestamp_ms: int = 0
    """The quarter of an hour that it belongs to."""

    @classmethod
    def read(cls, values: Mapping[str, object]) -> Signal:
        """From plain values; raises ValueError when it does not say what to open.

        The venue is a name, or the signal server's number for it.
        """
        symbol, side = str(values.get("symbol", "")), str(values.get("side", "")).upper()
        if not symbol or side not in (BUY, SELL):
            raise ValueError(f"a signal needs a symbol and a side BUY or SELL, was {dict(values)}")
        venue = values.get("exchange", "binance")
        if isinstance(venue, int):
            if venue not in _VENUES:
                raise ValueError(f"a signal's exchange must be 1 or 2, was {venue}")
            venue = _VENUES[venue]
        return cls(
            id=str(values.get("id", "")),
            symbol=symbol,
            side=side,
            venue=str(venue),
            quantity=_size("quantity", values.get("quantity")),
            usdt_size=_size("usdt_size", values.get("usdt_size")),
            score=sum(float(str(values.get(name, 0))) for name in ("score_week", "score_month")),
            timestamp_ms=int(str(values.get("timestamp", 0))),
        )


def _size(name: str, value: object) -> float | None:
    if value is None:
        return None
    size = float(str(value))
    if not size > 0:
        raise ValueError(f"a signal's {name} must be > 0, was {value!r}")
    return size
