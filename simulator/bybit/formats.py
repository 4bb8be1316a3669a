"""Numbers, times, ids and words as the venue writes them.

Prices and money have no trailing zeros (`"price":"104000"`); the quantities of an order keep the
decimals of the step, also at zero (`"leavesQty":"0.000"`); market data keeps those of the tick.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import Order, Side, TriggerBy
from simulator.wire.json_text import Json

Row = dict[str, Json]

SIDES = {"Buy": Side.BUY, "Sell": Side.SELL}
SIDE_NAMES = {side: name for name, side in SIDES.items()}
TRIGGERS = {
    "LastPrice": TriggerBy.LAST,
    "MarkPrice": TriggerBy.MARK,
    # The index price is the mark price here.
    "IndexPrice": TriggerBy.MARK,
}
TRIGGER_NAMES = {TriggerBy.LAST: "LastPrice", TriggerBy.MARK: "MarkPrice"}

_MS = 1_000_000
_COARSE_TICK = Decimal("0.01")


def plain(value: Decimal, places: int = 8) -> str:
    """At most so many decimals, without trailing zeros or an exponent."""
    rounded = Decimal(f"{value:.{places}f}")
    return f"{rounded.normalize():f}" if rounded else "0"


def _fixed(value: Decimal, places: int) -> str:
    """With exactly so many decimals, also a zero."""
    return f"{value:.{places}f}"


def scaled(price: Decimal, instrument: Instrument) -> int:
    """A price as error texts have it: a whole number of 1e-4, of 1e-8 where ticks are small.

    Captured texts have `627343000` for 62734.3 (BTCUSDT) and `324000000` for 3.24 (HNTUSDT); that
    the tick decides is inferred.
    """
    return int(price * 10 ** (4 if instrument.tick_size >= _COARSE_TICK else 8))


def scaled_quantity(quantity: Decimal) -> int:
    """A quantity as error texts have it: a whole number of 1e-8."""
    return int(quantity * 10**8)


def price_text(price: Decimal, instrument: Instrument) -> str:
    """A price of market data, with the decimals that the tick is written with: `86723.40`."""
    return _fixed(price, max(0, -int(instrument.tick_size.as_tuple().exponent)))


def quantity_text(quantity: Decimal, instrument: Instrument) -> str:
    """A quantity of an order or of market data."""
    return _fixed(quantity, instrument.quantity_decimals)


def mark_text(mark: Decimal, instrument: Instrument) -> str:
    """A mark price beside a position or an execution."""
    return plain(mark, instrument.price_decimals)


def ms_text(time_ns: int) -> str:
    """Nanoseconds as the text of whole milliseconds."""
    return str(time_ns // _MS)


def order_id_text(order_id: int) -> str:
    """The model's number as a UUID."""
    return str(uuid.UUID(int=order_id))


def order_number(text: str) -> int | None:
    """The model's number; None for what is no UUID, and so no order's id."""
    try:
        return uuid.UUID(text).int
    except ValueError:
        return None


def link_id(order: Order) -> str:
    """The client's own id, empty where it gave none or the venue made the order itself."""
    own = order.client_order_id
    return "" if ":" in own or own == f"auto-{order.order_id}" else own


def execution_id(symbol: str, number: int) -> str:
    """Of one execution or public trade: a UUID of version 5, as the venue's are."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{symbol} {number}"))


def sequence(time_ns: int) -> int:
    """`seq`: a number that rises over all symbols, the same for what happened together."""
    return time_ns // 1000
