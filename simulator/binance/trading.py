"""Endpoints that place and cancel orders at the plain order service."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from simulator.binance.desk import Call, Desk
from simulator.binance.errors import ApiError, Problem, refusal
from simulator.binance.order_reading import named_order, read_order
from simulator.binance.order_replies import acknowledgement
from simulator.binance.parameters import Parameters
from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import Order, OrderStatus
from simulator.exchange.rejections import Rejection
from simulator.wire.json_text import Json

_MAX_BATCH = 5
_MAX_BATCH_CANCEL = 10
_CANCELED_ALL = {"code": 200, "msg": "The operation of cancel all open order is done."}


# placing


def new_order(desk: Desk, call: Call) -> Json:
    """POST /fapi/v1/order"""
    return _place(desk, call.account, call.parameters)


def try_order(desk: Desk, call: Call) -> Json:
    """POST /fapi/v1/order/test: checks the parameters, asks the model nothing."""
    instrument, request = read_order(desk, call.parameters, "stopPrice", "newClientOrderId")
    order = Order(
        order_id=0,
        client_order_id=request.client_order_id or "",
        account=call.account,
        symbol=request.symbol,
        side=request.side,
        type=request.type,
        quantity=request.quantity or Decimal(0),
        status=OrderStatus.NEW,
        created_ns=desk.now_ns,
        updated_ns=desk.now_ns,
        price=request.price,
        trigger_price=request.trigger_price,
        trigger_by=request.trigger_by,
        reduce_only=request.reduce_only,
        close_position=request.close_position,
        time_in_force=request.time_in_force,
    )
    return acknowledgement(order, instrument, desk.profile)


def new_orders(desk: Desk, call: Call) -> Json:
    """POST /fapi/v1/batchOrders: each item answered by itself, in order."""
    call.parameters.need("batchOrders")
    items = call.parameters.json_list("batchOrders") or []
    if not 1 <= len(items) <= _MAX_BATCH:
        raise Problem.BAD_BATCH_SIZE.error(size=len(items))
    replies = []
    for item in items:
        if not isinstance(item, dict):
            raise Problem.MANDATORY.error(name="batchOrders")
        parameters = Parameters({name: _as_text(value) for name, value in item.items()})
        try:
            replies.append(_place(desk, call.account, parameters))
        except ApiError as error:
            replies.append(error.body)
        except Rejection as rejection:
            instrument = desk.exchange.instruments.get(parameters.values.get("symbol", ""))
            replies.append(refusal(rejection, instrument).body)
    return replies


def _place(desk: Desk, account: str, parameters: Parameters) -> Json:
    """Reads one plain order, places it and answers as `newOrderRespType` asks."""
    instrument, request = read_order(desk, parameters, "stopPrice", "newClientOrderId")
    if request.type.conditional and not desk.profile.conditional_on_order:
        raise Problem.MOVED_TO_ALGO.error()
    response_type = parameters.text("newOrderRespType") or "ACK"
    if response_type not in ("ACK", "RESULT"):
        raise Problem.BAD_RESPONSE_TYPE.error()
    order = desk.exchange.place(account, request)
    if response_type == "ACK" and order.status is not OrderStatus.UNTRIGGERED:
        order = replace(order, status=OrderStatus.NEW, filled=Decimal(0), cost=Decimal(0))
    return acknowledgement(order, instrument, desk.profile)


def _as_text(value: Json) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else str(value)


# cancelling


def cancel_order(desk: Desk, call: Call) -> Json:
    """DELETE /fapi/v1/order"""
    instrument = desk.instrument(call.parameters)
    order_id, client_order_id = named_order(call.parameters)
    return _cancel(desk, call.account, instrument, order_id, client_order_id)


def _cancel(
    desk: Desk,
    account: str,
    instrument: Instrument,
    order_id: int | None,
    client_order_id: str | None,
) -> Json:
    order = desk.exchange.order(
        account, instrument.symbol, order_id=order_id, client_order_id=client_order_id
    )
    if order is None or desk.waits_as_algo(order):
        raise Problem.UNKNOWN_ORDER.error()
    canceled = desk.exchange.cancel(account, instrument.symbol, order_id=order.order_id)
    via_algo = desk.algo_orders.of(canceled) is not None
    return acknowledgement(canceled, instrument, desk.profile, via_algo=via_algo)


def cancel_all_orders(desk: Desk, call: Call) -> Json:
    """DELETE /fapi/v1/allOpenOrders: not those that wait at the algo service."""
    instrument = desk.instrument(call.parameters)
    for order in list(desk.exchange.open_orders(call.account, instrument.symbol)):
        if not desk.hidden(order):
            desk.exchange.cancel(call.account, order.symbol, order_id=order.order_id)
    return dict(_CANCELED_ALL)


def cancel_orders(desk: Desk, call: Call) -> Json:
    """DELETE /fapi/v1/batchOrders; ccxt spells the lists in lower case."""
    instrument = desk.instrument(call.parameters)
    ids = call.parameters.json_list("orderIdList", "orderidlist")
    client_ids = None
    if ids is None:
        client_ids = call.parameters.json_list("origClientOrderIdList", "origclientorderidlist")
    if ids is None and client_ids is None:
        raise Problem.EITHER_MANDATORY.error(name="orderIdList", other="origClientOrderIdList")
    wanted = ids if ids is not None else client_ids or []
    if not 1 <= len(wanted) <= _MAX_BATCH_CANCEL:
        raise Problem.BAD_BATCH_SIZE.error(size=len(wanted))
    if ids is not None and not all(type(each) is int for each in ids):
        raise Problem.MANDATORY.error(name="orderIdList")
    replies = []
    for each in wanted:
        order_id, client_order_id = (each, None) if ids is not None else (None, str(each))
        try:
            replies.append(_cancel(desk, call.account, instrument, order_id, client_order_id))
        except ApiError as error:
            replies.append(error.body)
        except Rejection as rejection:
            replies.append(refusal(rejection, instrument).body)
    return replies
