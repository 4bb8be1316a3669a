"""Bybit's errors: retCode and retMsg, and which of them a model's refusal becomes.

Texts are the venue's, to the letter, as clients captured them in production, else as the v5 error
page has them: clients match on them (`leverage not modified`). Business errors come with HTTP 200;
what has another status has no JSON body, the text is all of it.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum

from simulator.bybit.formats import TRIGGER_NAMES, plain, scaled, scaled_quantity
from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import OrderRequest, Side
from simulator.exchange.rejections import Reason, Rejection
from simulator.wire.json_text import Json


class ApiError(Exception):
    """A request answered with a retCode that is not 0, or with an HTTP status above 399."""

    def __init__(
        self,
        code: int,
        message: str,
        status: int = 200,
        result: Json = None,
    ) -> None:
        super().__init__(f"{status} {code} {message}")
        self.code = code
        self.message = message
        """With a status other than 200, the whole body."""
        self.status = status
        self.result = result or {}


class Problem(Enum):
    """What the façade itself finds wrong, as (code, text, status)."""

    NO_HEADERS = (401, "401 Unauthorized", 401)
    IP_LIMIT = (
        403,
        "<html><head><title>403 Forbidden</title></head>"
        "<body>403, access too frequent</body></html>",
        403,
    )
    NO_PATH = (404, "404 page not found", 404)
    MALFORMED = (10001, "Request parameter error.", 200)
    INVALID = (10001, "params error: {name} invalid", 200)
    BAD_SYMBOL = (10001, "params error: symbol invalid {symbol}", 200)
    MISSING = (10001, "Missing some parameters that must be filled in, {names}", 200)
    UNSUPPORTED = (10001, "{name} is not supported here", 200)
    POSITION_INDEX = (10001, "position idx not match position mode", 200)
    BELOW_MINIMUM = (10001, "The number of contracts exceeds minimum limit allowed", 200)
    ZERO_POSITION = (10001, "can not set tp/sl/ts for zero position", 200)
    STOP_ON_WRONG_SIDE = (
        10001,
        "{stop}:{price} set for {side} position should {rule} base_price:{base}??{source}",
        200,
    )
    OUTSIDE_RECV_WINDOW = (
        10002,
        "invalid request, please check your server timestamp or recv_window param. "
        "req_timestamp[{timestamp}],server_timestamp[{now}],recv_window[{window}]",
        200,
    )
    KEY_INVALID = (10003, "API key is invalid.", 200)
    TOO_MANY_VISITS = (10006, "Too many visits. Exceeded the API Rate Limit.", 200)
    NOT_MODIFIED = (34040, "not modified", 200)
    UNKNOWN_ORDER = (110001, "order not exists or too late to cancel", 200)
    TOO_MANY_CONDITIONAL = (
        110009,
        "The number of stop orders exceeds the maximum allowable limit",
        200,
    )
    MARGIN_FOR_LEVERAGE = (110012, "Insufficient available balance.", 200)
    LEVERAGE_TOO_HIGH = (
        110013,
        "cannot set leverage [{leverage}] gt maxLeverage [{most}] by risk limit",
        200,
    )
    FLAT = (110017, "current position is zero, cannot fix reduce-only order qty", 200)
    SAME_SIDE = (110017, "reduce-only order has same side with current position", 200)
    POSITION_MODE_UNCHANGED = (110025, "Position mode is not modified", 200)
    LEVERAGE_UNCHANGED = (110043, "leverage not modified", 200)
    DUPLICATE_LINK_ID = (110072, "OrderLinkedID is duplicate", 200)
    MARGIN_MODE_FAILED = (3400045, "Set margin mode failed", 200)

    def error(self, result: Json = None, **values: object) -> ApiError:
        """The error to raise, its text filled in."""
        code, text, status = self.value
        return ApiError(code, text.format(**values) if values else text, status, result)


_REFUSALS: dict[Reason, tuple[int, str]] = {
    Reason.SYMBOL_NOT_TRADING: (110074, "This contract is not live"),
    Reason.SYMBOL_CLOSING: (30228, "No new positions during delisting."),
    Reason.QUANTITY_NOT_POSITIVE: Problem.BELOW_MINIMUM.value[:2],
    Reason.QUANTITY_BELOW_MINIMUM: Problem.BELOW_MINIMUM.value[:2],
    Reason.QUANTITY_ABOVE_MAXIMUM: (
        10001,
        "The number of contracts exceeds maximum limit allowed: too large, "
        "order_qty:{quantity} > max_qty:{most}",
    ),
    Reason.QUANTITY_OFF_STEP: (10001, "Qty invalid"),
    # That a price off the tick is told like a quantity off the step is inferred.
    Reason.PRICE_OFF_TICK: (10001, "Price invalid"),
    Reason.PRICE_NOT_POSITIVE: (10001, "Price invalid"),
    Reason.PRICE_ABOVE_MAXIMUM: (110003, "Order price is out of permissible range"),
    Reason.PRICE_BELOW_MINIMUM: (110003, "Order price is out of permissible range"),
    Reason.PRICE_ABOVE_BAND: (110003, "Order price is out of permissible range"),
    Reason.PRICE_BELOW_BAND: (110003, "Order price is out of permissible range"),
    Reason.NOTIONAL_BELOW_MINIMUM: (
        110094,
        "Order does not meet minimum order value {min_notional}{quote}",
    ),
    Reason.MARGIN_INSUFFICIENT: (110007, "ab not enough for new order"),
    Reason.TOO_MANY_OPEN_ORDERS: (110020, "Not allowed to have more than 500 active orders."),
}
_NO_LIQUIDITY = {
    Side.BUY: (
        30208,
        "Failed to submit order(s). The order price is higher than the maximum buying price",
    ),
    Side.SELL: (
        30209,
        "Failed to submit order(s). The order price is lower than the minimum selling price.",
    ),
}
_TRIGGERED = {
    # By whether the price is to rise to the trigger price.
    True: (110092, "expect Rising, but trigger_price[{trigger}] <= current[{current}]??{source}"),
    False: (110093, "expect Falling, but trigger_price[{trigger}] >= current[{current}]??{source}"),
}


def refusal(
    rejection: Rejection,
    instrument: Instrument,
    request: OrderRequest,
    *,
    held: Decimal,
    current: Decimal,
) -> ApiError:
    """The venue's answer to an order that the model refused.

    `held` is the signed position, `current` the price that would trigger the order.
    """
    match rejection.reason:
        case Reason.REDUCE_ONLY_REJECTED:
            return (Problem.SAME_SIDE if held else Problem.FLAT).error()
        case Reason.NO_LIQUIDITY_IN_BAND:
            return ApiError(*_NO_LIQUIDITY[request.side])
        case Reason.WOULD_TRIGGER_IMMEDIATELY:
            rising = (request.side is Side.BUY) is not request.type.take_profit
            code, text = _TRIGGERED[rising]
        case reason:
            code, text = _REFUSALS[reason]
    most = instrument.max_market_quantity if request.type.market else instrument.max_quantity
    return ApiError(
        code,
        text.format(
            quantity=scaled_quantity(request.quantity or Decimal(0)),
            most=scaled_quantity(most),
            min_notional=plain(instrument.min_notional),
            quote=instrument.quote,
            trigger=scaled(request.trigger_price or Decimal(0), instrument),
            current=scaled(current, instrument),
            source=TRIGGER_NAMES[request.trigger_by],
        ),
    )


def stop_refusal(rejection: Rejection) -> ApiError:
    """The venue's answer to a position's own stop that the model refused."""
    return ApiError(*_REFUSALS[rejection.reason])


_REJECT_REASONS = {
    Reason.POST_ONLY_WOULD_TAKE: "EC_PostOnlyWillTakeLiquidity",
    Reason.FILL_OR_KILL_NOT_FILLABLE: "EC_CancelForNoFullFill",
    Reason.NO_LIQUIDITY_IN_BAND: "EC_NoImmediateQtyToFill",
    Reason.PRICE_ABOVE_BAND: "EC_ReachRiskPriceLimit",
    Reason.PRICE_BELOW_BAND: "EC_ReachRiskPriceLimit",
}


def reject_reason(reason: Reason | None) -> str:
    """`rejectReason` of an order that ended for `reason`."""
    return "EC_NoError" if reason is None else _REJECT_REASONS.get(reason, "EC_Others")
