"""The venue's API as it was at a date. A difference is a field here, never a name compared."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the API could do at a date."""

    name: str
    conditional_on_order: bool
    """`POST /fapi/v1/order` takes STOP_MARKET and its kin; else it answers -4120 (2025-12-09)."""
    algo_service: bool
    """The algoOrder endpoints and ALGO_UPDATE exist (2025-12-09)."""
    order_reply_average: bool
    """`avgPrice` and `cumQuote` in replies to POST, PUT and DELETE order (until 2026-07-15)."""
    routed_streams: bool
    """`/public`, `/market` and `/private` in front of `/ws` and `/stream` (2026-03-05)."""
    unrouted_streams: frozenset[str]
    """Categories that a connection without such a prefix delivers (2026-04-23: public only)."""
    expiry_reason: bool
    """`er` in ORDER_TRADE_UPDATE (2025-10-23)."""
    mark_price_average: bool
    """`ap` in markPriceUpdate (2026-03-16)."""
    algo_orders_filter: bool
    """MAX_NUM_ALGO_ORDERS in exchangeInfo (until 2025-12-29)."""
    all_orders_without_symbol: bool
    """`symbol` is optional on allOrders (2026-08-25)."""
    trade_pair: bool
    """`pair`, `baseQty` and `marginAsset` in userTrades (2026-08)."""
    expiry_time_as_text: bool
    """`E` of listenKeyExpired is a text, as seen until 2025."""
    self_trade_prevention: str
    """The default mode, as replies and events show it."""


_ALL_CATEGORIES = frozenset({"public", "market", "private"})

OCTOBER_2025 = Profile(
    name="2025-10",
    conditional_on_order=True,
    algo_service=False,
    order_reply_average=True,
    routed_streams=False,
    unrouted_streams=_ALL_CATEGORIES,
    expiry_reason=True,
    mark_price_average=False,
    algo_orders_filter=True,
    all_orders_without_symbol=False,
    trade_pair=False,
    expiry_time_as_text=True,
    self_trade_prevention="NONE",
)

OCTOBER_2025_ALGO = replace(
    OCTOBER_2025, name="2025-10+algo", algo_service=True, routed_streams=True
)
"""An old incident with today's client: stop orders at either endpoint, streams at either URL."""

NOVEMBER_2026 = Profile(
    name="2026-11",
    conditional_on_order=False,
    algo_service=True,
    order_reply_average=False,
    routed_streams=True,
    unrouted_streams=frozenset({"public"}),
    expiry_reason=True,
    mark_price_average=True,
    algo_orders_filter=False,
    all_orders_without_symbol=True,
    trade_pair=True,
    expiry_time_as_text=False,
    self_trade_prevention="EXPIRE_MAKER",
)

PROFILES = {profile.name: profile for profile in (OCTOBER_2025, OCTOBER_2025_ALGO, NOVEMBER_2026)}
