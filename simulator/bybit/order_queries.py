"""Endpoints that ask for orders and executions."""

from __future__ import annotations

from collections.abc import Callable

from simulator.bybit.desk import Call, Desk, order_ids
from simulator.bybit.order_words import status_name
from simulator.bybit.parameters import WEEK_MS, Rank
from simulator.bybit.rows import LATER_FIELDS, execution_row, order_row
from simulator.bybit.trading import need_scope, passes_filter
from simulator.exchange.orders import Fill, Order
from simulator.wire.json_text import Json

_DAY_NS = 86_400 * 1_000_000_000


def _listed(call: Call, rows: list[Json], cursor: str) -> Json:
    return {
        "list": rows,
        "nextPageCursor": cursor,
        "category": call.parameters.values["category"],
    }


def _found(desk: Desk, call: Call, orders: list[Order]) -> tuple[list[Order], str]:
    """One page of those that the filter leaves, latest first."""
    orders = [order for order in orders if passes_filter(call.parameters, order)]

    def rank(order: Order) -> Rank:
        return (desk.journal.order(order).number,)

    return call.parameters.page(sorted(orders, key=rank, reverse=True), rank, 20, 50)


# open and recent orders


def realtime(desk: Desk, call: Call) -> Json:
    """GET /v5/order/realtime: open orders, or with `openOnly=1` the last that ended; by its id
    either. An unknown id gives an empty list."""
    parameters = call.parameters
    if not desk.is_linear(parameters):
        return _listed(call, [], "")
    need_scope(parameters)
    orders, cursor = _found(desk, call, _realtime_orders(desk, call))
    return _listed(call, [order_row(desk, order) for order in orders], cursor)


def _realtime_orders(desk: Desk, call: Call) -> list[Order]:
    exchange, account = desk.exchange, call.account
    order_id, own_id = order_ids(call.parameters)
    if order_id is not None or own_id is not None:
        found = [
            exchange.seen_order(account, each.symbol, order_id=order_id, client_order_id=own_id)
            for each in desk.instruments(call.parameters)
        ]
        return [order for order in found if order is not None and _kept(desk, account, order)]
    if call.parameters.integer("openOnly") == 0:
        return _in_scope(desk, call, exchange.seen_open_orders)
    return [
        order
        for order in _in_scope(desk, call, exchange.seen_orders)
        if not order.status.open and _kept(desk, account, order)
    ]


def _in_scope(
    desk: Desk, call: Call, read: Callable[[str, str | None], list[Order]]
) -> list[Order]:
    """What a window shows of the symbols that are asked for."""
    symbols = {each.symbol: None for each in desk.instruments(call.parameters)}
    orders = read(call.account, call.parameters.text("symbol"))
    return [order for order in orders if order.symbol in symbols]


def _kept(desk: Desk, account: str, order: Order) -> bool:
    """Of orders that ended the venue keeps so many in memory, and none over a restart."""
    return order.status.open or desk.journal.recently_closed(account, order)


# history


def history(desk: Desk, call: Call) -> Json:
    """GET /v5/order/history: orders that ended, which show up here later than elsewhere."""
    parameters = call.parameters
    if not desk.is_linear(parameters):
        return _listed(call, [], "")
    orders, cursor = _found(desk, call, _history_orders(desk, call))
    rows = [order_row(desk, order) | LATER_FIELDS | {"extraFees": ""} for order in orders]
    return _listed(call, rows, cursor)


def _history_orders(desk: Desk, call: Call) -> list[Order]:
    parameters = call.parameters
    order_id, own_id = order_ids(parameters)
    one = order_id is not None or own_id is not None
    status = parameters.text("orderStatus")
    start_ns, end_ns = parameters.span_ns(desk.now_ns)
    return [
        order
        for order in _in_scope(desk, call, desk.exchange.seen_order_history)
        if not order.status.open
        and (one or start_ns <= order.created_ns <= end_ns)
        and order_id in (None, order.order_id)
        and own_id in (None, order.client_order_id)
        and status in (None, status_name(order))
        and _retained(desk, order)
    ]


def _retained(desk: Desk, order: Order) -> bool:
    """What ended without a fill is forgotten after a day."""
    return bool(order.filled) or desk.now_ns - order.updated_ns <= _DAY_NS


# executions


def executions(desk: Desk, call: Call) -> Json:
    """GET /v5/execution/list"""
    parameters = call.parameters
    if not desk.is_linear(parameters):
        return _listed(call, [], "")
    fills, cursor = parameters.page(_executions(desk, call), fill_rank, 50, 100)
    return _listed(call, [execution_row(desk, fill) for fill in fills], cursor)


def _executions(desk: Desk, call: Call) -> list[Fill]:
    parameters = call.parameters
    order_id, own_id = order_ids(parameters)
    trades = parameters.text("execType") in (None, "Trade")
    return [
        fill
        for fill in seen_fills(desk, call)
        if trades
        and order_id in (None, fill.order_id)
        and own_id in (None, desk.journal.entry(fill).order.client_order_id)
    ]


def fill_rank(fill: Fill) -> Rank:
    return (fill.trade_id,)


def seen_fills(desk: Desk, call: Call, longest_ms: int = WEEK_MS) -> list[Fill]:
    """The account's fills in the symbols and the time that are asked for, latest first."""
    start_ns, end_ns = call.parameters.span_ns(desk.now_ns, longest_ms)
    symbols = {each.symbol: None for each in desk.instruments(call.parameters)}
    fills = [
        fill
        for fill in desk.exchange.seen_fills(call.account)
        if fill.symbol in symbols and start_ns <= fill.time_ns <= end_ns
    ]
    fills.reverse()
    return fills
