"""Watches a venue's truth from above while a run goes on, for the invariants."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from replay.evidence import Interval, VenueOrder
from replay.truth import OrderMoment
from simulator.exchange.exchange import Exchange
from simulator.exchange.facts import Fact, OrderFact
from simulator.exchange.orders import Order, Side
from simulator.wire.venue import VenueKind

_ZERO = Decimal(0)


class ExchangeObserver:
    """Keeps, for every position of one account, when it was covered by a resting stop-loss."""

    def __init__(
        self,
        exchange: Exchange,
        account: str,
        now_ns: int,
        kind: VenueKind,
        name_of: Callable[[str], str] = str,
    ) -> None:
        """`name_of` a symbol is what its position is called in findings."""
        self._exchange = exchange
        self._account = account
        self._kind = kind
        self._name_of = name_of
        self._intervals: list[Interval] = []
        self._since: dict[str, tuple[int, Decimal, bool]] = {}
        self._stops: dict[str, dict[int, Order]] = {}
        self._moments: list[OrderMoment] = []
        self._earlier = [order.order_id for order in exchange.orders(account)]
        for order in exchange.open_orders(account):
            self._moments.append(self._moment("RESTING", order, now_ns))
            if order.type.conditional and not order.type.take_profit:
                self._stops.setdefault(order.symbol, {})[order.order_id] = order
        for position in exchange.positions(account):
            self._look(position.symbol, now_ns)
        exchange.listen(self._hear, prices=False)

    def _hear(self, fact: Fact) -> None:
        if isinstance(fact, OrderFact) and fact.account == self._account:
            order = fact.order
            price = fact.fill.price if fact.fill is not None else None
            self._moments.append(self._moment(fact.change.value, order, fact.time_ns, price))
            if order.type.conditional and not order.type.take_profit:
                stops = self._stops.setdefault(order.symbol, {})
                if order.status.open:
                    stops[order.order_id] = order
                else:
                    stops.pop(order.order_id, None)
            self._look(order.symbol, fact.time_ns)

    def _look(self, symbol: str, now_ns: int) -> None:
        """Closes the current interval of a symbol if anything about it has changed."""
        quantity = self._exchange.position(self._account, symbol).quantity
        state = (quantity, self._covered(symbol, quantity))
        before = self._since.get(symbol)
        if before is not None:
            if before[1:] == state:
                return
            self._keep(symbol, before, now_ns)
        self._since[symbol] = (now_ns, *state)

    def _covered(self, symbol: str, quantity: Decimal) -> bool:
        """Whether stops that close the position add up to it."""
        if not quantity:
            return False
        closing = Side.SELL if quantity > 0 else Side.BUY
        covered = _ZERO
        for stop in self._stops.get(symbol, {}).values():
            if stop.side is closing:
                covered += abs(quantity) if stop.close_position else stop.remaining
        return covered >= abs(quantity)

    def _keep(self, symbol: str, state: tuple[int, Decimal, bool], end_ns: int) -> None:
        start_ns, quantity, protected = state
        self._intervals.append(
            Interval(
                symbol=self._name_of(symbol),
                account=self._account,
                quantity=quantity,
                protected=protected,
                start_ns=start_ns,
                end_ns=end_ns,
            )
        )

    def protection(self, now_ns: int) -> tuple[Interval, ...]:
        """All intervals up to now."""
        done = len(self._intervals)
        for symbol, state in self._since.items():
            self._keep(symbol, state, now_ns)
        found = tuple(self._intervals)
        del self._intervals[done:]
        return found

    def _moment(
        self, change: str, order: Order, time_ns: int, price: Decimal | None = None
    ) -> OrderMoment:
        return OrderMoment(
            time_ns=time_ns,
            change=change,
            symbol=self._name_of(order.symbol),
            order_id=self._kind.order_id(order.order_id),
            client_order_id=order.client_order_id,
            side=order.side.value,
            type=order.type.value,
            quantity=order.quantity,
            filled=order.filled,
            open=order.status.open,
            conditional=order.type.conditional,
            price=price if price is not None else order.trigger_price or order.price,
        )

    def order_moments(self) -> tuple[OrderMoment, ...]:
        """Every change of the account's orders so far, in the order in which they happened."""
        return tuple(self._moments)

    def positions(self) -> dict[str, Decimal]:
        """The truth now, flat symbols left out."""
        positions = self._exchange.positions(self._account)
        return {self._name_of(each.symbol): each.quantity for each in positions if each.quantity}

    def orders(self) -> tuple[VenueOrder, ...]:
        """Every order the venue has had from this account since the observer was made."""
        return tuple(
            VenueOrder(
                order_id=self._kind.order_id(order.order_id),
                client_order_id=order.client_order_id,
                symbol=self._name_of(order.symbol),
                open=order.status.open,
            )
            for order in self._exchange.orders(self._account)
            if order.order_id not in self._earlier and not self._kind.own_making(order)
        )
