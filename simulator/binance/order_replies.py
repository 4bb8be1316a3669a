"""Orders and fills as JSON, in the key order seen on the wire."""

from __future__ import annotations

from decimal import Decimal

from simulator.binance.algo_orders import AlgoOrder
from simulator.binance.formats import fixed, money, ms, padded, plain, price_places, quantity_places
from simulator.binance.profiles import Profile
from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import (
    Fill,
    Order,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    TriggerBy,
)
from simulator.wire.json_text import Json

TYPES: dict[str, OrderType] = {
    "LIMIT": OrderType.LIMIT,
    "MARKET": OrderType.MARKET,
    "STOP": OrderType.STOP_LIMIT,
    "STOP_MARKET": OrderType.STOP_MARKET,
    "TAKE_PROFIT": OrderType.TAKE_PROFIT_LIMIT,
    "TAKE_PROFIT_MARKET": OrderType.TAKE_PROFIT_MARKET,
}
TYPE_NAMES = {kind: name for name, kind in TYPES.items()}
SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
TIMES_IN_FORCE = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
    "GTX": TimeInForce.POST_ONLY,
}
TIME_IN_FORCE_NAMES = {kind: name for name, kind in TIMES_IN_FORCE.items()}
WORKING_TYPES = {"CONTRACT_PRICE": TriggerBy.LAST, "MARK_PRICE": TriggerBy.MARK}
_WORKING_TYPE_NAMES = {kind: name for name, kind in WORKING_TYPES.items()}
STATUS_NAMES = {
    OrderStatus.UNTRIGGERED: "NEW",
    OrderStatus.NEW: "NEW",
    OrderStatus.PARTIALLY_FILLED: "PARTIALLY_FILLED",
    OrderStatus.FILLED: "FILLED",
    OrderStatus.CANCELED: "CANCELED",
    OrderStatus.EXPIRED: "EXPIRED",
}


def working_type_name(order: Order) -> str:
    return _WORKING_TYPE_NAMES[order.trigger_by]


def current_type(order: Order) -> str:
    """The type it has now: a triggered STOP_MARKET is a MARKET order."""
    if order.type.conditional and order.triggered_ns is not None:
        return "MARKET" if order.type.market else "LIMIT"
    return TYPE_NAMES[order.type]


def average_price(order: Order) -> Decimal:
    return order.average_price or Decimal(0)


def _head(order: Order, instrument: Instrument) -> dict[str, Json]:
    return {
        "orderId": order.order_id,
        "symbol": order.symbol,
        "status": STATUS_NAMES[order.status],
        "clientOrderId": order.client_order_id,
        "price": padded(order.price, price_places(instrument)),
    }


def _tail(
    order: Order, instrument: Instrument, profile: Profile, via_algo: bool
) -> dict[str, Json]:
    trigger = None if via_algo else order.trigger_price
    return {
        "timeInForce": TIME_IN_FORCE_NAMES[order.time_in_force],
        "type": current_type(order),
        "reduceOnly": order.reduce_only,
        "closePosition": order.close_position,
        "side": order.side.value,
        "positionSide": "BOTH",
        "stopPrice": padded(trigger, price_places(instrument)),
        "workingType": working_type_name(order),
        "priceProtect": False,
        "origType": current_type(order) if via_algo else TYPE_NAMES[order.type],
        "priceMatch": "NONE",
        "selfTradePreventionMode": profile.self_trade_prevention,
        "goodTillDate": 0,
    }


def acknowledgement(
    order: Order, instrument: Instrument, profile: Profile, *, via_algo: bool = False
) -> dict[str, Json]:
    """The reply to POST and DELETE."""
    quantities = quantity_places(instrument)
    filled = padded(order.filled, quantities)
    reply = _head(order, instrument)
    if profile.order_reply_average:
        reply["avgPrice"] = fixed(average_price(order), 5)
    reply["origQty"] = padded(order.quantity, quantities)
    reply["executedQty"] = filled
    reply["cumQty"] = filled
    if profile.order_reply_average:
        reply["cumQuote"] = plain(order.cost)
    reply.update(_tail(order, instrument, profile, via_algo))
    reply["updateTime"] = ms(order.updated_ns)
    return reply


def full_order(
    order: Order, instrument: Instrument, profile: Profile, *, via_algo: bool
) -> dict[str, Json]:
    """The reply to a query, in every profile with `avgPrice` and `cumQuote`."""
    quantities = quantity_places(instrument)
    reply = _head(order, instrument)
    reply["avgPrice"] = fixed(average_price(order), 5)
    reply["origQty"] = padded(order.quantity, quantities)
    reply["executedQty"] = padded(order.filled, quantities)
    reply["cumQuote"] = plain(order.cost)
    reply.update(_tail(order, instrument, profile, via_algo))
    # An algo order's child is born when it is triggered.
    born_ns = order.triggered_ns if via_algo and order.triggered_ns else order.created_ns
    reply["time"] = ms(born_ns)
    reply["updateTime"] = ms(order.updated_ns)
    return reply


def algo_status(order: Order) -> str:
    """NEW, CANCELED, TRIGGERED, FINISHED, REJECTED or EXPIRED."""
    if order.triggered_ns is None:
        return STATUS_NAMES[order.status]
    if order.status is OrderStatus.EXPIRED and not order.filled:
        return "REJECTED"
    return "TRIGGERED" if order.status.open else "FINISHED"


def algo_order(
    entry: AlgoOrder, order: Order, instrument: Instrument, profile: Profile, *, full: bool
) -> dict[str, Json]:
    """The reply to POST algoOrder, or, `full`, to a query, which adds the real order's part."""
    prices = price_places(instrument)
    reply: dict[str, Json] = {
        "algoId": entry.algo_id,
        "clientAlgoId": entry.client_algo_id,
        "algoType": "CONDITIONAL",
        "orderType": TYPE_NAMES[order.type],
        "symbol": order.symbol,
        "side": order.side.value,
        "positionSide": "BOTH",
        "timeInForce": TIME_IN_FORCE_NAMES[order.time_in_force],
        "quantity": padded(order.quantity, quantity_places(instrument)),
        "algoStatus": algo_status(order),
    }
    if full:
        triggered = order.triggered_ns is not None
        reply["actualOrderId"] = str(order.order_id) if triggered else ""
        reply["actualPrice"] = fixed(average_price(order), 5)
        if triggered:
            reply["actualQty"] = padded(order.filled, quantity_places(instrument))
            reply["actualType"] = current_type(order)
    reply.update(
        {
            "triggerPrice": padded(order.trigger_price, prices),
            "price": padded(order.price, prices),
            "icebergQuantity": None,
            "selfTradePreventionMode": profile.self_trade_prevention,
            "workingType": working_type_name(order),
            "priceMatch": "NONE",
            "closePosition": order.close_position,
            "priceProtect": False,
            "reduceOnly": order.reduce_only,
            "activatePrice": "",
            "callbackRate": "",
            "createTime": ms(order.created_ns),
            "updateTime": ms(order.updated_ns),
            "triggerTime": ms(order.triggered_ns),
            "goodTillDate": 0,
        }
    )
    return reply


def user_trade(fill: Fill, instrument: Instrument, profile: Profile) -> dict[str, Json]:
    """One row of userTrades."""
    prices, quantities = price_places(instrument), quantity_places(instrument)
    quote = money(fill.price * fill.quantity)
    row: dict[str, Json] = {
        "symbol": fill.symbol,
        "id": fill.trade_id,
        "orderId": fill.order_id,
        "side": fill.side.value,
        "price": padded(fill.price, prices),
        "qty": padded(fill.quantity, quantities),
        "realizedPnl": money(fill.realized_pnl),
        "quoteQty": quote,
        "commission": money(fill.fee),
        "commissionAsset": instrument.quote,
        "time": ms(fill.time_ns),
        "positionSide": "BOTH",
        "buyer": fill.side is Side.BUY,
        "maker": fill.maker,
    }
    if profile.trade_pair:
        row["pair"] = fill.symbol
        row["baseQty"] = padded(fill.quantity, quantities)
        row["marginAsset"] = instrument.quote
    return row
