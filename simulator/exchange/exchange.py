"""The exchange model as its users see it: orders in, facts out, and what can be read meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import count

import simpy

from simulator.exchange.behaviour import LagRule
from simulator.exchange.exact import exact
from simulator.exchange.facts import Fact, LeverageFact, OrderFact, PriceFact
from simulator.exchange.instruments import Instrument
from simulator.exchange.ledger import Ledger
from simulator.exchange.listings import Fees, Listing
from simulator.exchange.margin import (
    Margin,
    SymbolMargin,
    account_margin,
    leverage_of,
    symbol_margin,
)
from simulator.exchange.market import Market
from simulator.exchange.marketdata import Book, Candle, MarketTrade, Ticker
from simulator.exchange.matching import Matcher
from simulator.exchange.orders import Fill, Order, OrderRequest, OrderStatus
from simulator.exchange.positions import Position, Wallet
from simulator.exchange.rejections import Reason, Rejection
from simulator.exchange.ticks import Ticks
from simulator.exchange.visibility import Visibility
from simulator.exchange.windows import Windows
from simulator.randomness import Streams


class Exchange:
    """One exchange: markets, accounts, and the matching between them.

    All times are `env.now`: integer nanoseconds since the epoch. `order_ids` gives each order
    its number (1, 2, 3, ... by default); an order refused for one of `accepts_first` is taken
    and ends at once instead. Facts are told synchronously, in
    the order in which they happen, after the state they speak of is in force.
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
        self._env = env
        self.name = name
        self.fees = fees
        self.settle_asset = settle_asset
        self.visibility = Visibility(env, (), streams, name) if visibility is None else visibility
        self._markets: dict[str, Market] = {}
        for listing in listings:
            symbol = listing.instrument.symbol
            if symbol in self._markets:
                raise ValueError(f"{symbol} is listed twice")
            self._markets[symbol] = Market(env, listing, streams, name)
        self.instruments: Mapping[str, Instrument] = {
            symbol: market.instrument for symbol, market in self._markets.items()
        }
        self._ledgers: dict[str, Ledger] = {}
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
        self._windows = Windows(self.visibility)
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

    def leverage(self, account: str, symbol: str) -> int:
        return leverage_of(self._ledger(account), self._market(symbol))

    def isolated(self, account: str, symbol: str) -> bool:
        return self._ledger(account).isolated.get(symbol, False)

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

    # -- market data -----------------------------------------------------------------------

    def last_price(self, symbol: str) -> Decimal:
        """The last price, on the tick."""
        return self._market(symbol).last

    def mark_price(self, symbol: str) -> Decimal:
        """The mark price, with 8 decimals."""
        return self._market(symbol).mark

    @exact
    def ticker(self, symbol: str) -> Ticker:
        """The 24 hours up to now, whether or not the exchange was running."""
        return self._market(symbol).tape.ticker(int(self._env.now))

    @exact
    def book(self, symbol: str, levels: int) -> Book:
        """The best `levels` of both sides; clients' own resting orders are not part of it."""
        return self._market(symbol).book(levels)

    @exact
    def candles(
        self,
        symbol: str,
        interval_ns: int,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> list[Candle]:
        """Candles in ascending order, the current one included.

        Those that open from `start_ns` to `end_ns`, both included: the first `limit` of them where
        `start_ns` is given, else the last. They start at multiples of the interval since the
        epoch, weekly ones on Mondays.
        """
        tape = self._market(symbol).tape
        return tape.candles(interval_ns, start_ns, end_ns, limit, int(self._env.now))

    @exact
    def market_trades(self, symbol: str, limit: int = 500) -> list[MarketTrade]:
        """The last trades of the public tape, oldest first; clients' fills are not among them."""
        return self._market(symbol).tape.trades(limit, int(self._env.now))

    # -- the truth -------------------------------------------------------------------------

    def order(
        self,
        account: str,
        symbol: str,
        *,
        order_id: int | None = None,
        client_order_id: str | None = None,
    ) -> Order | None:
        """The order as it is; of several with one client id the latest."""
        ledger = self._ledger(account)
        if order_id is None:
            ids = ledger.client_ids.get((symbol, client_order_id or ""))
            if not ids:
                return None
            order_id = ids[-1]
        return ledger.orders.get(symbol, {}).get(order_id)

    def orders(self, account: str, symbol: str | None = None) -> list[Order]:
        """All orders ever, of one symbol or by symbol, oldest first."""
        ledger = self._ledger(account)
        symbols = ledger.orders if symbol is None else (symbol,)
        return [order for each in symbols for order in ledger.orders.get(each, {}).values()]

    def open_orders(self, account: str, symbol: str | None = None) -> list[Order]:
        """Open orders, conditional ones among them, oldest first in each symbol."""
        return self._ledger(account).all_open(symbol)

    def position(self, account: str, symbol: str) -> Position:
        """The position; flat and with `updated_ns` 0 where there never was one."""
        return self._ledger(account).position(symbol)

    def positions(self, account: str) -> list[Position]:
        """The positions of all symbols ever traded, flat ones too."""
        return list(self._ledger(account).positions.values())

    def wallet(self, account: str) -> Wallet:
        return self._ledger(account).wallet

    @exact
    def margin(self, account: str) -> Margin:
        """What the account's positions and resting orders bind, at the prices of now."""
        return account_margin(self._ledger(account), self._markets)

    @exact
    def symbol_margin(self, account: str, symbol: str) -> SymbolMargin:
        """One symbol's part of it."""
        return symbol_margin(self._ledger(account), self._market(symbol))

    def fills(self, account: str, symbol: str | None = None) -> list[Fill]:
        """All fills ever, in the order in which they happened."""
        fills = self._ledger(account).fills
        return [fill for fill in fills if symbol in (None, fill.symbol)]

    # -- as a client sees it ---------------------------------------------------------------

    def seen_order(
        self,
        account: str,
        symbol: str,
        *,
        order_id: int | None = None,
        client_order_id: str | None = None,
    ) -> Order | None:
        """The order as the `order` window shows it; None while it is not yet visible there."""
        return self._windows.order(self._ledger(account), symbol, order_id, client_order_id)

    def seen_orders(self, account: str, symbol: str | None = None) -> list[Order]:
        """All orders that the `order` window shows, oldest first in each symbol."""
        ledger = self._ledger(account)
        symbols = tuple(ledger.orders) if symbol is None else (symbol,)
        return [order for each in symbols for order in self._windows.orders(ledger, each)]

    def seen_open_orders(self, account: str, symbol: str | None = None) -> list[Order]:
        """What the `open_orders` window lists; an ended order may still be among them."""
        return self._windows.open_orders(self._ledger(account), symbol)

    def seen_order_history(self, account: str, symbol: str | None = None) -> list[Order]:
        """All orders that the `order_history` window shows, oldest first in each symbol."""
        ledger = self._ledger(account)
        symbols = tuple(ledger.orders) if symbol is None else (symbol,)
        return [order for each in symbols for order in self._windows.history(ledger, each)]

    def seen_entry_price(self, account: str, symbol: str) -> Decimal | None:
        """The seen position's entry price; None while the `entry_price` window hides it."""
        return self._windows.entry_price(self._ledger(account), symbol)

    def seen_position(self, account: str, symbol: str) -> Position:
        """The position as the `positions` window shows it."""
        return self._windows.position(self._ledger(account), symbol)

    def seen_positions(self, account: str) -> list[Position]:
        """The positions that the `positions` window shows, flat ones too."""
        return self._windows.positions(self._ledger(account))

    def seen_wallet(self, account: str) -> Wallet:
        """The wallet as the `balance` window shows it."""
        return self._windows.wallet(self._ledger(account))

    def seen_fills(self, account: str, symbol: str | None = None) -> list[Fill]:
        """The fills that the `fills` window shows."""
        return self._windows.fills(self._ledger(account), symbol)

    # -- inside ----------------------------------------------------------------------------

    def _market(self, symbol: str) -> Market:
        market = self._markets.get(symbol)
        if market is None:
            raise Rejection(Reason.UNKNOWN_SYMBOL, symbol)
        return market

    def _ledger(self, account: str) -> Ledger:
        ledger = self._ledgers.get(account)
        if ledger is None:
            raise ValueError(f"account {account!r} is not open: call open_account first")
        return ledger

    def _tell_order(self, fact: OrderFact) -> None:
        self._windows.publish(fact)
        self._tell(fact)

    def _tell(self, fact: OrderFact | LeverageFact) -> None:
        for listener in self._listeners:
            listener(fact)
