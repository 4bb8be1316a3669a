"""What a request says of an order, in the model's terms."""

from __future__ import annotations

import re
from decimal import Decimal

from simulator.binance.desk import Desk
from simulator.binance.errors import Problem
from simulator.binance.formats import price_places, quantity_places
from simulator.binance.order_replies import SIDES, TIMES_IN_FORCE, TYPES, WORKING_TYPES
from simulator.binance.parameters import Parameters
from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import OrderRequest, OrderType, TimeInForce

_CLIENT_ID = re.compile(r"[\.A-Z\:/a-z0-9_-]{1,36}")


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


def named_order(parameters: Parameters) -> tuple[int | None, str | None]:
    """The order that a request means, by its id or else by the client's; the other is None."""
    order_id = parameters.integer("orderId")
    client_order_id = parameters.text("origClientOrderId")
    if order_id is None and client_order_id is None:
        raise Problem.EITHER_MANDATORY.error(name="origClientOrderId", other="orderId")
    return order_id, None if order_id is not None else client_order_id


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
