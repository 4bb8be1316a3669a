"""Endpoints that place, query and cancel orders at the plain order service."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from simulator.binance.desk import Call, Desk
from simulator.binance.errors import ApiError, Problem, refusal
from simulator.binance.formats import price_places, quantity_places
from simulator.binance.order_replies import (
    SIDES,
    TIMES_IN_FORCE,
    TYPES,
    WORKING_TYPES,
    acknowledgement,
    full_order,
    user_trade,
)
from simulator.binance.parameters import Parameters
from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import Order, OrderRequest, OrderStatus, OrderType, TimeInForce
from simulator.exchange.rejections import Rejection
from simulator.wire.json_text import Json, written

_CLIENT_ID = re.compile(r"[\.A-Z\:/a-z0-9_-]{1,36}")
_MAX_BATCH = 5
_MAX_BATCH_CANCEL = 10
_SHOWN_ORDERS = 10_000
"""How many orders' texts are kept."""
_CANCELED_ALL = {"code": 200, "msg": "The operation of cancel all open order is done."}


# placing


def new_order(desk: Desk, call: Call) -> Json:
    """POST /fapi/v1/order"""
    return place(desk, call.account, call.parameters)


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
            replies.append(place(desk, call.account, parameters))
        except ApiError as error:
            replies.append(error.body)
        except Rejection as rejection:
            instrument = desk.exchange.instruments.get(parameters.values.get("symbol", ""))
            replies.append(refusal(rejection, instrument).body)
    return replies


def place(desk: Desk, account: str, parameters: Parameters) -> Json:
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


def read_order(
    desk: Desk, parameters: Parameters, trigger_name: str, client_id_name: str
) -> tuple[Instrument, OrderRequest]:
    """The request in the model's terms. The algo service names two of its parameters its own way.

    Raises ApiError for what the venue refuses before its matching engine sees it.
    """
    instrument = desk.instrument(parameters)
    parameters.need("side")
    side = parameters.choice("side", SIDES, Problem.BAD_SIDE)
    parameters.need("type")
    kind = parameters.choice("type", TYPES, Problem.BAD_ORDER_TYPE)
    assert side is not None
    assert kind is not None
    if (parameters.text("positionSide") or "BOTH") != "BOTH":
        raise Problem.POSITION_SIDE_MISMATCH.error()
    close_position = parameters.flag("closePosition") or False
    reduce_only = parameters.flag("reduceOnly") or False
    if close_position and "reduceOnly" in parameters.values:
        raise Problem.NOT_REQUIRED.error(name="reduceonly")
    request = OrderRequest(
        symbol=instrument.symbol,
        side=side,
        type=kind,
        quantity=_read_quantity(parameters, instrument, kind, close_position),
        price=_read_price(parameters, instrument, kind),
        trigger_price=_read_trigger(parameters, instrument, kind, trigger_name),
        trigger_by=parameters.choice("workingType", WORKING_TYPES, Problem.BAD_WORKING_TYPE)
        or WORKING_TYPES["CONTRACT_PRICE"],
        reduce_only=reduce_only,
        close_position=close_position,
        time_in_force=_read_time_in_force(parameters, kind),
        client_order_id=_read_client_id(desk, parameters, client_id_name),
    )
    if (parameters.text("priceMatch") or "NONE") != "NONE":
        raise Problem.BAD_VALUE.error(name="priceMatch")
    return instrument, request


def _as_text(value: Json) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else str(value)


def _decimals(value: Decimal) -> int:
    return max(0, -int(value.normalize().as_tuple().exponent))


def _read_quantity(
    parameters: Parameters, instrument: Instrument, kind: OrderType, close_position: bool
) -> Decimal | None:
    if close_position and kind.conditional and kind.market:
        if parameters.text("quantity") is not None:
            raise Problem.QUANTITY_WITH_CLOSE.error()
        return None
    quantity = parameters.need_decimal("quantity")
    if _decimals(quantity) > quantity_places(instrument):
        raise Problem.PRECISION.error()
    return quantity


def _read_price(parameters: Parameters, instrument: Instrument, kind: OrderType) -> Decimal | None:
    if kind.market:
        if parameters.text("price") is not None and parameters.decimal("price"):
            raise Problem.NOT_REQUIRED.error(name="price")
        return None
    price = parameters.need_decimal("price")
    if _decimals(price) > price_places(instrument):
        raise Problem.PRECISION.error()
    return price


def _read_trigger(
    parameters: Parameters, instrument: Instrument, kind: OrderType, name: str
) -> Decimal | None:
    if not kind.conditional:
        if parameters.text(name) is not None and parameters.decimal(name):
            raise Problem.NOT_REQUIRED.error(name=name.lower())
        return None
    trigger = parameters.need_decimal(name)
    if _decimals(trigger) > price_places(instrument):
        raise Problem.PRECISION.error()
    return trigger


def _read_time_in_force(parameters: Parameters, kind: OrderType) -> TimeInForce:
    if kind is OrderType.LIMIT:
        parameters.need("timeInForce")
    elif kind is OrderType.MARKET and parameters.text("timeInForce") is not None:
        raise Problem.NOT_REQUIRED.error(name="timeinforce")
    chosen = parameters.choice("timeInForce", TIMES_IN_FORCE, Problem.BAD_TIME_IN_FORCE)
    return chosen or TimeInForce.GTC


def _read_client_id(desk: Desk, parameters: Parameters, name: str) -> str:
    client_id = parameters.text(name)
    if client_id is None:
        return desk.new_client_id()
    if len(client_id) > 36:
        raise Problem.CLIENT_ID_TOO_LONG.error()
    if not _CLIENT_ID.fullmatch(client_id):
        raise Problem.CLIENT_ID_INVALID.error()
    return client_id


# querying


def _ids(parameters: Parameters) -> tuple[int | None, str | None]:
    order_id = parameters.integer("orderId")
    client_order_id = parameters.text("origClientOrderId")
    if order_id is None and client_order_id is None:
        raise Problem.EITHER_MANDATORY.error(name="origClientOrderId", other="orderId")
    return order_id, None if order_id is not None else client_order_id


def _shown(desk: Desk, order: Order, instrument: Instrument) -> Json:
    """An order as JSON, written once for each of its states: bots ask for the same one again."""
    known = desk.shown_orders.get(order.order_id)
    if known is not None and known[0] is order:
        return known[1]
    via_algo = desk.algo_orders.of(order) is not None
    text = written(full_order(order, instrument, desk.profile, via_algo=via_algo))
    if len(desk.shown_orders) >= _SHOWN_ORDERS:
        desk.shown_orders.clear()
    desk.shown_orders[order.order_id] = (order, text)
    return text


def _visible_order(desk: Desk, call: Call) -> tuple[Order, Instrument]:
    """Raises -2013 for an order not visible yet, or known to the algo service alone."""
    instrument = desk.instrument(call.parameters)
    order_id, client_order_id = _ids(call.parameters)
    order = desk.exchange.seen_order(
        call.account, instrument.symbol, order_id=order_id, client_order_id=client_order_id
    )
    if order is None or desk.waits_as_algo(order):
        raise Problem.NO_SUCH_ORDER.error()
    return order, instrument


def query_order(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/order"""
    order, instrument = _visible_order(desk, call)
    return _shown(desk, order, instrument)


def query_open_order(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/openOrder: -2013 once it is filled or cancelled."""
    order, instrument = _visible_order(desk, call)
    if not order.status.open:
        raise Problem.NO_SUCH_ORDER.error()
    return _shown(desk, order, instrument)


def open_orders(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/openOrders"""
    instrument = desk.optional_instrument(call.parameters)
    symbol = instrument.symbol if instrument else None
    instruments = desk.exchange.instruments
    return [
        _shown(desk, order, instruments[order.symbol])
        for order in desk.exchange.seen_open_orders(call.account, symbol)
        if not desk.hidden(order)
    ]


def all_orders(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/allOrders"""
    parameters = call.parameters
    if desk.profile.all_orders_without_symbol:
        chosen = desk.instruments(parameters)
    else:
        chosen = [desk.instrument(parameters)]
    start_ns, end_ns = parameters.span_ns()
    from_id = parameters.integer("orderId")
    rows = []
    for instrument in chosen:
        for order in desk.exchange.seen_orders(call.account, instrument.symbol):
            if (
                not desk.waits_as_algo(order)
                and (from_id is None or order.order_id >= from_id)
                and (start_ns is None or order.created_ns >= start_ns)
                and (end_ns is None or order.created_ns <= end_ns)
            ):
                rows.append((order, instrument))
    limit = parameters.limit(500, 1000)
    # From an id onwards the oldest are given, otherwise the latest.
    rows = rows[:limit] if from_id is not None else rows[-limit:]
    return [_shown(desk, order, instrument) for order, instrument in rows]


def user_trades(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/userTrades"""
    parameters = call.parameters
    instrument = desk.instrument(parameters)
    start_ns, end_ns = parameters.span_ns()
    order_id, from_id = parameters.integer("orderId"), parameters.integer("fromId")
    fills = [
        fill
        for fill in desk.exchange.seen_fills(call.account, instrument.symbol)
        if (order_id is None or fill.order_id == order_id)
        and (from_id is None or fill.trade_id >= from_id)
        and (start_ns is None or fill.time_ns >= start_ns)
        and (end_ns is None or fill.time_ns <= end_ns)
    ]
    limit = parameters.limit(500, 1000)
    fills = fills[:limit] if from_id is not None else fills[-limit:]
    return [user_trade(fill, instrument, desk.profile) for fill in fills]


# cancelling


def cancel_order(desk: Desk, call: Call) -> Json:
    """DELETE /fapi/v1/order"""
    instrument = desk.instrument(call.parameters)
    order_id, client_order_id = _ids(call.parameters)
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
