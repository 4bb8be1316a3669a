"""Whether an order is taken in, and what it is going to do. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from simulator.exchange.exact import eight_decimals
from simulator.exchange.ledger import Ledger
from simulator.exchange.margin import account_margin, order_cost
from simulator.exchange.market import Market
from simulator.exchange.marketdata import Level
from simulator.exchange.orders import (
    OrderRequest,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    TriggerBy,
)
from simulator.exchange.rejections import Reason, Rejection

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What an admitted order is going to do: its quantity, clipped, and what it takes at once."""

    quantity: Decimal
    takes: list[Level]


def check_room(ledger: Ledger, market: Market, request: OrderRequest) -> None:
    """Plain orders are limited per symbol, conditional ones per account."""
    most = market.instrument.max_open_orders
    if request.type is OrderType.MARKET:
        return
    if request.type.conditional:
        orders = (order for each in ledger.open_orders.values() for order in each.values())
        found = sum(order.status is OrderStatus.UNTRIGGERED for order in orders)
    else:
        found = len(ledger.open_in_book(market.symbol))
    if found >= most:
        raise Rejection(Reason.TOO_MANY_OPEN_ORDERS, f"{found} are open, {most} may be")


def plan_order(
    ledger: Ledger,
    market: Market,
    markets: Mapping[str, Market],
    *,
    side: Side,
    quantity: Decimal,
    price: Decimal | None,
    time_in_force: TimeInForce,
    reduce_only: bool,
) -> Plan:
    """What the order would do now; raises Rejection. Changes nothing."""
    if reduce_only:
        reducible = ledger.reducible(market.symbol, side)
        if not reducible:
            held = ledger.position(market.symbol).quantity
            raise Rejection(
                Reason.REDUCE_ONLY_REJECTED,
                f"position is {held}, order would {side.value.lower()}",
            )
        quantity = min(quantity, reducible)
    limit = price
    if limit is None:
        bound = 1 + side.sign * market.instrument.market_take_bound
        limit = market.mark * bound
    takes = market.depth.walk(side, quantity, limit, market.last, market.now_ns)
    if price is None and not takes:
        raise Rejection(
            Reason.NO_LIQUIDITY_IN_BAND, f"no counterparty for a {side.value.lower()} to {limit}"
        )
    if time_in_force is TimeInForce.POST_ONLY and takes:
        raise Rejection(Reason.POST_ONLY_WOULD_TAKE, f"best price is {takes[0][0]}")
    if time_in_force is TimeInForce.FOK:
        found = sum((taken for _, taken in takes), _ZERO)
        if found < quantity:
            raise Rejection(Reason.FILL_OR_KILL_NOT_FILLABLE, f"{found} of {quantity} at {limit}")
    if not reduce_only:
        _check_margin(
            ledger, market, markets, side, quantity, takes[-1][0] if price is None else price
        )
    return Plan(quantity, takes)


def _check_margin(
    ledger: Ledger,
    market: Market,
    markets: Mapping[str, Market],
    side: Side,
    quantity: Decimal,
    price: Decimal,
) -> None:
    """A market order is taken at the worst price that it would get, a limit order at its own."""
    cost = order_cost(ledger, market, side, quantity, price)
    if cost:
        free = account_margin(ledger, markets).free
        if cost > free:
            raise Rejection(
                Reason.MARGIN_INSUFFICIENT,
                f"{eight_decimals(cost)} is needed, {eight_decimals(free)} is free",
            )


def triggered(
    market: Market,
    kind: OrderType,
    side: Side,
    trigger_price: Decimal | None,
    trigger_by: TriggerBy,
) -> bool:
    """A stop buys at or above its trigger price and sells at or below it; take-profits mirror."""
    assert trigger_price is not None  # check_complete
    price = market.price(trigger_by)
    rising = (side is Side.BUY) is not kind.take_profit
    return price >= trigger_price if rising else price <= trigger_price
