"""Binance's error bodies: code, text and HTTP status, and which of them a model's refusal becomes.

Texts are the venue's, to the letter: clients match on them (`No need to change margin type.`).
A bare 400 for most codes is inferred, since the documentation gives classes of status only.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum

from simulator.exchange.instruments import Instrument
from simulator.exchange.rejections import Reason, Rejection


class ApiError(Exception):
    """A request answered with `{"code": ..., "msg": ...}` and an HTTP status above 399."""

    def __init__(
        self, code: int, message: str, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code} {message}")
        self.code = code
        self.message = message
        self.status = status
        self.headers = headers or {}

    @property
    def body(self) -> dict[str, object]:
        return {"code": self.code, "msg": self.message}


class Problem(Enum):
    """What the façade itself finds wrong, as (code, text, status)."""

    TOO_MANY_REQUESTS = (
        -1003,
        "Too many requests; current limit is {limit} requests per minute. "
        "Please use the websocket for live updates to avoid polling the API.",
        429,
    )
    BANNED = (
        -1003,
        "Way too many requests; IP banned until {until_ms}. "
        "Please use the websocket for live updates to avoid bans.",
        418,
    )
    TOO_MANY_ORDERS = (
        -1015,
        "Too many new orders; current limit is {limit} orders per {interval}.",
        429,
    )
    UNSUPPORTED = (-1020, "This operation is not supported.", 400)
    OUTSIDE_RECV_WINDOW = (-1021, "Timestamp for this request is outside of the recvWindow.", 400)
    AHEAD_OF_SERVER = (
        -1021,
        "Timestamp for this request was 1000ms ahead of the server's time.",
        400,
    )
    BAD_SIGNATURE = (-1022, "Signature for this request is not valid.", 400)
    START_AFTER_END = (-1023, "Start time is greater than end time.", 400)
    MANDATORY = (
        -1102,
        "Mandatory parameter '{name}' was not sent, was empty/null, or malformed.",
        400,
    )
    EITHER_MANDATORY = (
        -1102,
        "Param '{name}' or '{other}' must be sent, but both were empty/null!",
        400,
    )
    EMPTY = (-1105, "Parameter '{name}' was empty.", 400)
    NOT_REQUIRED = (-1106, "Parameter '{name}' sent when not required.", 400)
    PRECISION = (-1111, "Precision is over the maximum defined for this asset.", 400)
    BAD_TIME_IN_FORCE = (-1115, "Invalid timeInForce.", 400)
    BAD_ORDER_TYPE = (-1116, "Invalid orderType.", 400)
    BAD_SIDE = (-1117, "Invalid side.", 400)
    BAD_INTERVAL = (-1120, "Invalid interval.", 400)
    BAD_SYMBOL = (-1121, "Invalid symbol.", 400)
    NO_LISTEN_KEY = (
        -1125,
        "This listenKey does not exist. "
        "Please use `POST /fapi/v1/listenKey` to recreate `listenKey`",
        400,
    )
    BAD_VALUE = (-1130, "Data sent for parameter '{name}' is not valid.", 400)
    BAD_RESPONSE_TYPE = (-1136, "Invalid newOrderRespType.", 400)
    UNKNOWN_ORDER = (-2011, "Unknown order sent.", 400)
    NO_SUCH_ORDER = (-2013, "Order does not exist.", 400)
    KEY_FORMAT = (-2014, "API-key format invalid.", 401)
    KEY_UNKNOWN = (-2015, "Invalid API-key, IP, or permissions for action.", 401)
    CLIENT_ID_TOO_LONG = (
        -4015,
        "Client order id length should not be more than 36 chars",
        400,
    )
    CLIENT_ID_INVALID = (-4015, "Client order id is not valid.", 400)
    BAD_DEPTH_LIMIT = (-4021, "{limit} is not valid depth limit.", 400)
    BAD_WORKING_TYPE = (-4031, "Invalid parameter working type: {value}", 400)
    SAME_POSITION_MODE = (-4059, "No need to change position side.", 400)
    POSITION_SIDE_MISMATCH = (
        -4061,
        "Order's position side does not match user's setting.",
        400,
    )
    BAD_BATCH_SIZE = (-4082, "Invalid number of batch place orders: {size}", 400)
    MOVED_TO_ALGO = (
        -4120,
        "Order type not supported for this endpoint. "
        "Please use the Algo Order API endpoints instead.",
        400,
    )
    QUANTITY_WITH_CLOSE = (-4137, "Quantity must be zero with closePosition equals true", 400)
    DUPLICATE_ALGO_ID = (-20132, "Client algo id is duplicated.", 400)

    def error(self, headers: Mapping[str, str] | None = None, **values: object) -> ApiError:
        """The error to raise, its text filled in."""
        code, text, status = self.value
        return ApiError(code, text.format(**values) if values else text, status, headers)


_REFUSALS: dict[Reason, tuple[int, str]] = {
    Reason.UNKNOWN_SYMBOL: (-1121, "Invalid symbol."),
    Reason.SYMBOL_NOT_TRADING: (-4141, "Symbol is closed"),
    Reason.SYMBOL_CLOSING: (-4140, "Invalid symbol status for opening position."),
    Reason.QUANTITY_NOT_POSITIVE: (-4003, "Quantity less than zero."),
    Reason.QUANTITY_BELOW_MINIMUM: (-4004, "Quantity less than min quantity."),
    Reason.QUANTITY_ABOVE_MAXIMUM: (-4005, "Quantity greater than max quantity."),
    Reason.QUANTITY_OFF_STEP: (-4023, "Qty not increased by step size."),
    Reason.PRICE_NOT_POSITIVE: (-4001, "Price less than 0."),
    Reason.PRICE_OFF_TICK: (-4014, "Price not increased by tick size."),
    Reason.PRICE_ABOVE_MAXIMUM: (-4002, "Price greater than max price."),
    Reason.PRICE_BELOW_MINIMUM: (-4013, "Price less than min price."),
    Reason.PRICE_ABOVE_BAND: (-4016, "Price is higher than mark price multiplier cap."),
    Reason.PRICE_BELOW_BAND: (-4024, "Price is lower than mark price multiplier floor."),
    Reason.NO_LIQUIDITY_IN_BAND: (
        -4131,
        "The counterparty's best price does not meet the PERCENT_PRICE filter limit",
    ),
    Reason.NOTIONAL_BELOW_MINIMUM: (
        -4164,
        "Order's notional must be no smaller than {min_notional} (unless you choose reduce only)",
    ),
    Reason.MARGIN_INSUFFICIENT: (-2019, "Margin is insufficient."),
    Reason.REDUCE_ONLY_REJECTED: (-2022, "ReduceOnly Order is rejected."),
    Reason.WOULD_TRIGGER_IMMEDIATELY: (-2021, "Order would immediately trigger."),
    Reason.POST_ONLY_WOULD_TAKE: (
        -5022,
        "Due to the order could not be executed as maker, the Post Only order will be rejected. "
        "The order will not be recorded in the order history",
    ),
    Reason.FILL_OR_KILL_NOT_FILLABLE: (
        -5021,
        "Due to the order could not be filled immediately, the FOK order has been rejected. "
        "The order will not be recorded in the order history",
    ),
    Reason.DUPLICATE_CLIENT_ORDER_ID: (-4116, "ClientOrderId is duplicated."),
    Reason.TOO_MANY_OPEN_ORDERS: (-2025, "Reach max open order limit."),
    Reason.UNKNOWN_ORDER: (-2011, "Unknown order sent."),
    Reason.LEVERAGE_INVALID: (-4028, "Leverage {leverage} is not valid"),
    Reason.LEVERAGE_UNCHANGED: (-4028, "Leverage {leverage} already exist with {leverage}"),
    Reason.MARGIN_TYPE_UNCHANGED: (-4046, "No need to change margin type."),
    Reason.MARGIN_TYPE_HAS_ORDERS: (
        -4047,
        "Margin type cannot be changed if there exists open orders.",
    ),
    Reason.MARGIN_TYPE_HAS_POSITION: (
        -4048,
        "Margin type cannot be changed if there exists position.",
    ),
}


def words(detail: str) -> str:
    """The venue's text for the model's description of a refusal; other texts stay as they are."""
    for reason, (_, text) in _REFUSALS.items():
        if detail == reason.value or detail.startswith(f"{reason.value}: "):
            return text
    return detail


def refusal(rejection: Rejection, instrument: Instrument | None, leverage: str = "") -> ApiError:
    """The venue's answer to what the model refused."""
    code, text = _REFUSALS[rejection.reason]
    if "{" in text:
        minimum = instrument.min_notional if instrument else Decimal(0)
        text = text.format(min_notional=f"{minimum.normalize():f}", leverage=leverage)
    return ApiError(code, text)
