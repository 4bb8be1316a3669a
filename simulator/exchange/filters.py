"""The filters that an order has to pass, each with its own reason.

As Binance's exchangeInfo describes them: PRICE_FILTER, LOT_SIZE, MARKET_LOT_SIZE, MIN_NOTIONAL,
PERCENT_PRICE.
"""

from __future__ import annotations

from decimal import Decimal

from simulator.exchange.instruments import Instrument
from simulator.exchange.orders import OrderRequest, OrderType, Side
from simulator.exchange.rejections import Reason, Rejection


def check_complete(request: OrderRequest) -> None:
    """Raises ValueError for a request that no venue would pass on: a field its type needs."""
    kind = request.type
    if request.close_position:
        if not (kind.conditional and kind.market):
            raise ValueError(f"close_position needs a conditional market order, not {kind.value}")
        if request.quantity is not None:
            raise ValueError(f"close_position takes no quantity, was {request.quantity}")
    elif request.quantity is None:
        raise ValueError("quantity must be given unless close_position is set")
    if kind.conditional and request.trigger_price is None:
        raise ValueError(f"a {kind.value} order needs a trigger_price")
    if not kind.market and request.price is None:
        raise ValueError(f"a {kind.value} order needs a price")


def check_symbol(instrument: Instrument, request: OrderRequest) -> None:
    """Whether the symbol takes such an order at all."""
    if not instrument.trading:
        raise Rejection(Reason.SYMBOL_NOT_TRADING, instrument.symbol)
    if instrument.closing and not (request.reduce_only or request.close_position):
        raise Rejection(Reason.SYMBOL_CLOSING, instrument.symbol)


def _check_quantity(instrument: Instrument, kind: OrderType, quantity: Decimal) -> None:
    """LOT_SIZE, and MARKET_LOT_SIZE for orders that trade at any price."""
    most = instrument.max_market_quantity if kind.market else instrument.max_quantity
    if not quantity > 0:
        raise Rejection(Reason.QUANTITY_NOT_POSITIVE, f"{quantity}")
    if quantity < instrument.min_quantity:
        raise Rejection(
            Reason.QUANTITY_BELOW_MINIMUM, f"{quantity} is below {instrument.min_quantity}"
        )
    if quantity > most:
        raise Rejection(Reason.QUANTITY_ABOVE_MAXIMUM, f"{quantity} is above {most}")
    if (quantity - instrument.min_quantity) % instrument.step_size:
        raise Rejection(
            Reason.QUANTITY_OFF_STEP, f"{quantity} is no multiple of {instrument.step_size}"
        )


def check_price(instrument: Instrument, price: Decimal) -> None:
    """PRICE_FILTER, for prices and trigger prices alike."""
    if not price > 0:
        raise Rejection(Reason.PRICE_NOT_POSITIVE, f"{price}")
    if price < instrument.min_price:
        raise Rejection(Reason.PRICE_BELOW_MINIMUM, f"{price} is below {instrument.min_price}")
    if price > instrument.max_price:
        raise Rejection(Reason.PRICE_ABOVE_MAXIMUM, f"{price} is above {instrument.max_price}")
    if (price - instrument.min_price) % instrument.tick_size:
        raise Rejection(Reason.PRICE_OFF_TICK, f"{price} is no multiple of {instrument.tick_size}")


def check_band(instrument: Instrument, side: Side, price: Decimal, mark: Decimal) -> None:
    """PERCENT_PRICE: a buy may not cost too much, a sale may not bring too little."""
    if side is Side.BUY:
        most = mark * instrument.band_up
        if price > most:
            raise Rejection(Reason.PRICE_ABOVE_BAND, f"{price} is above {most}")
    else:
        least = mark * instrument.band_down
        if price < least:
            raise Rejection(Reason.PRICE_BELOW_BAND, f"{price} is below {least}")


def check_request(instrument: Instrument, request: OrderRequest, mark: Decimal) -> None:
    """All filters. A conditional order meets the band when it is triggered, not before.

    The notional of an order without a price is taken at the mark price; reduce-only orders may be
    as small as they like.
    """
    kind, quantity, price = request.type, request.quantity, request.price
    if quantity is not None:
        _check_quantity(instrument, kind, quantity)
    if request.trigger_price is not None and kind.conditional:
        check_price(instrument, request.trigger_price)
    if price is not None and not kind.market:
        check_price(instrument, price)
        if not kind.conditional:
            check_band(instrument, request.side, price, mark)
    if quantity is not None and not request.reduce_only:
        notional = quantity * (mark if kind.market or price is None else price)
        if notional < instrument.min_notional:
            raise Rejection(
                Reason.NOTIONAL_BELOW_MINIMUM,
                f"{notional} is below {instrument.min_notional}",
            )
