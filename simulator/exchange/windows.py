"""What REST queries show: the books as seen through the venue's windows.

The windows are `order`, `order_history`, `open_orders`, `positions`, `entry_price`, `balance` and
`fills`. One without a rule is not kept at all: it shows the truth. Which of them a venue has is
its own business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from simulator.exchange.facts import OrderFact
from simulator.exchange.ledger import Ledger
from simulator.exchange.orders import Fill, Order
from simulator.exchange.positions import Position, Wallet
from simulator.exchange.visibility import Visibility

_KEPT = ("order", "order_history", "open_orders", "positions", "entry_price", "balance")
"""The windows that show values; `fills` only hides some for a while."""
_OF_POSITIONS = ("positions", "entry_price")


class Windows:
    """Publishes the facts, and reads ledgers as their owners see them."""

    def __init__(self, visibility: Visibility) -> None:
        self._visibility = visibility
        self._look()

    def _look(self) -> None:
        """Which windows have a rule."""
        visibility = self._visibility
        self._order = visibility.lagged("order")
        self._order_history = visibility.lagged("order_history")
        self._open_orders = visibility.lagged("open_orders")
        self._positions = visibility.lagged("positions")
        self._entry_price = visibility.lagged("entry_price")
        self._balance = visibility.lagged("balance")
        self._fills = visibility.lagged("fills")
        self._any = self._fills or any(self._kept())

    def _kept(self) -> tuple[bool, ...]:
        """Which of `_KEPT` have a rule, in its order."""
        return (
            self._order,
            self._order_history,
            self._open_orders,
            self._positions,
            self._entry_price,
            self._balance,
        )

    def learn(self, ledgers: Iterable[Ledger]) -> None:
        """Looks for rules that are new; a window that has its first one shows all there was."""
        before = self._kept()
        self._look()
        new = tuple(
            name
            for name, had, has in zip(_KEPT, before, self._kept(), strict=True)
            if has and not had
        )
        for ledger in ledgers:
            self._show(new, ledger)

    def _show(self, windows: Sequence[str], ledger: Ledger) -> None:
        """Publishes what a ledger holds, visible at once."""
        publish, account = self._visibility.publish, ledger.account
        for window in windows:
            if window == "balance":
                publish(window, account, ledger.wallet, symbol="", lag_ns=0)
            elif window in _OF_POSITIONS:
                for symbol, position in ledger.positions.items():
                    publish(window, (account, symbol), position, symbol=symbol, lag_ns=0)
            else:
                for symbol, orders in ledger.orders.items():
                    for order in orders.values():
                        if window != "open_orders" or order.status.open:
                            key = (account, symbol, order.order_id)
                            publish(window, key, order, symbol=symbol, lag_ns=0)

    def publish(self, fact: OrderFact) -> None:
        """Let each window learn of the fact, each after a lag of its own."""
        if not self._any:
            return
        order, publish, symbol = fact.order, self._visibility.publish, fact.order.symbol
        key = (fact.account, symbol, order.order_id)
        if self._order:
            publish("order", key, order, symbol=symbol)
        if self._order_history:
            publish("order_history", key, order, symbol=symbol)
        if self._open_orders:
            publish("open_orders", key, order, symbol=symbol, final=not order.status.open)
        if fact.fill is None:
            return
        if self._fills:
            fill_key = (fact.account, fact.fill.trade_id)
            publish("fills", fill_key, fact.fill, symbol=symbol, final=True)
        if self._positions:
            publish("positions", (fact.account, symbol), fact.position, symbol=symbol)
        if self._entry_price:
            publish("entry_price", (fact.account, symbol), fact.position, symbol=symbol)
        if self._balance:
            publish("balance", fact.account, fact.wallet, symbol=symbol)

    def publish_wallet(self, wallet: Wallet, *, lag_ns: int | None = None) -> None:
        """A wallet that changed without a fill."""
        if self._balance:
            self._visibility.publish("balance", wallet.account, wallet, symbol="", lag_ns=lag_ns)

    def order(
        self, ledger: Ledger, symbol: str, order_id: int | None, client_order_id: str | None
    ) -> Order | None:
        orders = ledger.orders.get(symbol)
        if orders is None:
            return None
        if order_id is not None:
            if not self._order:
                return orders.get(order_id)
            return self._seen(ledger, symbol, order_id)
        ids = ledger.client_ids.get((symbol, client_order_id or ""), ())
        for each in reversed(ids):
            order = self._seen(ledger, symbol, each) if self._order else orders[each]
            if order is not None:
                return order
        return None

    def orders(self, ledger: Ledger, symbol: str) -> list[Order]:
        orders = ledger.orders.get(symbol, {})
        if not self._order:
            return list(orders.values())
        seen = (self._seen(ledger, symbol, order_id) for order_id in orders)
        return [order for order in seen if order is not None]

    def history(self, ledger: Ledger, symbol: str) -> list[Order]:
        orders = ledger.orders.get(symbol, {})
        if not self._order_history:
            return list(orders.values())
        keys = ((ledger.account, symbol, order_id) for order_id in orders)
        seen = (self._visibility.seen("order_history", key) for key in keys)
        return [order for order in seen if order is not None]

    def open_orders(self, ledger: Ledger, symbol: str | None) -> list[Order]:
        if self._open_orders:
            return [
                order
                for order in self._visibility.seen_all("open_orders")
                if order.account == ledger.account and symbol in (None, order.symbol)
            ]
        return ledger.all_open(symbol)

    def position(self, ledger: Ledger, symbol: str) -> Position:
        if not self._positions:
            return ledger.position(symbol)
        seen: Position | None = self._visibility.seen("positions", (ledger.account, symbol))
        return Position(account=ledger.account, symbol=symbol) if seen is None else seen

    def entry_price(self, ledger: Ledger, symbol: str) -> Decimal | None:
        """Of the position that is seen; None while the window has not learned of it."""
        position = self.position(ledger, symbol)
        if not self._entry_price or not position.quantity:
            return position.entry_price
        seen: Position | None = self._visibility.seen("entry_price", (ledger.account, symbol))
        if seen is None or (seen.quantity > 0) is not (position.quantity > 0):
            return None
        return seen.entry_price if seen.quantity else None

    def positions(self, ledger: Ledger) -> list[Position]:
        if not self._positions:
            return list(ledger.positions.values())
        keys = ((ledger.account, symbol) for symbol in ledger.positions)
        seen = (self._visibility.seen("positions", key) for key in keys)
        return [position for position in seen if position is not None]

    def wallet(self, ledger: Ledger) -> Wallet:
        if not self._balance:
            return ledger.wallet
        seen: Wallet = self._visibility.seen("balance", ledger.account, ledger.wallet)
        return seen

    def fills(self, ledger: Ledger, symbol: str | None) -> list[Fill]:
        fills = [fill for fill in ledger.fills if symbol in (None, fill.symbol)]
        if not self._fills:
            return fills
        hides, account = self._visibility.hides, ledger.account
        return [fill for fill in fills if not hides("fills", (account, fill.trade_id))]

    def _seen(self, ledger: Ledger, symbol: str, order_id: int) -> Order | None:
        order: Order | None = self._visibility.seen("order", (ledger.account, symbol, order_id))
        return order
