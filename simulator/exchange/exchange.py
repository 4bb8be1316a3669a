"""The exchange model as its users see it: orders in, facts out; `Readings` is what can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import count

import simpy

from simulator.exchange.behaviour import LagRule
from simulator.exchange.exact import exact
from simulator.exchange.facts import Fact, LeverageFact, OrderFact, PriceFact
from simulator.exchange.ledger import Ledger
from simulator.exchange.listings import Fees, Listing
from simulator.exchange.margin import leverage_of
from simulator.exchange.market import Market
from simulator.exchange.matching import Matcher
from simulator.exchange.orders import Order, OrderRequest, OrderStatus
from simulator.exchange.positions import Wallet
from simulator.exchange.readings import Readings
from simulator.exchange.rejections import Reason, Rejection
from simulator.exchange.ticks import Ticks
from simulator.exchange.visibility import Visibility
from simulator.randomness import Streams


class Exchange(Readings):
    """One exchange: markets, accounts, and the matching between them.

    All times are `env.now`: integer nanoseconds since the epoch. `order_ids` gives each order
    its number (1, 2, 3, ... by default); an order refused for one of `accepts_first` is taken
    and ends at once instead. Facts are told synchronously, in the order in which they happen, after
    the state they speak of is in force.
    """

    @exact
    def __init__(
        self,
        env: simpy.Environment,
        listings: Sequence[Listing],
        *,
        streams: Streams,
        name: str,
        visibility: Visibility | None = None,
        fees: Fees = Fees(),  # noqa: B008
        settle_asset: str = "USDT",
        order_ids: Iterator[int] | None = None,
        accepts_first: frozenset[Reason] = frozenset(),
        first_trade_id: int = 1,
    ) -> None:
        if visibility is None:
            visibility = Visibility(env, (), streams, name)
        markets: dict[str, Market] = {}
        for listing in listings:
            symbol = listing.instrument.symbol
            if symbol in markets:
                raise ValueError(f"{symbol} is listed twice")
            markets[symbol] = Market(env, listing, streams, name)
        super().__init__(env, markets, visibility)
        self.name = name
        self.fees = fees
        self.settle_asset = settle_asset
        self._matcher = Matcher(
            env,
            self._markets,
            self._ledgers,
            fees=fees,
            order_ids=count(1) if order_ids is None else order_ids,
            accepts_first=accepts_first,
            first_trade_id=first_trade_id,
            tell=self._tell_order,
        )
        self._listeners: list[Callable[[Fact], None]] = []
        self._ticks = Ticks(env, self._markets, self._matcher.move)

    # -- running ---------------------------------------------------------------------------

    def start(self) -> None:
        """Let prices act from now on: trigger conditional orders and fill resting ones."""
        self._ticks.start()

    def listen(self, callback: Callable[[Fact], None], *, prices: bool = True) -> None:
        """Tell every fact to `callback`; without `prices`, no PriceFact.

        A callback must not place or cancel. A symbol in which nobody has an open order and whose
        prices nobody listens to costs no time: leave prices out and `watch` single symbols where
        only some are of interest.
        """
        self._listeners.append(callback)
        if prices:
            self._ticks.listen(callback)

    def watch(self, symbol: str, callback: Callable[[PriceFact], None]) -> None:
        """Tell the PriceFacts of one symbol to `callback`."""
        self._ticks.watch(self._market(symbol), callback)

    def unwatch(self, symbol: str, callback: Callable[[PriceFact], None]) -> None:
        """Stop what `watch` began. Raises ValueError if it did not."""
        self._market(symbol).watchers.remove(callback)

    @exact
    def set_price(self, symbol: str, price: Decimal, mark: Decimal | None = None) -> None:
        """Last and mark price of a symbol are these from now on (`mark` None: the same).

        Orders that this triggers or fills act at once. Raises ValueError for a price that is not
        above 0, Rejection UNKNOWN_SYMBOL.
        """
        market = self._market(symbol)
        self._ticks.settle(market)
        market.steer(price, mark)
        self._ticks.turn(market)

    def add_lags(self, rules: Sequence[LagRule]) -> None:
        """Further rules of visibility, as if written after the others; they hold for what happens
        from now on. What has happened so far is seen."""
        self.visibility.add(rules)
        self._windows.learn(self._ledgers.values())

    # -- accounts --------------------------------------------------------------------------

    def open_account(self, account: str, deposit: Decimal, leverage: int = 20) -> None:
        """Open an account; `leverage` holds for every symbol until it is set, capped by each.

        Raises ValueError for an account that is open already and for a leverage below 1.
        """
        if account in self._ledgers:
            raise ValueError(f"account {account!r} is open already")
        if leverage < 1:
            raise ValueError(f"leverage must be at least 1, was {leverage}")
        ledger = Ledger(account, self.settle_asset, deposit, leverage, int(self._env.now))
        self._ledgers[account] = ledger
        self._windows.publish_wallet(ledger.wallet, lag_ns=0)

    @exact
    def deposit(self, account: str, amount: Decimal) -> Wallet:
        """Add to the wallet, or take from it where `amount` is below zero. Tells no fact."""
        ledger = self._ledger(account)
        ledger.credit(amount, int(self._env.now))
        self._windows.publish_wallet(ledger.wallet)
        return ledger.wallet

    @exact
    def set_leverage(self, account: str, symbol: str, leverage: int) -> None:
        """Set the leverage of a symbol and tell a LeverageFact.

        Raises Rejection: LEVERAGE_INVALID, LEVERAGE_UNCHANGED, or MARGIN_INSUFFICIENT where
        open positions and orders could not be carried with it.
        """
        ledger, market = self._ledger(account), self._market(symbol)
        before, most = leverage_of(ledger, market), market.instrument.max_leverage
        if not 1 <= leverage <= most:
            raise Rejection(Reason.LEVERAGE_INVALID, f"{leverage} is not from 1 to {most}")
        if leverage == before:
            raise Rejection(Reason.LEVERAGE_UNCHANGED, f"{leverage}")
        ledger.leverages[symbol] = leverage
        if leverage < before and symbol in ledger.held and self.margin(account).free < 0:
            ledger.leverages[symbol] = before
            raise Rejection(Reason.MARGIN_INSUFFICIENT, f"for a leverage of {leverage}")
        self._tell(
            LeverageFact(
                time_ns=int(self._env.now), account=account, symbol=symbol, leverage=leverage
            )
        )

    def set_isolated(self, account: str, symbol: str, isolated: bool) -> None:
        """Set the margin type: a flag, isolated positions are margined as crossed ones are.

        Raises Rejection: MARGIN_TYPE_UNCHANGED, MARGIN_TYPE_HAS_ORDERS, MARGIN_TYPE_HAS_POSITION.
        """
        ledger = self._ledger(account)
        self._market(symbol)
        if isolated == ledger.isolated.get(symbol, False):
            raise Rejection(Reason.MARGIN_TYPE_UNCHANGED, symbol)
        if ledger.open_orders.get(symbol):
            raise Rejection(Reason.MARGIN_TYPE_HAS_ORDERS, symbol)
        if ledger.position(symbol).quantity:
            raise Rejection(Reason.MARGIN_TYPE_HAS_POSITION, symbol)
        ledger.isolated[symbol] = isolated

    # -- orders ----------------------------------------------------------------------------

    @exact
    def place(self, account: str, request: OrderRequest) -> Order:
        """Place an order; a marketable one is matched at once, and the result is returned.

        Raises Rejection, and then nothing has changed; ValueError for a request that lacks what
        its type needs.
        """
        ledger, market = self._ledger(account), self._market(request.symbol)
        self._ticks.settle(market)
        order = self._matcher.place(ledger, market, request)
        if order.status.open:
            self._ticks.arm(market)
        return order

    @exact
    def cancel(
        self,
        account: str,
        symbol: str,
        *,
        order_id: int | None = None,
        client_order_id: str | None = None,
    ) -> Order:
        """Cancel an open order. Raises Rejection UNKNOWN_ORDER if it is not open.

        Of several orders with one client id the open one is meant; `order_id` wins over
        `client_order_id`.
        """
        ledger, market = self._ledger(account), self._market(symbol)
        self._ticks.settle(market)
        wanted = order_id
        if wanted is None and client_order_id is not None:
            wanted = ledger.open_client_ids.get(client_order_id)
        if wanted is None or wanted not in ledger.open_orders.get(symbol, {}):
            raise Rejection(
                Reason.UNKNOWN_ORDER, f"{symbol} {order_id if order_id else client_order_id}"
            )
        return self._matcher.cancel(ledger, market, wanted)

    @exact
    def cancel_all(self, account: str, symbol: str, conditional: bool | None = None) -> list[Order]:
        """Cancel open orders, oldest first, and return them.

        All of them, only untriggered conditional ones (True), or only those in the book (False).
        """
        ledger, market = self._ledger(account), self._market(symbol)
        self._ticks.settle(market)
        return [
            self._matcher.cancel(ledger, market, order.order_id)
            for order in ledger.all_open(symbol)
            if conditional in (None, order.status is OrderStatus.UNTRIGGERED)
        ]

    # -- inside ----------------------------------------------------------------------------

    def _tell_order(self, fact: OrderFact) -> None:
        self._windows.publish(fact)
        self._tell(fact)

    def _tell(self, fact: OrderFact | LeverageFact) -> None:
        for listener in self._listeners:
            listener(fact)
