"""What an order's kind, its state and its end are called."""

from __future__ import annotations

from simulator.bybit.errors import reject_reason
from simulator.bybit.position_stops import stop_kind
from simulator.exchange.orders import Order, OrderStatus, TimeInForce
from simulator.exchange.rejections import Reason

_TIME_IN_FORCE_NAMES = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
    TimeInForce.POST_ONLY: "PostOnly",
}
_STATUS_NAMES = {
    OrderStatus.UNTRIGGERED: "Untriggered",
    OrderStatus.NEW: "New",
    OrderStatus.PARTIALLY_FILLED: "PartiallyFilled",
    OrderStatus.FILLED: "Filled",
    OrderStatus.CANCELED: "Cancelled",
    OrderStatus.EXPIRED: "Cancelled",
}
_REJECTED = (Reason.MARGIN_INSUFFICIENT, Reason.PRICE_ABOVE_BAND, Reason.PRICE_BELOW_BAND)
"""A triggered order that meets one of these is `Rejected`; others count as cancelled."""


def status_name(order: Order) -> str:
    """`orderStatus`."""
    if order.refusal in _REJECTED:
        return "Rejected"
    if order.status is OrderStatus.CANCELED and _waited(order):
        return "Deactivated"
    return _STATUS_NAMES[order.status]


def stop_type_name(order: Order) -> str:
    """`stopOrderType`, empty for an order that never was conditional."""
    kind = stop_kind(order)
    if kind is not None:
        return kind.value
    return "Stop" if order.type.conditional else ""


def _waited(order: Order) -> bool:
    """Conditional and never triggered."""
    return order.type.conditional and order.triggered_ns is None


def create_type(order: Order) -> str:
    kind = stop_kind(order)
    if kind is not None:
        return f"CreateBy{kind.value}"
    return "CreateByStopOrder" if order.type.conditional else "CreateByUser"


def time_in_force(order: Order) -> str:
    """A market order is an IOC limit order to the matching engine."""
    return "IOC" if order.type.market else _TIME_IN_FORCE_NAMES[order.time_in_force]


def ended_by(order: Order) -> tuple[str, str]:
    """`cancelType` and `rejectReason`."""
    if order.status is OrderStatus.CANCELED:
        return "CancelByTpSlTsClear" if stop_kind(order) else "CancelByUser", "EC_NoError"
    if order.refusal is Reason.REDUCE_ONLY_REJECTED:
        return "CancelByReduceOnly", "EC_NoError"
    if order.status is OrderStatus.EXPIRED and order.refusal is None:
        if time_in_force(order) in ("IOC", "FOK"):
            return "UNKNOWN", "EC_NoImmediateQtyToFill"
        return "CancelByReduceOnly", "EC_NoError"
    return "UNKNOWN", reject_reason(order.refusal)
