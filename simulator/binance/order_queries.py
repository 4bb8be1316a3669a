"""Endpoints that query orders of the plain order service, and fills."""

from __future__ import annotations

from simulator.binance.desk import Call, Desk
from simulator.binance.errors import Problem
from simulator.binance.order_reading import named_order
from simulator.binance.order_replies import full_order, user_trade
from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import Order
from simulator.wire.json_text import Json, written

_SHOWN_ORDERS = 10_000
"""How many orders' texts are kept."""


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
    order_id, client_order_id = named_order(call.parameters)
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
