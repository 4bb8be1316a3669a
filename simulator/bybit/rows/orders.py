"""Orders as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from simulator.bybit.desk import LINEAR, Desk
from simulator.bybit.formats import (
    SIDE_NAMES,
    TRIGGER_NAMES,
    Row,
    link_id,
    ms_text,
    order_id_text,
    plain,
    price_text,
    quantity_text,
)
from simulator.bybit.journal import FillEntry
from simulator.bybit.order_words import (
    create_type,
    ended_by,
    status_name,
    stop_type_name,
    time_in_force,
)
from simulator.bybit.position_stops import Stop, StopKind, stop_kind
from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import Order, Side

LATER_FIELDS: Row = {
    "slippageToleranceType": "UNKNOWN",
    "slippageTolerance": "0",
    "rpiTakerAccess": False,
    "rpiMatchedQty": "0",
}
"""Of an order in a stream and in the history; order/realtime has none of them."""


def shown_price(desk: Desk, order: Order) -> Decimal:
    """A market order's price is its protection limit, and 0 as long as it waits."""
    return order.price or desk.journal.protection(order) or Decimal(0)


def order_row(desk: Desk, order: Order, *, stream: bool = False) -> Row:
    """An order in the state given; in a stream, unknown values are empty."""
    instrument = desk.exchange.instruments[order.symbol]
    unknown = "" if stream else "UNKNOWN"
    price = shown_price(desk, order)
    entries = desk.journal.entries(order)
    cancel_type, reason = ended_by(order)
    row: Row = {"category": LINEAR} if stream else {}
    row |= {
        "symbol": order.symbol,
        "orderId": order_id_text(order.order_id),
        "orderLinkId": link_id(order),
        "parentOrderLinkId": "",
        "blockTradeId": "",
        "side": SIDE_NAMES[order.side],
        "positionIdx": 0,
        "orderStatus": status_name(order),
        "createType": create_type(order),
        "cancelType": cancel_type,
        "rejectReason": reason,
        "timeInForce": time_in_force(order),
        "isLeverage": "",
        "price": plain(price),
        "qty": quantity_text(order.quantity, instrument),
        **_executed(order, instrument, entries, price),
        "orderType": "Market" if order.type.market else "Limit",
        "stopOrderType": stop_type_name(order) or unknown,
        "orderIv": "",
        "marketUnit": "",
        **_trigger(order, instrument, stream),
        **_attached(desk, order),
        "lastPriceOnCreated": plain(desk.journal.order(order).last) if stream else "",
        "reduceOnly": order.reduce_only or order.close_position,
        "closeOnTrigger": order.close_position,
        "placeType": "",
        "smpType": "None",
        "smpGroup": 0,
        "smpOrderId": "",
        "createdTime": ms_text(order.created_ns),
        "updatedTime": ms_text(order.updated_ns),
    }
    if stream:
        pnl = sum((each.fill.realized_pnl for each in entries), Decimal(0))
        row |= {"closedPnl": plain(pnl), "feeCurrency": "", **LATER_FIELDS}
    else:
        row["basePrice"] = ""
    return row


def _executed(
    order: Order, instrument: Instrument, entries: Sequence[FillEntry], price: Decimal
) -> Row:
    """What was filled, and what is left at that price."""
    left = order.remaining if order.status.open else Decimal(0)
    fee = plain(sum((each.fill.fee for each in entries), Decimal(0)))
    return {
        "avgPrice": plain(order.average_price) if order.average_price else "",
        "leavesQty": quantity_text(left, instrument),
        "leavesValue": plain(left * price),
        "cumExecQty": quantity_text(order.filled, instrument),
        "cumExecValue": plain(order.cost),
        "cumExecFee": fee,
        "cumFeeDetail": {instrument.quote: fee} if entries else {},
    }


def _trigger(order: Order, instrument: Instrument, stream: bool) -> Row:
    if order.trigger_price is None:
        nothing = price_text(Decimal(0), instrument)
        return {
            "triggerPrice": "" if stream else nothing,
            "triggerDirection": 0,
            "triggerBy": "" if stream else "UNKNOWN",
        }
    rising = (order.side is Side.BUY) is not order.type.take_profit
    return {
        "triggerPrice": plain(order.trigger_price),
        "triggerDirection": 1 if rising else 2,
        "triggerBy": TRIGGER_NAMES[order.trigger_by],
    }


def _attached(desk: Desk, order: Order) -> Row:
    """The stops that the order brings to the position, or itself is."""
    stops = desk.position_stops.attached(order)
    loss, profit = stops.get(StopKind.STOP_LOSS), stops.get(StopKind.TAKE_PROFIT)
    return {
        "takeProfit": _stop_price(profit),
        "stopLoss": _stop_price(loss),
        "tpslMode": "Full" if stops or stop_kind(order) else "",
        "ocoTriggerBy": "",
        "tpLimitPrice": "",
        "slLimitPrice": "",
        "tpTriggerBy": TRIGGER_NAMES[profit.trigger_by] if profit else "",
        "slTriggerBy": TRIGGER_NAMES[loss.trigger_by] if loss else "",
    }


def _stop_price(stop: Stop | None) -> str:
    return plain(stop.price) if stop else ""
