"""What the façade keeps of the model's facts so as to write its rows.

A fact tells of one moment; a row of the venue also has what came of the moments before: an order's
fees, the size that a fill closed, what a position has earned since it was opened. Each entry is
found by the state that it belongs to, so that a row shows no more than its reader may see yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.exchange.exchange import Exchange
from simulator.exchange.facts import Fact, OrderChange, OrderFact
from simulator.exchange.orders import Fill, Order, OrderStatus, Side
from simulator.exchange.positions import Position, Wallet

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEntry:
    """How an order began."""

    number: int
    """Its place among all orders, as they were accepted."""
    last: Decimal
    """The last price at that moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FillEntry:
    """One fill, with what it did."""

    fill: Fill
    order: Order
    """As the fill left it."""
    position: Position
    wallet: Wallet
    mark: Decimal
    closed: Decimal
    """How much of a position it closed."""
    entry_value: Decimal
    """What that part was worth when it was opened."""
    opening_fee: Decimal
    """What had been paid to open that part."""
    closing_fee: Decimal
    """The part of its own fee that is not for opening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionEntry:
    """A position's past at one moment. Profits are after fees."""

    opened_ns: int = 0
    realized: Decimal = _ZERO
    """Since ever."""
    current: Decimal = _ZERO
    """Since it was opened."""
    opening_fees: Decimal = _ZERO
    """What was paid to open what is held."""


_NEVER = PositionEntry()


class Journal:
    """It must hear every fact of its exchange, and before any stream does."""

    def __init__(self, exchange: Exchange, closed_orders_kept: int) -> None:
        self._exchange = exchange
        self._closed_orders_kept = closed_orders_kept
        self._orders: dict[int, OrderEntry] = {}
        self._protections: dict[int, Decimal] = {}
        self._fills: dict[int, FillEntry] = {}
        self._fills_of: dict[int, list[FillEntry]] = {}
        self._latest: dict[tuple[str, str], PositionEntry] = {}
        self._positions: dict[tuple[str, str, int], PositionEntry] = {}
        self._realized: dict[str, Decimal] = {}
        self._closed: dict[str, dict[int, None]] = {}

    # what is asked of it

    def order(self, order: Order) -> OrderEntry:
        return self._orders[order.order_id]

    def protection(self, order: Order) -> Decimal | None:
        """The limit price that a market order got when it reached the book."""
        return self._protections.get(order.order_id)

    def entry(self, fill: Fill) -> FillEntry:
        return self._fills[fill.trade_id]

    def entries(self, order: Order) -> list[FillEntry]:
        """Of the fills that the order has in this state, oldest first."""
        entries = self._fills_of.get(order.order_id, [])
        return [each for each in entries if each.order.filled <= order.filled]

    def position(self, position: Position) -> PositionEntry:
        """The past of a position in this state."""
        key = (position.account, position.symbol, position.updated_ns)
        return self._positions.get(key, _NEVER)

    def realized(self, account: str) -> Decimal:
        """What the account has earned since ever, after fees."""
        return self._realized.get(account, _ZERO)

    def recently_closed(self, account: str, order: Order) -> bool:
        """Whether it is one of the account's last orders that ended."""
        return order.order_id in self._closed.get(account, {})

    # the exchange's side

    def hear(self, fact: Fact) -> None:
        """The exchange's listener."""
        if not isinstance(fact, OrderFact):
            return
        order = fact.order
        if fact.change is OrderChange.ACCEPTED:
            last = self._exchange.last_price(order.symbol)
            self._orders[order.order_id] = OrderEntry(number=len(self._orders), last=last)
        if order.type.market and order.status is OrderStatus.NEW:
            self._protect(order)
        if fact.fill is not None:
            assert fact.position is not None  # a fill comes with both
            assert fact.wallet is not None
            self._fill(fact.fill, order, fact.position, fact.wallet)
        if not order.status.open:
            closed = self._closed.setdefault(fact.account, {})
            closed[order.order_id] = None
            if len(closed) > self._closed_orders_kept:
                del closed[next(iter(closed))]

    def _protect(self, order: Order) -> None:
        """Markets turn a market order into a limit order at the price it may go to."""
        instrument = self._exchange.instruments[order.symbol]
        bound = 1 + order.side.sign * instrument.market_take_bound
        price = self._exchange.mark_price(order.symbol) * bound
        tick = instrument.tick_size
        self._protections[order.order_id] = (price / tick).to_integral_value() * tick

    def _fill(self, fill: Fill, order: Order, position: Position, wallet: Wallet) -> None:
        before = position.quantity - order.side.sign * fill.quantity
        reduced = bool(before) and (before > 0) is (order.side is Side.SELL)
        closed = min(fill.quantity, abs(before)) if reduced else _ZERO
        past = self._latest.get((fill.account, fill.symbol), _NEVER)
        opening_fee = past.opening_fees * closed / abs(before) if closed else _ZERO
        closing_fee = fill.fee * closed / fill.quantity
        entry = FillEntry(
            fill=fill,
            order=order,
            position=position,
            wallet=wallet,
            mark=self._exchange.mark_price(fill.symbol),
            closed=closed,
            entry_value=closed * fill.price + order.side.sign * fill.realized_pnl,
            opening_fee=opening_fee,
            closing_fee=closing_fee,
        )
        self._fills[fill.trade_id] = entry
        self._fills_of.setdefault(fill.order_id, []).append(entry)
        opened = fill.quantity > closed and (not before or bool(closed))
        own_fee = fill.fee - closing_fee
        earned = fill.realized_pnl - fill.fee
        self._realized[fill.account] = self.realized(fill.account) + earned
        latest = PositionEntry(
            opened_ns=fill.time_ns if opened else past.opened_ns,
            realized=past.realized + earned,
            current=-own_fee if opened else past.current + earned,
            opening_fees=past.opening_fees - opening_fee + own_fee,
        )
        self._latest[fill.account, fill.symbol] = latest
        self._positions[fill.account, fill.symbol, position.updated_ns] = latest
