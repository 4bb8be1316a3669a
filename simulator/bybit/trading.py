"""Endpoints that place and cancel orders."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from simulator.bybit.desk import Call, Desk, Reply, order_ids
from simulator.bybit.errors import ApiError, Problem, refusal
from simulator.bybit.formats import SIDES, TRIGGERS, link_id, ms_text, order_id_text
from simulator.bybit.order_words import stop_type_name
from simulator.bybit.parameters import Parameters
from simulator.bybit.position_settings import (
    STOP_FIELDS,
    check_position_index,
    check_stop,
    check_whole_position,
    read_stop,
)
from simulator.bybit.position_stops import Stops
from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import (
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
)
from simulator.exchange.rejections import Rejection
from simulator.wire.json_text import Json

_LINK_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")
_TIMES_IN_FORCE = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
    "PostOnly": TimeInForce.POST_ONLY,
}
_TYPES = {
    # By whether it is a market order and whether its trigger takes a profit.
    (True, False): OrderType.STOP_MARKET,
    (True, True): OrderType.TAKE_PROFIT_MARKET,
    (False, False): OrderType.STOP_LIMIT,
    (False, True): OrderType.TAKE_PROFIT_LIMIT,
}
_MAX_BATCH = 20
_MOST_CANCELLED = 500


# placing


def create(desk: Desk, call: Call) -> Json:
    """POST /v5/order/create: the ids alone; what becomes of the order, the streams tell."""
    return _ids(_place(desk, call.account, call.parameters))


def _ids(order: Order) -> dict[str, Json]:
    return {"orderId": order_id_text(order.order_id), "orderLinkId": link_id(order)}


def _place(desk: Desk, account: str, parameters: Parameters) -> Order:
    desk.need_linear(parameters)
    instrument = desk.instrument(parameters)
    check_position_index(parameters)
    request = _read_order(desk, account, parameters, instrument)
    stops = _read_stops(desk, parameters, instrument, request)
    _check_link_id(desk, account, request.client_order_id)
    if request.type.conditional:
        _check_room(desk, account, instrument.symbol)
    try:
        order = desk.exchange.place(account, request)
    except Rejection as rejection:
        raise _refused(desk, account, instrument, request, rejection) from None
    if stops:
        desk.position_stops.attach(order, stops)
    return order


def _refused(
    desk: Desk, account: str, instrument: Instrument, request: OrderRequest, rejection: Rejection
) -> ApiError:
    return refusal(
        rejection,
        instrument,
        request,
        held=desk.exchange.position(account, instrument.symbol).quantity,
        current=desk.price(instrument.symbol, request.trigger_by),
    )


def _read_order(
    desk: Desk, account: str, parameters: Parameters, instrument: Instrument
) -> OrderRequest:
    """The request in the model's terms."""
    side = parameters.choice("side", SIDES)
    market = parameters.choice("orderType", {"Market": True, "Limit": False})
    trigger = _read_trigger(parameters, side)
    kind = OrderType.MARKET if market else OrderType.LIMIT
    if trigger is not None:
        kind = _TYPES[market, trigger.takes_profit]
    request = OrderRequest(
        symbol=instrument.symbol,
        side=side,
        type=kind,
        quantity=parameters.need_decimal("qty"),
        price=None if market else parameters.need_decimal("price"),
        trigger_price=trigger.price if trigger else None,
        trigger_by=parameters.choice("triggerBy", TRIGGERS, "LastPrice"),
        # An order that closes on its trigger can only reduce.
        reduce_only=parameters.flag("reduceOnly") or parameters.flag("closeOnTrigger"),
        time_in_force=TimeInForce.GTC
        if market
        else parameters.choice("timeInForce", _TIMES_IN_FORCE, "GTC"),
        client_order_id=parameters.text("orderLinkId"),
    )
    if request.quantity == 0 and request.reduce_only:
        return _whole_position(desk, account, request)
    return request


@dataclass(frozen=True, slots=True)
class _Trigger:
    price: Decimal
    takes_profit: bool


def _read_trigger(parameters: Parameters, side: Side) -> _Trigger | None:
    """What makes an order conditional: a buy on a rise is a stop, one on a fall a take-profit."""
    price = parameters.price("triggerPrice")
    if price is None:
        return None
    direction = parameters.text("triggerDirection")
    if direction not in ("1", "2"):
        raise Problem.INVALID.error(name="TriggerDirection")
    return _Trigger(price, takes_profit=(direction == "1") is not (side is Side.BUY))


def _whole_position(desk: Desk, account: str, request: OrderRequest) -> OrderRequest:
    """A quantity of 0 stands for whatever is held, when the order reaches the book."""
    if request.type.conditional and request.type.market:
        return replace(request, quantity=None, reduce_only=False, close_position=True)
    held = desk.exchange.position(account, request.symbol).quantity
    if not held:
        raise Problem.FLAT.error()
    return replace(request, quantity=abs(held))


def _read_stops(
    desk: Desk, parameters: Parameters, instrument: Instrument, request: OrderRequest
) -> Stops:
    """The stop-loss and the take-profit that come with an order."""
    check_whole_position(parameters)
    stops: Stops = {}
    for kind, name, source in STOP_FIELDS:
        stop = read_stop(parameters, name, source)
        if stop is None:
            continue
        # The order's own price is where the position is going to begin.
        base = request.price or request.trigger_price
        if base is None:
            base = desk.price(instrument.symbol, stop.trigger_by)
        check_stop(instrument, request.side, kind, stop, base)
        stops[kind] = stop
    return stops


def _check_link_id(desk: Desk, account: str, own: str | None) -> None:
    """An id counts as taken for ever, in every symbol."""
    if own is None:
        return
    if not _LINK_ID.fullmatch(own):
        raise Problem.INVALID.error(name="orderLinkId")
    for symbol in desk.exchange.instruments:
        if desk.exchange.order(account, symbol, client_order_id=own) is not None:
            raise Problem.DUPLICATE_LINK_ID.error()


def _check_room(desk: Desk, account: str, symbol: str) -> None:
    """Few conditional orders may wait in a symbol; a position's own stops are not among them."""
    waiting = sum(
        order.status is OrderStatus.UNTRIGGERED and stop_type_name(order) == "Stop"
        for order in desk.exchange.open_orders(account, symbol)
    )
    if waiting >= desk.settings.conditional_orders_per_symbol:
        raise Problem.TOO_MANY_CONDITIONAL.error()


# cancelling


def cancel(desk: Desk, call: Call) -> Json:
    """POST /v5/order/cancel"""
    desk.need_linear(call.parameters)
    instrument = desk.instrument(call.parameters)
    order_id, own_id = order_ids(call.parameters)
    if order_id is None and own_id is None:
        raise Problem.MISSING.error(names="orderId or orderLinkId")
    try:
        order = desk.exchange.cancel(
            call.account, instrument.symbol, order_id=order_id, client_order_id=own_id
        )
    except Rejection:
        raise Problem.UNKNOWN_ORDER.error() from None
    return _ids(order)


def cancel_all(desk: Desk, call: Call) -> Json:
    """POST /v5/order/cancel-all: of every kind, where no filter says otherwise."""
    parameters = call.parameters
    desk.need_linear(parameters)
    need_scope(parameters)
    wanted_type = parameters.text("stopOrderType")
    cancelled: list[Json] = []
    for instrument in desk.instruments(parameters):
        for order in desk.exchange.open_orders(call.account, instrument.symbol):
            if (
                passes_filter(parameters, order)
                and wanted_type in (None, stop_type_name(order))
                and len(cancelled) < _MOST_CANCELLED
            ):
                desk.exchange.cancel(call.account, order.symbol, order_id=order.order_id)
                cancelled.append(_ids(order))
    return {"list": cancelled, "success": "1"}


def need_scope(parameters: Parameters) -> None:
    """Raises 10001 for a request about no symbol and no coin."""
    if not any(parameters.text(name) for name in ("symbol", "baseCoin", "settleCoin")):
        raise Problem.MISSING.error(names="symbol or settleCoin or baseCoin")


def passes_filter(parameters: Parameters, order: Order) -> bool:
    """Whether `orderFilter`, where it was sent, leaves the order."""
    wanted = parameters.text("orderFilter")
    waits = order.type.conditional and order.triggered_ns is None
    return wanted is None or wanted == ("StopOrder" if waits else "Order")


# batches


def create_batch(desk: Desk, call: Call, admitted: int) -> Reply:
    """POST /v5/order/create-batch"""

    def one(item: Call) -> Json:
        return create(desk, item) | {"createAt": ms_text(desk.now_ns)}

    return _batch(call, admitted, one, {"createAt": ""})


def cancel_batch(desk: Desk, call: Call, admitted: int) -> Reply:
    """POST /v5/order/cancel-batch"""
    return _batch(call, admitted, lambda item: cancel(desk, item), {})


def _batch(
    call: Call, admitted: int, one: Callable[[Call], Json], failed: dict[str, Json]
) -> Reply:
    """Each item by itself, in order; what the rate limit does not admit fails as an item too."""
    category = call.parameters.need("category")
    rows, codes = [], []
    for number, item in enumerate(call.parameters.items("request", _MAX_BATCH)):
        item.values["category"] = category
        row = {
            "category": category,
            "symbol": item.values.get("symbol", ""),
            "orderId": "",
            "orderLinkId": "",
        }
        try:
            if number >= admitted:
                raise Problem.TOO_MANY_VISITS.error()
            rows.append(row | one(replace(call, parameters=item)))
            codes.append({"code": 0, "msg": "OK"})
        except ApiError as error:
            rows.append(row | failed)
            codes.append({"code": error.code, "msg": error.message})
    return Reply({"list": rows}, extra={"list": codes})
