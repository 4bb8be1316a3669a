"""Margin of one account at one moment, and whether an order can be carried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from simulator.exchange.ledger import Ledger
from simulator.exchange.market import Market
from simulator.exchange.orders import Side

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolMargin:
    """What one symbol binds, in the settle asset."""

    initial: Decimal
    """Of the position: value at mark price over leverage."""
    orders: Decimal
    """What resting orders would add to it if all of one side filled, whichever side adds more."""
    maintenance: Decimal
    unrealized_pnl: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """What an account has and what its positions and resting orders bind."""

    wallet: Decimal
    unrealized_pnl: Decimal
    initial: Decimal
    orders: Decimal
    maintenance: Decimal

    @property
    def equity(self) -> Decimal:
        return self.wallet + self.unrealized_pnl

    @property
    def free(self) -> Decimal:
        """What is not bound; below zero where more is bound than there is."""
        return self.wallet + self.unrealized_pnl - self.initial - self.orders

    @property
    def available(self) -> Decimal:
        """What new orders may bind; never below zero."""
        return max(_ZERO, self.free)


def leverage_of(ledger: Ledger, market: Market) -> int:
    leverage = ledger.leverages.get(market.symbol)
    return min(ledger.leverage, market.instrument.max_leverage) if leverage is None else leverage


def symbol_margin(ledger: Ledger, market: Market) -> SymbolMargin:
    """One symbol's margin. Cross and isolated positions are margined alike."""
    mark = market.mark
    leverage = leverage_of(ledger, market)
    position = ledger.positions.get(market.symbol)
    held = _ZERO if position is None else position.quantity
    value = held * mark
    bound = _bound(value, *_ordered(ledger, market.symbol))
    return SymbolMargin(
        initial=abs(value) / leverage,
        orders=(bound - abs(value)) / leverage,
        maintenance=abs(value) * market.instrument.maintenance_margin_rate,
        unrealized_pnl=_ZERO if position is None else value - position.cost,
    )


def account_margin(ledger: Ledger, markets: Mapping[str, Market]) -> Margin:
    """The sum over all symbols with a position or an open order."""
    initial = orders = maintenance = unrealized = _ZERO
    for symbol in ledger.held:
        part = symbol_margin(ledger, markets[symbol])
        initial += part.initial
        orders += part.orders
        maintenance += part.maintenance
        unrealized += part.unrealized_pnl
    return Margin(
        wallet=ledger.wallet.balance,
        unrealized_pnl=unrealized,
        initial=initial,
        orders=orders,
        maintenance=maintenance,
    )


def order_cost(
    ledger: Ledger, market: Market, side: Side, quantity: Decimal, price: Decimal
) -> Decimal:
    """What an order would bind in addition: margin at its price, and the loss it opens with.

    A sale is margined at the mark price where that is higher. The opening loss is that of the
    part that adds to the position, if it is bought above or sold below the mark price. An order
    that only reduces costs nothing. Fees are not part of it.
    """
    mark = market.mark
    position = ledger.positions.get(market.symbol)
    value = _ZERO if position is None else position.quantity * mark
    bids, asks = _ordered(ledger, market.symbol)
    before = _bound(value, bids, asks)
    if side is Side.BUY:
        after = _bound(value, bids + quantity * price, asks)
        loss = price - mark
    else:
        after = _bound(value, bids, asks + quantity * max(price, mark))
        loss = mark - price
    if after <= before:
        return _ZERO
    opened = max(_ZERO, quantity - ledger.reducible(market.symbol, side))
    return (after - before) / leverage_of(ledger, market) + max(_ZERO, loss) * opened


def _bound(value: Decimal, bids: Decimal, asks: Decimal) -> Decimal:
    """The largest position value that the resting orders of one side could lead to."""
    if not bids and not asks:
        return abs(value)
    return max(abs(value + bids), abs(value - asks))


def _ordered(ledger: Ledger, symbol: str) -> tuple[Decimal, Decimal]:
    """Values of the resting buys and sells that are not reduce-only."""
    bids = asks = _ZERO
    if ledger.open_orders.get(symbol):
        for order in ledger.open_in_book(symbol):
            if order.reduce_only or order.price is None:
                continue
            if order.side is Side.BUY:
                bids += order.remaining * order.price
            else:
                asks += order.remaining * order.price
    return bids, asks
