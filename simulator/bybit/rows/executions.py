"""Executions as JSON: the fills of orders, with what they did."""

from __future__ import annotations

from decimal import Decimal

from simulator.bybit.desk import LINEAR, Desk
from simulator.bybit.formats import (
    SIDE_NAMES,
    Row,
    execution_id,
    link_id,
    mark_text,
    ms_text,
    order_id_text,
    plain,
    sequence,
)
from simulator.bybit.journal import FillEntry
from simulator.bybit.order_words import create_type, stop_type_name
from simulator.bybit.rows.orders import shown_price
from simulator.exchange.orders import Fill


def execution_row(desk: Desk, fill: Fill, *, stream: bool = False) -> Row:
    """One fill of an order."""
    entry = desk.journal.entry(fill)
    order = entry.order
    fees = desk.exchange.fees
    row: Row = {"category": LINEAR} if stream else {}
    row |= {
        "symbol": fill.symbol,
        "closedSize": plain(entry.closed),
        "execFee": plain(fill.fee),
        "execId": execution_id(fill.symbol, fill.trade_id),
        "execPrice": plain(fill.price),
        "execQty": plain(fill.quantity),
        "execType": "Trade",
        "execValue": plain(fill.price * fill.quantity),
        "feeRate": plain(fees.maker if fill.maker else fees.taker),
        "tradeIv": "",
        "markIv": "",
        "blockTradeId": "",
        "markPrice": mark_text(entry.mark, desk.exchange.instruments[fill.symbol]),
        "indexPrice": "",
        "underlyingPrice": "",
        "leavesQty": plain(order.remaining),
        "orderId": order_id_text(fill.order_id),
        "orderLinkId": link_id(order),
        "orderPrice": plain(shown_price(desk, order)),
        "orderQty": plain(order.quantity),
        "orderType": "Market" if order.type.market else "Limit",
        "stopOrderType": stop_type_name(order) or "UNKNOWN",
        "side": SIDE_NAMES[fill.side],
        "execTime": ms_text(fill.time_ns),
        "isMaker": fill.maker,
        "seq": sequence(fill.time_ns),
        "createType": create_type(order),
    }
    if stream:
        return row | {
            "isLeverage": "0",
            "marketUnit": "",
            "execPnl": plain(fill.realized_pnl),
            "extraFees": [],
            "feeCurrency": desk.exchange.settle_asset,
        }
    return row | {"feeCurrency": "", "extraFees": ""}


def closed_pnl(entries: list[FillEntry]) -> Decimal:
    """What closing earned, after the fees for opening and closing."""
    return sum(
        (each.fill.realized_pnl - each.opening_fee - each.closing_fee for each in entries),
        Decimal(0),
    )
