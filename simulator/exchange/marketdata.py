"""What everybody may see of a market: book, ticker, candles, trades."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.exchange.orders import Side

Level = tuple[Decimal, Decimal]
"""A price and the quantity offered there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A snapshot of the book, best level first on both sides."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    update_id: int
    """Never falls; equal ids mean an equal book."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """The 24 hours up to now."""

    symbol: str
    open: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    base_volume: Decimal
    quote_volume: Decimal
    trades: int
    open_ns: int
    close_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """Prices from `open_ns` up to, but without, `close_ns`; the current candle up to now."""

    open_ns: int
    close_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    base_volume: Decimal
    quote_volume: Decimal
    trades: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketTrade:
    """One trade of the public tape; `side` is the taker's."""

    trade_id: int
    symbol: str
    price: Decimal
    quantity: Decimal
    side: Side
    time_ns: int
