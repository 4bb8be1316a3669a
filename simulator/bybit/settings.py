"""The venue's own switches and limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.exchange.behaviour import LimitRule
from simulator.wire.settings import read_settings

_S = 1_000_000_000
_MS = 1_000_000

IP = "IP"
_PER_SECOND = {
    "POST /v5/order/create": 10,
    "POST /v5/order/cancel": 10,
    "POST /v5/order/cancel-all": 10,
    "POST /v5/order/create-batch": 10,
    "POST /v5/order/cancel-batch": 10,
    "GET /v5/order/realtime": 50,
    "GET /v5/order/history": 50,
    "GET /v5/execution/list": 50,
    "GET /v5/position/list": 50,
    "GET /v5/position/closed-pnl": 50,
    "POST /v5/position/set-leverage": 10,
    "POST /v5/position/switch-mode": 10,
    "POST /v5/position/trading-stop": 10,
    "GET /v5/account/wallet-balance": 50,
    "GET /v5/account/info": 50,
    "GET /v5/account/withdrawal": 50,
    "GET /v5/account/transaction-log": 25,
    "GET /v5/account/fee-rate": 5,
    "POST /v5/account/set-margin-mode": 5,
    "GET /v5/user/query-api": 10,
    "GET /v5/asset/coin/query-info": 5,
}

LIMITS = (
    LimitRule(name=IP, limit=600, interval_ns=5 * _S, aligned=False),
    *(
        LimitRule(name=endpoint, limit=limit, interval_ns=_S, aligned=False)
        for endpoint, limit in _PER_SECOND.items()
    ),
)
"""Per IP over everything, and per account and endpoint; after the v5 rate-limit page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Named as in `Behaviour.settings`."""

    recv_window_ms: int = 5000
    """Without an X-BAPI-RECV-WINDOW."""
    closed_orders_kept: int = field(default=500, metadata={"least": 0})
    """Ended orders of an account that order/realtime still knows; 0 after a service restart."""
    conditional_orders_per_symbol: int = 10
    ip_ban_ns: int = 600 * _S
    """How long an IP that went over its limit is answered with 403."""
    idle_ns: int = 600 * _S
    """A socket without traffic for so long is closed."""
    ticker_interval_ns: int = 100 * _MS
    orderbook_1_interval_ns: int = 10 * _MS
    orderbook_50_interval_ns: int = 20 * _MS
    orderbook_200_interval_ns: int = 100 * _MS
    orderbook_1000_interval_ns: int = 200 * _MS
    trade_interval_ns: int = 100 * _MS
    kline_interval_ns: int = 1 * _S
    funding_interval_ns: int = 8 * 3600 * _S

    @classmethod
    def read(cls, values: Mapping[str, object]) -> Settings:
        """From a behaviour's settings. Raises ValueError for a name or type it does not know."""
        return read_settings(cls, values, "bybit")
