"""One account's books: wallet, positions, orders and fills."""

from __future__ import annotations

from decimal import Decimal

from simulator.exchange.exact import eight_decimals
from simulator.exchange.orders import Fill, Order, OrderStatus, Side
from simulator.exchange.positions import Position, Wallet


class Ledger:
    """What an account has and has done. Money is conserved to the last digit.

    For every symbol, `cost = sum of signed price times quantity + realised profit` holds exactly:
    a partial close realises a whole number of 1e-8 and leaves the rest of the division in the
    cost, the close of the last contract realises all that is left.
    """

    def __init__(
        self, account: str, asset: str, deposit: Decimal, leverage: int, now_ns: int
    ) -> None:
        self.account = account
        self.asset = asset
        self.wallet = Wallet(account=account, asset=asset, balance=deposit, updated_ns=now_ns)
        self.leverage = leverage
        """Where none was set for the symbol."""
        self.leverages: dict[str, int] = {}
        self.isolated: dict[str, bool] = {}
        self.positions: dict[str, Position] = {}
        """Of every symbol ever traded."""
        self.held: dict[str, None] = {}
        """Symbols with a position now, or with an order that may open one."""
        self.orders: dict[str, dict[int, Order]] = {}
        """All of them, by symbol and id, oldest first."""
        self.open_orders: dict[str, dict[int, Order]] = {}
        self.client_ids: dict[tuple[str, str], list[int]] = {}
        """Ids of all orders with a symbol and client id, oldest first."""
        self.open_client_ids: dict[str, int] = {}
        self.fills: list[Fill] = []

    def position(self, symbol: str) -> Position:
        position = self.positions.get(symbol)
        return Position(account=self.account, symbol=symbol) if position is None else position

    def symbols(self, symbol: str | None) -> tuple[str, ...]:
        """The one symbol, or all that ever had an order."""
        return tuple(self.orders) if symbol is None else (symbol,)

    def record(self, order: Order) -> None:
        """Keep the latest state of an order."""
        symbol, order_id = order.symbol, order.order_id
        orders = self.orders.setdefault(symbol, {})
        if order_id not in orders:
            self.client_ids.setdefault((symbol, order.client_order_id), []).append(order_id)
        orders[order_id] = order
        if order.status.open:
            self.open_orders.setdefault(symbol, {})[order_id] = order
            self.open_client_ids[order.client_order_id] = order_id
            self.held[symbol] = None
        else:
            self.open_orders.get(symbol, {}).pop(order_id, None)
            self.open_client_ids.pop(order.client_order_id, None)
            self._release(symbol)

    def apply(
        self,
        symbol: str,
        side: Side,
        price: Decimal,
        quantity: Decimal,
        fee: Decimal,
        now_ns: int,
    ) -> tuple[Decimal, Position]:
        """Book an execution: the profit that it realised, and the position that it left."""
        before = self.position(symbol)
        held, cost = before.quantity, before.cost
        signed = quantity if side is Side.BUY else -quantity
        after = held + signed
        realized = Decimal(0)
        if held and (held > 0) is not (signed > 0):
            if quantity < abs(held):
                realized = eight_decimals(cost * signed / held - signed * price)
            else:
                realized = held * price - cost
        position = Position(
            account=self.account,
            symbol=symbol,
            quantity=after,
            cost=cost + signed * price + realized,
            realized_pnl=before.realized_pnl + realized,
            updated_ns=now_ns,
        )
        self.positions[symbol] = position
        if after:
            self.held[symbol] = None
        else:
            self._release(symbol)
        self.credit(realized - fee, now_ns)
        return realized, position

    def credit(self, amount: Decimal, now_ns: int) -> None:
        """Change the wallet balance."""
        self.wallet = Wallet(
            account=self.account,
            asset=self.asset,
            balance=self.wallet.balance + amount,
            updated_ns=now_ns,
        )

    def reducible(self, symbol: str, side: Side) -> Decimal:
        """How much an order of `side` can take off the position; 0 if it would add to it."""
        position = self.positions.get(symbol)
        if position is None:
            return Decimal(0)
        held = position.quantity
        return max(Decimal(0), -held if side is Side.BUY else held)

    def all_open(self, symbol: str | None) -> list[Order]:
        """Open orders, of one symbol or of all, oldest first in each."""
        if symbol is not None:
            return list(self.open_orders.get(symbol, {}).values())
        return [order for each in self.open_orders.values() for order in each.values()]

    def open_in_book(self, symbol: str) -> list[Order]:
        """Open orders that are in the book, oldest first."""
        return [
            order
            for order in self.open_orders.get(symbol, {}).values()
            if order.status is not OrderStatus.UNTRIGGERED
        ]

    def _release(self, symbol: str) -> None:
        position = self.positions.get(symbol)
        if not self.open_orders.get(symbol) and (position is None or not position.quantity):
            self.held.pop(symbol, None)
