"""What can be read of an exchange: market data, the accounts' truth, and what clients see of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import simpy

from simulator.exchange.exact import exact
from simulator.exchange.instruments import Instrument
from simulator.exchange.ledger import Ledger
from simulator.exchange.margin import (
    Margin,
    SymbolMargin,
    account_margin,
    leverage_of,
    symbol_margin,
)
from simulator.exchange.market import Market
from simulator.exchange.marketdata import Book, Candle, MarketTrade, Ticker
from simulator.exchange.orders import Fill, Order
from simulator.exchange.positions import Position, Wallet
from simulator.exchange.rejections import Reason, Rejection
from simulator.exchange.visibility import Visibility
from simulator.exchange.windows import Windows


class Readings:
    """The half of `Exchange` that changes nothing."""

    def __init__(
        self, env: simpy.Environment, markets: dict[str, Market], visibility: Visibility
    ) -> None:
        self.visibility = visibility
        self.instruments: Mapping[str, Instrument] = {
            symbol: market.instrument for symbol, market in markets.items()
        }
        self._env = env
        self._markets = markets
        self._ledgers: dict[str, Ledger] = {}
        self._windows = Windows(visibility)

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

    def leverage(self, account: str, symbol: str) -> int:
        return leverage_of(self._ledger(account), self._market(symbol))

    def isolated(self, account: str, symbol: str) -> bool:
        return self._ledger(account).isolated.get(symbol, False)

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
        symbols = ledger.symbols(symbol)
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
        symbols = ledger.symbols(symbol)
        return [order for each in symbols for order in self._windows.orders(ledger, each)]

    def seen_open_orders(self, account: str, symbol: str | None = None) -> list[Order]:
        """What the `open_orders` window lists; an ended order may still be among them."""
        return self._windows.open_orders(self._ledger(account), symbol)

    def seen_order_history(self, account: str, symbol: str | None = None) -> list[Order]:
        """All orders that the `order_history` window shows, oldest first in each symbol."""
        ledger = self._ledger(account)
        symbols = ledger.symbols(symbol)
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
