"""Orders: admission, execution, triggers, and the life of what rests in the book."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import count
from operator import itemgetter

import simpy

from simulator.exchange.admission import check_room, plan_order, triggered
from simulator.exchange.exact import eight_decimals, exact
from simulator.exchange.facts import OrderChange, OrderFact
from simulator.exchange.filters import check_band, check_complete, check_request, check_symbol
from simulator.exchange.ledger import Ledger
from simulator.exchange.listings import Fees
from simulator.exchange.market import Market
from simulator.exchange.marketdata import Level
from simulator.exchange.orders import (
    Fill,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
)
from simulator.exchange.rejections import Reason, Rejection

_ZERO = Decimal(0)


class Matcher:
    """Matches the accounts' orders with the markets' depth. Accounts never trade with each other.

    `tell` is called after each change, when the books already hold it.
    """

    def __init__(
        self,
        env: simpy.Environment,
        markets: dict[str, Market],
        ledgers: dict[str, Ledger],
        *,
        fees: Fees,
        order_ids: Iterator[int],
        accepts_first: frozenset[Reason],
        first_trade_id: int,
        tell: Callable[[OrderFact], None],
    ) -> None:
        self._env = env
        self._markets = markets
        self._ledgers = ledgers
        self._fees = fees
        self._order_ids = order_ids
        self._accepts_first = accepts_first
        self._trade_ids = count(first_trade_id)
        self._tell = tell

    # -- requests --------------------------------------------------------------------------

    def place(self, ledger: Ledger, market: Market, request: OrderRequest) -> Order:
        """As `Exchange.place`."""
        check_complete(request)
        check_symbol(market.instrument, request)
        check_request(market.instrument, request, market.mark)
        if request.client_order_id in ledger.open_client_ids:
            raise Rejection(Reason.DUPLICATE_CLIENT_ORDER_ID, f"{request.client_order_id}")
        if request.type.conditional:
            return self._wait(ledger, market, request)
        check_room(ledger, market, request)
        assert request.quantity is not None  # check_complete
        try:
            plan = plan_order(
                ledger,
                market,
                self._markets,
                side=request.side,
                quantity=request.quantity,
                price=None if request.type is OrderType.MARKET else request.price,
                time_in_force=request.time_in_force,
                reduce_only=request.reduce_only,
            )
        except Rejection as rejection:
            if rejection.reason not in self._accepts_first:
                raise
            return self._take_and_end(ledger, market, request, rejection)
        order = self._new(ledger, market, request, plan.quantity, OrderStatus.NEW)
        self._change(ledger, order, OrderChange.ACCEPTED)
        return self._execute(ledger, market, order, plan.takes)

    def _take_and_end(
        self, ledger: Ledger, market: Market, request: OrderRequest, rejection: Rejection
    ) -> Order:
        """An order that is acknowledged and ends at once, as on a venue that matches later."""
        assert request.quantity is not None  # check_complete
        order = self._new(ledger, market, request, request.quantity, OrderStatus.NEW)
        self._change(ledger, order, OrderChange.ACCEPTED)
        order = replace(order, refusal=rejection.reason)
        return self._end(ledger, market, order, OrderStatus.EXPIRED, OrderChange.EXPIRED)

    def cancel(self, ledger: Ledger, market: Market, order_id: int) -> Order:
        """Cancel an open order."""
        order = ledger.open_orders[market.symbol][order_id]
        return self._end(ledger, market, order, OrderStatus.CANCELED, OrderChange.CANCELED)

    # -- prices ----------------------------------------------------------------------------

    @exact
    def move(self, market: Market) -> None:
        """The price of the market has changed: trigger what waits, then fill what rested."""
        rested = tuple(market.resting) if market.resting else ()
        if market.waiting:
            for order in tuple(market.waiting.values()):
                if triggered(market, order.type, order.side, order.trigger_price, order.trigger_by):
                    self._trigger(self._ledgers[order.account], market, order)
        if rested:
            self._match_resting(market, rested)

    def _trigger(self, ledger: Ledger, market: Market, order: Order) -> None:
        now_ns = int(self._env.now)
        del market.waiting[order.order_id]
        quantity = order.quantity
        if order.close_position:
            quantity = ledger.reducible(market.symbol, order.side)
        order = replace(
            order,
            status=OrderStatus.NEW,
            quantity=quantity,
            triggered_ns=now_ns,
            updated_ns=now_ns,
        )
        self._change(ledger, order, OrderChange.TRIGGERED)
        try:
            if order.price is not None:
                check_band(market.instrument, order.side, order.price, market.mark)
            plan = plan_order(
                ledger,
                market,
                self._markets,
                side=order.side,
                quantity=quantity,
                price=order.price,
                time_in_force=order.time_in_force,
                reduce_only=order.reduce_only or order.close_position,
            )
        except Rejection as rejection:
            order = replace(order, status=OrderStatus.EXPIRED, refusal=rejection.reason)
            self._change(ledger, order, OrderChange.REJECTED, detail=str(rejection))
            return
        if plan.quantity != order.quantity:
            order = replace(order, quantity=plan.quantity)
            ledger.record(order)
        self._execute(ledger, market, order, plan.takes)

    def _match_resting(self, market: Market, rested: tuple[int, ...]) -> None:
        """Fill, best price first and oldest first among equals, what the price has reached.

        Each gets its own price, and all share what the depth offers at this change of price.
        """
        middle = market.depth.middle(market.last)
        reached: list[tuple[Decimal, int]] = []
        for order_id in rested:
            order = market.resting.get(order_id)
            if order is None or order.price is None:
                continue
            if order.side is Side.BUY:
                if order.price >= middle:
                    reached.append((-order.price, order_id))
            elif order.price <= middle:
                reached.append((order.price, order_id))
        reached.sort(key=itemgetter(0))
        for _, order_id in reached:
            # A fill before this one may have ended it: a reduce-only order without a position.
            order = market.resting.get(order_id)
            if order is not None:
                self._make(self._ledgers[order.account], market, order)

    def _make(self, ledger: Ledger, market: Market, order: Order) -> None:
        """Let takers come to a resting order."""
        price = order.price
        assert price is not None  # market orders never rest
        quantity = order.remaining
        if order.reduce_only:
            quantity = min(quantity, ledger.reducible(market.symbol, order.side))
        takes = market.depth.walk(
            order.side,
            quantity,
            price,
            market.last,
            int(self._env.now),
            resting=True,
        )
        for level, taken in takes:
            order = self._fill(ledger, market, order, level, price, taken, maker=True)
        if takes:
            self._expire_reduce_only(ledger, market)

    # -- admission -------------------------------------------------------------------------

    def _wait(self, ledger: Ledger, market: Market, request: OrderRequest) -> Order:
        """Take in a conditional order. Neither margin nor position matter before it triggers."""
        check_room(ledger, market, request)
        if triggered(market, request.type, request.side, request.trigger_price, request.trigger_by):
            raise Rejection(
                Reason.WOULD_TRIGGER_IMMEDIATELY,
                f"{request.trigger_by.value} price is {market.price(request.trigger_by)}, "
                f"trigger price {request.trigger_price}",
            )
        quantity = _ZERO if request.quantity is None else request.quantity
        order = self._new(ledger, market, request, quantity, OrderStatus.UNTRIGGERED)
        market.waiting[order.order_id] = order
        self._change(ledger, order, OrderChange.ACCEPTED)
        return order

    def _new(
        self,
        ledger: Ledger,
        market: Market,
        request: OrderRequest,
        quantity: Decimal,
        status: OrderStatus,
    ) -> Order:
        if market.next_order_id is None:
            order_id = next(self._order_ids)
        else:
            order_id = market.next_order_id
            market.next_order_id += 1
        client_order_id = request.client_order_id
        now_ns = int(self._env.now)
        return Order(
            order_id=order_id,
            client_order_id=f"auto-{order_id}" if client_order_id is None else client_order_id,
            account=ledger.account,
            symbol=market.symbol,
            side=request.side,
            type=request.type,
            quantity=quantity,
            status=status,
            created_ns=now_ns,
            updated_ns=now_ns,
            price=None if request.type.market else request.price,
            trigger_price=request.trigger_price if request.type.conditional else None,
            trigger_by=request.trigger_by,
            reduce_only=request.reduce_only,
            close_position=request.close_position,
            time_in_force=request.time_in_force,
        )

    # -- execution -------------------------------------------------------------------------

    def _execute(self, ledger: Ledger, market: Market, order: Order, takes: list[Level]) -> Order:
        """Trade what the plan takes; the rest goes into the book, or ends."""
        for price, quantity in takes:
            order = self._fill(ledger, market, order, price, price, quantity, maker=False)
        if order.status.open:
            if order.type.market or order.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
                order = self._end(ledger, market, order, OrderStatus.EXPIRED, OrderChange.EXPIRED)
            else:
                market.resting[order.order_id] = order
        if takes:
            self._expire_reduce_only(ledger, market)
        return ledger.orders[market.symbol][order.order_id]

    def _fill(
        self,
        ledger: Ledger,
        market: Market,
        order: Order,
        level: Decimal,
        price: Decimal,
        quantity: Decimal,
        *,
        maker: bool,
    ) -> Order:
        """Execute `quantity` at `price`, taken from the depth at `level`."""
        now_ns = int(self._env.now)
        market.depth.take(order.side, level, quantity, now_ns)
        value = price * quantity
        fee = eight_decimals(value * (self._fees.maker if maker else self._fees.taker))
        realized, position = ledger.apply(market.symbol, order.side, price, quantity, fee, now_ns)
        fill = Fill(
            trade_id=next(self._trade_ids),
            order_id=order.order_id,
            account=ledger.account,
            symbol=market.symbol,
            side=order.side,
            price=price,
            quantity=quantity,
            fee=fee,
            realized_pnl=realized,
            maker=maker,
            time_ns=now_ns,
        )
        ledger.fills.append(fill)
        order = _filled(market, order, quantity, value, now_ns)
        ledger.record(order)
        self._tell(
            OrderFact(
                time_ns=now_ns,
                account=ledger.account,
                change=OrderChange.FILLED,
                order=order,
                fill=fill,
                position=position,
                wallet=ledger.wallet,
            )
        )
        return order

    def _expire_reduce_only(self, ledger: Ledger, market: Market) -> None:
        """End the reduce-only orders in the book that have nothing left to reduce."""
        if not market.resting:
            return
        for order in ledger.open_in_book(market.symbol):
            if order.reduce_only and not ledger.reducible(market.symbol, order.side):
                self._end(ledger, market, order, OrderStatus.EXPIRED, OrderChange.EXPIRED)

    def _end(
        self,
        ledger: Ledger,
        market: Market,
        order: Order,
        status: OrderStatus,
        change: OrderChange,
    ) -> Order:
        market.waiting.pop(order.order_id, None)
        market.resting.pop(order.order_id, None)
        order = replace(order, status=status, updated_ns=int(self._env.now))
        self._change(ledger, order, change)
        return order

    def _change(self, ledger: Ledger, order: Order, change: OrderChange, detail: str = "") -> None:
        ledger.record(order)
        self._tell(
            OrderFact(
                time_ns=int(self._env.now),
                account=ledger.account,
                change=change,
                order=order,
                refusal=order.refusal,
                detail=detail,
            )
        )


def _filled(market: Market, order: Order, quantity: Decimal, value: Decimal, now_ns: int) -> Order:
    """The order after a fill; where it rests, the book has it so, as long as it is open."""
    filled = order.filled + quantity
    done = filled == order.quantity
    order = replace(
        order,
        status=OrderStatus.FILLED if done else OrderStatus.PARTIALLY_FILLED,
        filled=filled,
        cost=order.cost + value,
        updated_ns=now_ns,
    )
    if order.order_id in market.resting:
        if done:
            del market.resting[order.order_id]
        else:
            market.resting[order.order_id] = order
    return order
