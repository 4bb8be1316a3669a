"""The venue's own switches and limits, read from a behaviour and checked at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import get_type_hints

from simulator.exchange.behaviour import LimitRule

_S = 1_000_000_000
_MS = 1_000_000

REQUEST_WEIGHT = "REQUEST_WEIGHT"
ORDERS = "ORDERS"

LIMITS = (
    LimitRule(name=REQUEST_WEIGHT, limit=2400, interval_ns=60 * _S),
    LimitRule(name=ORDERS, limit=300, interval_ns=10 * _S),
    LimitRule(name=ORDERS, limit=1200, interval_ns=60 * _S),
)
"""Per IP, and twice per account. That windows are aligned to the clock is an assumption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Named as in `Behaviour.settings`."""

    recv_window_ms: int = 5000
    """Without a `recvWindow`."""
    retry_after: bool = True
    """Whether 429 and 418 carry a Retry-After; the USD-M pages do not say."""
    ban_after: int = 10
    """So many requests refused with 429 in one window bring a ban; undocumented."""
    ban_first_ns: int = 120 * _S
    ban_growth: int = 2
    """Each further ban of an IP is so many times as long."""
    ban_longest_ns: int = 3 * 86_400 * _S
    listen_key_life_ns: int = 3600 * _S
    stream_life_ns: int = 86_400 * _S
    ping_interval_ns: int = 180 * _S
    pong_timeout_ns: int = 600 * _S
    control_messages_per_s: int = 10
    streams_per_connection: int = 1024
    mark_price_interval_ns: int = 3 * _S
    mark_price_fast_interval_ns: int = 1 * _S
    ticker_interval_ns: int = 2 * _S
    ticker_all_interval_ns: int = 1 * _S
    book_ticker_all_interval_ns: int = 5 * _S
    kline_interval_ns: int = 250 * _MS
    agg_trade_interval_ns: int = 100 * _MS
    depth_levels: int = 1000
    """Levels a side on which depth diffs are taken."""
    first_algo_id: int = 1_000_000_033_225_453
    funding_interval_ns: int = 8 * 3600 * _S

    @classmethod
    def read(cls, values: Mapping[str, object]) -> Settings:
        """From a behaviour's settings. Raises ValueError for a name or type it does not know."""
        types = get_type_hints(cls)
        known = [field.name for field in fields(cls)]
        for name, value in values.items():
            if name not in types or name not in known:
                raise ValueError(f"unknown binance setting {name!r}; known: {', '.join(known)}")
            kind = types[name]
            if type(value) is not kind or (kind is int and value < 1):  # type: ignore[operator]
                rule = "be an integer above 0" if kind is int else "be true or false"
                raise ValueError(f"binance setting {name} must {rule}, was {value!r}")
        return cls(**values)  # type: ignore[arg-type]
