"""User data events as texts, key order and number formats as captured on the live stream."""

from __future__ import annotations

from decimal import Decimal

from simulator.binance.algo_orders import AlgoOrder
from simulator.binance.formats import (
    fixed,
    money,
    ms,
    padded,
    plain,
    price_places,
    quantity_places,
    wide,
)
from simulator.binance.order_replies import (
    STATUS_NAMES,
    TIME_IN_FORCE_NAMES,
    TYPE_NAMES,
    algo_status,
    average_price,
    current_type,
    working_type_name,
)
from simulator.binance.profiles import Profile
from simulator.exchange.facts import LeverageFact, OrderFact
from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import Fill, Order, OrderStatus, Side
from simulator.exchange.positions import Position, Wallet
from simulator.wire.json_text import Json, dumps


def trade_lite(fill: Fill, order: Order, instrument: Instrument) -> str:
    """TRADE_LITE: padded numbers."""
    prices, quantities = price_places(instrument), quantity_places(instrument)
    now = ms(fill.time_ns)
    return dumps(
        {
            "e": "TRADE_LITE",
            "E": now,
            "T": now,
            "s": fill.symbol,
            "q": fixed(order.quantity, quantities),
            "p": fixed(order.price or Decimal(0), prices),
            "m": fill.maker,
            "c": order.client_order_id,
            "S": fill.side.value,
            "L": fixed(fill.price, prices),
            "l": fixed(fill.quantity, quantities),
            "t": fill.trade_id,
            "i": fill.order_id,
        }
    )


def order_update(
    fact: OrderFact,
    instrument: Instrument,
    profile: Profile,
    *,
    execution: str,
    order: Order | None = None,
    status: str = "",
    via_algo: bool = False,
    expiry: str = "0",
    open_notional: tuple[Decimal, Decimal] = (Decimal(0), Decimal(0)),
) -> str:
    """ORDER_TRADE_UPDATE. `order` and `status` replace the fact's own where both differ."""
    order = order or fact.order
    fill = fact.fill if execution == "TRADE" else None
    now = ms(fact.time_ns)
    conditional = order.type.conditional and not via_algo
    average = average_price(order)
    body: dict[str, Json] = {
        "s": order.symbol,
        "c": order.client_order_id,
        "S": order.side.value,
        "o": current_type(order),
        "f": TIME_IN_FORCE_NAMES[order.time_in_force],
        "q": plain(order.quantity),
        "p": plain(order.price),
        "ap": fixed(average, 5) if average else "0",
        "sp": plain(order.trigger_price) if conditional else "0",
        "x": execution,
        "X": status or STATUS_NAMES[order.status],
        "i": order.order_id,
        "l": plain(fill.quantity) if fill else "0",
        "z": plain(order.filled),
        "L": padded(fill.price, price_places(instrument)) if fill else "0",
        "n": money(fill.fee) if fill else "0",
        "N": instrument.quote,
        "T": now,
        "t": fill.trade_id if fill else 0,
        "b": _notional(open_notional[0]),
        "a": _notional(open_notional[1]),
        "m": fill.maker if fill else False,
        "R": order.reduce_only,
        "wt": working_type_name(order),
        "ot": TYPE_NAMES[order.type] if conditional else current_type(order),
        "ps": "BOTH",
        "cp": order.close_position,
        "rp": money(fill.realized_pnl) if fill else "0",
        "pP": False,
        "si": 0,
        "ss": 0,
        "V": profile.self_trade_prevention,
        "pm": "NONE",
        "gtd": 0,
    }
    if profile.expiry_reason:
        body["er"] = expiry
    return dumps({"e": "ORDER_TRADE_UPDATE", "T": now, "E": now, "o": body})


def _notional(value: Decimal) -> str:
    return fixed(value, 5) if value else "0"


def account_update(
    time_ns: int,
    wallet: Wallet,
    position: Position,
    instrument: Instrument,
    *,
    mark_price: Decimal,
    taker_fee: Decimal,
    isolated: bool,
) -> str:
    """ACCOUNT_UPDATE for one fill: the balance and the position after it."""
    now = ms(time_ns)
    balance = fixed(wallet.balance, 8)
    sign = 1 if position.quantity > 0 else -1
    row = {
        "s": position.symbol,
        "pa": plain(position.quantity),
        "ep": wide(position.entry_price),
        "cr": money(position.realized_pnl),
        "up": money(position.unrealized_pnl(mark_price)),
        "mt": "isolated" if isolated else "cross",
        "iw": "0",
        "ps": "BOTH",
        "ma": instrument.quote,
        "bep": wide(position.entry_price * (1 + sign * 2 * taker_fee)),
    }
    return dumps(
        {
            "e": "ACCOUNT_UPDATE",
            "T": now,
            "E": now,
            "a": {
                "B": [{"a": wallet.asset, "wb": balance, "cw": balance, "bc": "0"}],
                "P": [row],
                "m": "ORDER",
            },
        }
    )


def algo_update(
    time_ns: int, entry: AlgoOrder, order: Order, profile: Profile, *, status: str, reason: str
) -> str:
    """ALGO_UPDATE"""
    now = ms(time_ns)
    triggered = order.triggered_ns is not None and status != "NEW"
    finished = status == "FINISHED"
    return dumps(
        {
            "e": "ALGO_UPDATE",
            "T": now,
            "E": now,
            "o": {
                "caid": entry.client_algo_id,
                "aid": entry.algo_id,
                "at": "CONDITIONAL",
                "o": TYPE_NAMES[order.type],
                "s": order.symbol,
                "S": order.side.value,
                "ps": "BOTH",
                "f": TIME_IN_FORCE_NAMES[order.time_in_force],
                "q": plain(order.quantity),
                "X": status or algo_status(order),
                "ai": str(order.order_id) if triggered else "",
                "ap": fixed(average_price(order), 5) if finished else "0",
                "aq": plain(order.filled) if finished else "0",
                "act": current_type(order) if triggered else "0",
                "tp": plain(order.trigger_price),
                "p": plain(order.price),
                "V": profile.self_trade_prevention,
                "wt": working_type_name(order),
                "pm": "NONE",
                "cp": order.close_position,
                "pP": False,
                "R": order.reduce_only,
                "tt": ms(order.triggered_ns) if triggered else 0,
                "gtd": 0,
                "rm": reason,
            },
        }
    )


def trigger_reject(time_ns: int, order: Order, reason: str) -> str:
    """CONDITIONAL_ORDER_TRIGGER_REJECT, of the time before the algo service."""
    now = ms(time_ns)
    return dumps(
        {
            "e": "CONDITIONAL_ORDER_TRIGGER_REJECT",
            "E": now,
            "T": now,
            "or": {"s": order.symbol, "i": order.order_id, "r": reason},
        }
    )


def leverage_update(fact: LeverageFact) -> str:
    """ACCOUNT_CONFIG_UPDATE"""
    now = ms(fact.time_ns)
    return dumps(
        {
            "e": "ACCOUNT_CONFIG_UPDATE",
            "E": now,
            "T": now,
            "ac": {"s": fact.symbol, "l": fact.leverage},
        }
    )


def listen_key_expired(time_ns: int, key: str, profile: Profile) -> str:
    """listenKeyExpired: the last event of a stream that stays open."""
    now = ms(time_ns)
    return dumps(
        {
            "e": "listenKeyExpired",
            "E": str(now) if profile.expiry_time_as_text else now,
            "listenKey": key,
        }
    )


def open_notional(orders: list[Order]) -> tuple[Decimal, Decimal]:
    """Value of what rests in the book, on the buy and on the sell side."""
    bids = asks = Decimal(0)
    for order in orders:
        if order.price is not None and order.status is not OrderStatus.UNTRIGGERED:
            value = order.remaining * order.price
            if order.side is Side.BUY:
                bids += value
            else:
                asks += value
    return bids, asks
