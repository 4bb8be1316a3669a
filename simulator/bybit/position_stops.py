"""The stop-loss and the take-profit that belong to a position, not to the client's orders.

The venue makes an order of its own for each, which closes whatever is held when it triggers, and
takes it away with the position. In the model these are conditional close-position orders; what
they are is in their client id, which no client can choose.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

import simpy

from simulator.exchange.exchange import Exchange
from simulator.exchange.facts import Fact, OrderFact
from simulator.exchange.orders import Order, OrderRequest, OrderStatus, OrderType, Side, TriggerBy
from simulator.exchange.rejections import Reason, Rejection


class StopKind(Enum):
    """As `stopOrderType` names them."""

    STOP_LOSS = "StopLoss"
    TAKE_PROFIT = "TakeProfit"


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a position is to be closed."""

    price: Decimal
    trigger_by: TriggerBy = TriggerBy.LAST


Stops = dict[StopKind, Stop]

_TYPES = {
    StopKind.STOP_LOSS: OrderType.STOP_MARKET,
    StopKind.TAKE_PROFIT: OrderType.TAKE_PROFIT_MARKET,
}


def stop_kind(order: Order) -> StopKind | None:
    """Which of a position's own orders it is; None for a client's order."""
    kind, found, _ = order.client_order_id.partition(":")
    return StopKind(kind) if found else None


class PositionStops:
    """Sets, replaces and clears them. Must hear facts before any stream does."""

    def __init__(self, env: simpy.Environment, exchange: Exchange) -> None:
        self._env = env
        self._exchange = exchange
        self._attached: dict[int, Stops] = {}
        """By the id of the order that they came with."""
        self._unsettled: dict[tuple[str, str], Order | None] = {}
        """Positions that changed at this instant, with the last filled order that brings stops."""

    def current(self, account: str, symbol: str, kind: StopKind) -> Order | None:
        """The order that waits to close the position."""
        order = self._exchange.order(account, symbol, client_order_id=f"{kind.value}:{symbol}")
        return order if order is not None and order.status is OrderStatus.UNTRIGGERED else None

    def has(self, account: str, symbol: str, kind: StopKind, stop: Stop | None) -> bool:
        """Whether the position's stop of that kind is just so."""
        order = self.current(account, symbol, kind)
        if order is None or stop is None:
            return order is None and stop is None
        return (order.trigger_price, order.trigger_by) == (stop.price, stop.trigger_by)

    def put(self, account: str, symbol: str, kind: StopKind, stop: Stop | None) -> None:
        """Replaces the position's stop of that kind, or clears it. Raises Rejection."""
        if self.has(account, symbol, kind, stop):
            return
        old = self.current(account, symbol, kind)
        if old is not None:
            self._exchange.cancel(account, symbol, order_id=old.order_id)
        if stop is None:
            return
        position = self._exchange.position(account, symbol)
        self._exchange.place(
            account,
            OrderRequest(
                symbol=symbol,
                side=Side.SELL if position.quantity > 0 else Side.BUY,
                type=_TYPES[kind],
                quantity=None,
                trigger_price=stop.price,
                trigger_by=stop.trigger_by,
                close_position=True,
                client_order_id=f"{kind.value}:{symbol}",
            ),
        )

    def attach(self, order: Order, stops: Stops) -> None:
        """The position that the order opens is to have these stops."""
        self._attached[order.order_id] = stops
        if order.filled:
            self._settle_later(order.account, order.symbol, order)

    def attached(self, order: Order) -> Stops:
        """What came with the order."""
        return self._attached.get(order.order_id, {})

    def hear(self, fact: Fact) -> None:
        """The exchange's listener."""
        if isinstance(fact, OrderFact) and fact.fill is not None:
            brings = fact.order if fact.order.order_id in self._attached else None
            self._settle_later(fact.account, fact.order.symbol, brings)

    def _settle_later(self, account: str, symbol: str, brings: Order | None) -> None:
        """At the end of this instant: a listener must not place or cancel."""
        place = (account, symbol)
        if place not in self._unsettled:
            timeout = self._env.timeout(0)
            assert timeout.callbacks is not None
            timeout.callbacks.append(lambda _: self._settle(account, symbol))
        self._unsettled[place] = brings or self._unsettled.get(place)

    def _settle(self, account: str, symbol: str) -> None:
        brings = self._unsettled.pop((account, symbol))
        held = self._exchange.position(account, symbol).quantity
        for kind in StopKind:
            order = self.current(account, symbol, kind)
            if order is not None and held * order.side.sign >= 0:
                self._exchange.cancel(account, symbol, order_id=order.order_id)
        if brings is None or held * brings.side.sign <= 0:
            return
        for kind, stop in self._attached[brings.order_id].items():
            try:
                self.put(account, symbol, kind, stop)
            except Rejection as rejection:
                # Of anything else there is nobody to tell.
                if rejection.reason is Reason.WOULD_TRIGGER_IMMEDIATELY:
                    self._close(account, symbol, kind, held)
                    return

    def _close(self, account: str, symbol: str, kind: StopKind, held: Decimal) -> None:
        """The price was past the stop when the position came about: it triggers at once."""
        request = OrderRequest(
            symbol=symbol,
            side=Side.SELL if held > 0 else Side.BUY,
            type=OrderType.MARKET,
            quantity=abs(held),
            reduce_only=True,
            client_order_id=f"{kind.value}:{symbol}",
        )
        # Without a counterparty it fails, as a triggered stop would.
        with suppress(Rejection):
            self._exchange.place(account, request)
