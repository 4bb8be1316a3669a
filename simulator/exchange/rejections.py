"""Why the model refuses a request. Each venue spells the reasons in its own codes."""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    UNKNOWN_SYMBOL = "unknown symbol"
    SYMBOL_NOT_TRADING = "symbol is not trading"
    SYMBOL_CLOSING = "symbol is closing: only orders that reduce are taken"
    QUANTITY_NOT_POSITIVE = "quantity is not above zero"
    QUANTITY_BELOW_MINIMUM = "quantity below the minimum"
    QUANTITY_ABOVE_MAXIMUM = "quantity above the maximum"
    QUANTITY_OFF_STEP = "quantity is no multiple of the step"
    PRICE_NOT_POSITIVE = "price is not above zero"
    PRICE_OFF_TICK = "price is no multiple of the tick"
    PRICE_ABOVE_MAXIMUM = "price above the maximum"
    PRICE_BELOW_MINIMUM = "price below the minimum"
    PRICE_ABOVE_BAND = "price above the band around the mark price"
    PRICE_BELOW_BAND = "price below the band around the mark price"
    NO_LIQUIDITY_IN_BAND = "no counterparty inside the band around the mark price"
    NOTIONAL_BELOW_MINIMUM = "notional below the minimum"
    MARGIN_INSUFFICIENT = "margin is insufficient"
    REDUCE_ONLY_REJECTED = "reduce-only order would not reduce a position"
    WOULD_TRIGGER_IMMEDIATELY = "conditional order would trigger immediately"
    POST_ONLY_WOULD_TAKE = "post-only order would take liquidity"
    FILL_OR_KILL_NOT_FILLABLE = "fill-or-kill order cannot be filled"
    DUPLICATE_CLIENT_ORDER_ID = "client order id is in use by an open order"
    TOO_MANY_OPEN_ORDERS = "too many open orders"
    UNKNOWN_ORDER = "unknown order"
    LEVERAGE_INVALID = "leverage out of range"
    LEVERAGE_UNCHANGED = "leverage is already so"
    MARGIN_TYPE_UNCHANGED = "margin type is already so"
    MARGIN_TYPE_HAS_ORDERS = "margin type cannot change with open orders"
    MARGIN_TYPE_HAS_POSITION = "margin type cannot change with a position"


class Rejection(Exception):
    """A request the model refuses: `reason` for the venue's table, `detail` for a person."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}{': ' if detail else ''}{detail}")
        self.reason = reason
        self.detail = detail
