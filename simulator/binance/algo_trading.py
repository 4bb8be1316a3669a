"""Endpoints of the algo service: conditional orders, since 2025-12-09."""

from __future__ import annotations

from simulator.binance.algo_orders import AlgoOrder
from simulator.binance.desk import Call, Desk
from simulator.binance.errors import Problem
from simulator.binance.order_reading import read_order
from simulator.binance.order_replies import algo_order
from simulator.exchange.rejections import Reason, Rejection
from simulator.wire.json_text import Json

_CANCELED_ALL = {"code": 200, "msg": "The operation of cancel all open order is done."}


def new_algo_order(desk: Desk, call: Call) -> Json:
    """POST /fapi/v1/algoOrder"""
    parameters = call.parameters
    if parameters.need("algoType") != "CONDITIONAL":
        raise Problem.BAD_VALUE.error(name="algoType")
    instrument, request = read_order(desk, parameters, "triggerPrice", "clientAlgoId")
    if not request.type.conditional:
        raise Problem.BAD_ORDER_TYPE.error()
    try:
        with desk.algo_orders.placing():
            order = desk.exchange.place(call.account, request)
    except Rejection as rejection:
        if rejection.reason is Reason.DUPLICATE_CLIENT_ORDER_ID:
            raise Problem.DUPLICATE_ALGO_ID.error() from None
        raise
    entry = desk.algo_orders.of(order)
    assert entry is not None
    return algo_order(entry, order, instrument, desk.profile, full=False)


def _entry(desk: Desk, call: Call) -> AlgoOrder | None:
    algo_id = call.parameters.integer("algoId")
    client_algo_id = call.parameters.text("clientAlgoId")
    if algo_id is None and client_algo_id is None:
        raise Problem.EITHER_MANDATORY.error(name="algoId", other="clientAlgoId")
    return desk.algo_orders.find(call.account, algo_id=algo_id, client_algo_id=client_algo_id)


def query_algo_order(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/algoOrder"""
    entry = _entry(desk, call)
    order = (
        desk.exchange.seen_order(entry.account, entry.symbol, order_id=entry.order_id)
        if entry
        else None
    )
    if entry is None or order is None:
        raise Problem.NO_SUCH_ORDER.error()
    instrument = desk.exchange.instruments[entry.symbol]
    return algo_order(entry, order, instrument, desk.profile, full=True)


def open_algo_orders(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/openAlgoOrders: those that still wait for their trigger."""
    instrument = desk.optional_instrument(call.parameters)
    algo_id = call.parameters.integer("algoId")
    rows = []
    symbol = instrument.symbol if instrument else None
    for order in desk.exchange.seen_open_orders(call.account, symbol):
        entry = desk.algo_orders.of(order)
        if entry and order.triggered_ns is None and algo_id in (None, entry.algo_id):
            listed = desk.exchange.instruments[order.symbol]
            rows.append(algo_order(entry, order, listed, desk.profile, full=True))
    return rows


def all_algo_orders(desk: Desk, call: Call) -> Json:
    """GET /fapi/v1/allAlgoOrders"""
    instrument = desk.instrument(call.parameters)
    start_ns, end_ns = call.parameters.span_ns()
    from_id = call.parameters.integer("algoId")
    rows = []
    for order in desk.exchange.seen_orders(call.account, instrument.symbol):
        entry = desk.algo_orders.of(order)
        if (
            entry is not None
            and (from_id is None or entry.algo_id >= from_id)
            and (start_ns is None or order.created_ns >= start_ns)
            and (end_ns is None or order.created_ns <= end_ns)
        ):
            rows.append(algo_order(entry, order, instrument, desk.profile, full=True))
    return rows[-call.parameters.limit(500, 1000) :]


def cancel_algo_order(desk: Desk, call: Call) -> Json:
    """DELETE /fapi/v1/algoOrder; `code` is a text in this reply alone."""
    entry = _entry(desk, call)
    order = (
        desk.exchange.order(entry.account, entry.symbol, order_id=entry.order_id) if entry else None
    )
    if entry is None or order is None or order.triggered_ns is not None:
        raise Problem.UNKNOWN_ORDER.error()
    desk.exchange.cancel(call.account, entry.symbol, order_id=entry.order_id)
    return {
        "algoId": entry.algo_id,
        "clientAlgoId": entry.client_algo_id,
        "code": "200",
        "msg": "success",
    }


def cancel_all_algo_orders(desk: Desk, call: Call) -> Json:
    """DELETE /fapi/v1/algoOpenOrders"""
    instrument = desk.instrument(call.parameters)
    for order in list(desk.exchange.open_orders(call.account, instrument.symbol)):
        if desk.hidden(order):
            desk.exchange.cancel(call.account, order.symbol, order_id=order.order_id)
    return dict(_CANCELED_ALL)
