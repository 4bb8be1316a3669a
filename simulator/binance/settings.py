"""The venue's own switches and limits, read from a behaviour and checked at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.exchange.behaviour import LimitRule
from simulator.wire.connections import ConnectionRules
from simulator.wire.settings import read_settings

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

    def connections(self) -> ConnectionRules:
        """What keeps a stream's connection alive."""
        return ConnectionRules(
            ping_interval_ns=self.ping_interval_ns,
            pong_timeout_ns=self.pong_timeout_ns,
            life_ns=self.stream_life_ns,
            messages_per_s=self.control_messages_per_s,
        )

    @classmethod
    def read(cls, values: Mapping[str, object]) -> Settings:
        """From a behaviour's settings. Raises ValueError for a name or type it does not know."""
        return read_settings(cls, values, "binance")
