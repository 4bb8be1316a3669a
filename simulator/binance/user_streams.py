"""User data streams: which events a change brings, in the order in which the venue sends them.

Captured order of a market order: TRADE_LITE, ORDER_TRADE_UPDATE NEW, and for each fill
ACCOUNT_UPDATE before ORDER_TRADE_UPDATE TRADE. Of a triggered algo order: its real order's
events, then ALGO_UPDATE TRIGGERED, then FINISHED. What happens at one instant is therefore
gathered and told at its end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from simulator.binance import user_events
from simulator.binance.algo_orders import AlgoOrder
from simulator.binance.desk import Desk
from simulator.binance.errors import words
from simulator.exchange.facts import LeverageFact, OrderChange, OrderFact
from simulator.exchange.orders import Order, OrderStatus, TimeInForce
from simulator.exchange.visibility import Visibility
from simulator.wire.connections import Message, StreamConnection, Wire
from simulator.wire.private_feed import PrivateFeed, by_order

_IOC_REST, _KNOCKED_OUT, _INITIAL_EXPIRED, _MARKET_REST = "2", "4", "8", "9"


@dataclass(frozen=True, slots=True)
class _Listener:
    """A connection's claim on an account's events; no events named means all."""

    key: str
    events: frozenset[str]


class UserStreams:
    """Hears the model and pushes events to the connections of the account concerned."""

    def __init__(self, wire: Wire, desk: Desk, lags: Visibility) -> None:
        self._wire = wire
        self._desk = desk
        self._feed = PrivateFeed(
            wire,
            lags,
            listens=lambda account: bool(self._listeners.get(account)),
            on_orders=self._tell_orders,
            on_leverage=self._tell_leverage,
        )
        self.hear = self._feed.hear
        self._listeners: dict[str, dict[StreamConnection, _Listener]] = {}

    # who listens

    def attach(self, connection: StreamConnection, key: str, events: frozenset[str]) -> str | None:
        """Gives the connection the events of the key's account; None for a dead key."""
        account = self._desk.listen_keys.account_of(key)
        if account is not None:
            listeners = self._listeners.setdefault(account, {})
            listeners[connection] = _Listener(key, events)
        return account

    def detach(self, connection: StreamConnection) -> None:
        for listeners in self._listeners.values():
            listeners.pop(connection, None)

    def expire(self, account: str, key: str) -> None:
        """Tells the key's connections; afterwards they stay open and hear nothing."""
        text = user_events.listen_key_expired(self._wire.now_ns, key, self._desk.profile)
        message = Message("listenKeyExpired", None, key, text, private=True)
        for connection, listener in tuple(self._listeners.get(account, {}).items()):
            if listener.key == key:
                connection.push(message)
                self.detach(connection)

    # what happens

    def _tell_leverage(self, fact: LeverageFact) -> None:
        text = user_events.leverage_update(fact)
        self._tell(fact.account, "ACCOUNT_CONFIG_UPDATE", fact.symbol, text)

    def _tell_orders(self, facts: list[OrderFact]) -> None:
        """What an instant brought, order by order."""
        # An order knocked out by another is told of before the one that did it.
        for group in sorted(by_order(facts), key=lambda each: not _knocked_out(each[0])):
            for event, text in self._events(group):
                self._tell(group[0].account, event, group[0].order.symbol, text)

    def _events(self, facts: list[OrderFact]) -> list[tuple[str, str]]:
        """The events of one order at one instant, in the venue's order."""
        entry = self._desk.algo_orders.of(facts[0].order)
        lite: list[tuple[str, str]] = []
        orders: list[tuple[str, str]] = []
        algo: list[tuple[str, str]] = []
        for fact in facts:
            instrument = self._desk.exchange.instruments[fact.order.symbol]
            if fact.fill is not None:
                text = user_events.trade_lite(fact.fill, fact.order, instrument)
                lite.append(("TRADE_LITE", text))
                orders.append(("ACCOUNT_UPDATE", self._account_update(fact)))
            orders += [("ORDER_TRADE_UPDATE", text) for text in self._order_updates(fact, entry)]
            if fact.change is OrderChange.REJECTED and entry is None:
                reason = words(fact.detail)
                text = user_events.trigger_reject(fact.time_ns, fact.order, reason)
                orders.append(("CONDITIONAL_ORDER_TRIGGER_REJECT", text))
            if entry is not None:
                algo += [("ALGO_UPDATE", text) for text in self._algo_updates(fact, entry)]
        return lite + orders + algo

    def _order_updates(self, fact: OrderFact, entry: AlgoOrder | None) -> list[str]:
        order = fact.order
        match fact.change:
            case OrderChange.ACCEPTED:
                return [] if entry else [self._update(fact, entry, "NEW", *_fresh(order))]
            case OrderChange.TRIGGERED:
                born = self._update(fact, entry, "NEW", *_fresh(order))
                if entry:
                    return [born]
                # Before the algo service the waiting order expired and came back as a real one.
                waiting = replace(order, triggered_ns=None, filled=Decimal(0), cost=Decimal(0))
                ended = self._update(fact, entry, "EXPIRED", waiting, "EXPIRED", _INITIAL_EXPIRED)
                return [ended, born]
            case OrderChange.FILLED:
                return [self._update(fact, entry, "TRADE")]
            case OrderChange.CANCELED:
                waits = entry is not None and order.triggered_ns is None
                return [] if waits else [self._update(fact, entry, "CANCELED")]
            case OrderChange.EXPIRED | OrderChange.REJECTED:
                if entry is not None and (
                    order.triggered_ns is None or fact.change is OrderChange.REJECTED
                ):
                    return []
                return [self._update(fact, entry, "EXPIRED", None, "", _expiry_reason(order))]
        return []

    def _algo_updates(self, fact: OrderFact, entry: AlgoOrder) -> list[str]:
        order = fact.order
        match fact.change:
            case OrderChange.ACCEPTED:
                status = "NEW"
            case OrderChange.TRIGGERED:
                status = "TRIGGERED"
            case OrderChange.REJECTED:
                status = "REJECTED"
            case OrderChange.FILLED if order.status is OrderStatus.FILLED:
                status = "FINISHED"
            case OrderChange.CANCELED | OrderChange.EXPIRED:
                waited = order.triggered_ns is None
                status = fact.change.value if waited else "FINISHED"
            case _:
                return []
        profile = self._desk.profile
        return [
            user_events.algo_update(
                fact.time_ns, entry, order, profile, status=status, reason=words(fact.detail)
            )
        ]

    def _update(
        self,
        fact: OrderFact,
        entry: AlgoOrder | None,
        execution: str,
        order: Order | None = None,
        status: str = "",
        expiry: str = "0",
    ) -> str:
        exchange = self._desk.exchange
        resting = exchange.open_orders(fact.account, fact.order.symbol)
        return user_events.order_update(
            fact,
            exchange.instruments[fact.order.symbol],
            self._desk.profile,
            execution=execution,
            order=order,
            status=status,
            via_algo=entry is not None,
            expiry=expiry,
            open_notional=user_events.open_notional(resting),
        )

    def _account_update(self, fact: OrderFact) -> str:
        exchange = self._desk.exchange
        symbol = fact.order.symbol
        wallet, position = fact.wallet, fact.position
        assert wallet is not None  # a fill carries both
        assert position is not None
        return user_events.account_update(
            fact.time_ns,
            wallet,
            position,
            exchange.instruments[symbol],
            mark_price=exchange.mark_price(symbol),
            taker_fee=exchange.fees.taker,
            isolated=exchange.isolated(fact.account, symbol),
        )

    # telling it

    def _tell(self, account: str, event: str, symbol: str, text: str) -> None:
        self._feed.tell(account, event, symbol, lambda: self._deliver(account, event, symbol, text))

    def _deliver(self, account: str, event: str, symbol: str, text: str) -> None:
        messages: dict[str, Message] = {}
        for connection, listener in tuple(self._listeners.get(account, {}).items()):
            if self._desk.listen_keys.account_of(listener.key) != account:
                continue  # deleted: the connection stays, silent
            if listener.events and event not in listener.events:
                continue
            message = messages.get(listener.key)
            if message is None:
                message = Message(event, symbol, listener.key, text, private=True)
                messages[listener.key] = message
            connection.push(message)


def _fresh(order: Order) -> tuple[Order, str]:
    """The order as it was before any fill of the same instant."""
    return replace(order, filled=Decimal(0), cost=Decimal(0)), "NEW"


def _knocked_out(fact: OrderFact) -> bool:
    """Whether a resting reduce-only order ended because nothing was left to reduce."""
    return fact.change is OrderChange.EXPIRED and fact.order.reduce_only


def _expiry_reason(order: Order) -> str:
    if order.type.market:
        return _MARKET_REST
    if order.time_in_force is TimeInForce.IOC:
        return _IOC_REST
    # A reduce-only order that has nothing left to reduce.
    return _KNOCKED_OUT if order.reduce_only else "0"
