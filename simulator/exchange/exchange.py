"""The exchange model as its users see it: orders in, facts out, and what can be read meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import simpy

from simulator.exchange.facts import Fact, PriceFact
from simulator.exchange.instruments import Instrument
from simulator.exchange.listings import Fees, Listing
from simulator.exchange.margin import Margin, SymbolMargin
from simulator.exchange.marketdata import Book, Candle, MarketTrade, Ticker
from simulator.exchange.orders import Fill, Order, OrderRequest
from simulator.exchange.positions import Position, Wallet
from simulator.exchange.visibility import Visibility
from simulator.randomness import Streams


class Exchange:
    """One exchange: markets, accounts, and the matching between them.

    All times are `env.now`: integer nanoseconds since the epoch. Facts are told synchronously, in
    the order in which they happen, after the state they speak of is in force.
    """

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
        first_order_id: int = 1,
        first_trade_id: int = 1,
    ) -> None:
        raise NotImplementedError

    instruments: Mapping[str, Instrument]
    settle_asset: str
    fees: Fees
    visibility: Visibility

    # -- running ---------------------------------------------------------------------------

    def start(self) -> None:
        """Let prices act from now on: trigger conditional orders and fill resting ones."""

    def listen(self, callback: Callable[[Fact], None], *, prices: bool = True) -> None:
        """Tell every fact to `callback`; without `prices`, no PriceFact.

        A symbol in which nobody has an open order and whose prices nobody listens to costs no
        time: leave prices out and `watch` single symbols where only some are of interest.
        """

    def watch(self, symbol: str, callback: Callable[[PriceFact], None]) -> None:
        """Tell the PriceFacts of one symbol to `callback`."""

    def unwatch(self, symbol: str, callback: Callable[[PriceFact], None]) -> None:
        """Stop what `watch` began. Raises ValueError if it did not."""

    # -- accounts --------------------------------------------------------------------------

    def open_account(self, account: str, deposit: Decimal, leverage: int = 20) -> None:
        """Open an account; `leverage` holds for every symbol until it is set, capped by each."""

    def set_leverage(self, account: str, symbol: str, leverage: int) -> None:
        """Set the leverage of a symbol and tell a LeverageFact.

        Raises Rejection: LEVERAGE_INVALID, LEVERAGE_UNCHANGED, or MARGIN_INSUFFICIENT where
        open positions and orders could not be carried with it.
        """

    def set_isolated(self, account: str, symbol: str, isolated: bool) -> None:
        """Set the margin type. Raises Rejection: MARGIN_TYPE_UNCHANGED, _HAS_ORDERS, _HAS_POSITION."""

    def leverage(self, account: str, symbol: str) -> int: ...
    def isolated(self, account: str, symbol: str) -> bool: ...

    # -- orders ----------------------------------------------------------------------------

    def place(self, account: str, request: OrderRequest) -> Order:
        """Place an order; a marketable one is matched at once, and the result is returned.

        Raises Rejection, and then nothing has changed.
        """
        raise NotImplementedError

    def cancel(
        self,
        account: str,
        symbol: str,
        *,
        order_id: int | None = None,
        client_order_id: str | None = None,
    ) -> Order:
        """Cancel an open order. Raises Rejection UNKNOWN_ORDER if it is not open."""
        raise NotImplementedError

    def cancel_all(
        self, account: str, symbol: str, conditional: bool | None = None
    ) -> list[Order]:
        """Cancel open orders in order of age: all, only untriggered conditional ones (True), or
        only those in the book (False)."""
        raise NotImplementedError

    # -- market data -----------------------------------------------------------------------

    def last_price(self, symbol: str) -> Decimal: ...
    def mark_price(self, symbol: str) -> Decimal: ...
    def ticker(self, symbol: str) -> Ticker: ...
    def book(self, symbol: str, levels: int) -> Book: ...

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
        `start_ns` is given, else the last.
        """
        raise NotImplementedError

    def market_trades(self, symbol: str, limit: int = 500) -> list[MarketTrade]:
        """The last trades of the public tape, oldest first."""
        raise NotImplementedError

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
        raise NotImplementedError

    def orders(self, account: str, symbol: str | None = None) -> list[Order]: ...
    def open_orders(self, account: str, symbol: str | None = None) -> list[Order]: ...

    def position(self, account: str, symbol: str) -> Position:
        """The position; flat and with `updated_ns` 0 where there never was one."""
        raise NotImplementedError

    def positions(self, account: str) -> list[Position]:
        """Positions that are not flat or once were not."""
        raise NotImplementedError

    def wallet(self, account: str) -> Wallet: ...
    def margin(self, account: str) -> Margin: ...
    def symbol_margin(self, account: str, symbol: str) -> SymbolMargin: ...
    def fills(self, account: str, symbol: str | None = None) -> list[Fill]: ...

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
        raise NotImplementedError

    def seen_orders(self, account: str, symbol: str | None = None) -> list[Order]: ...
    def seen_open_orders(self, account: str, symbol: str | None = None) -> list[Order]: ...
    def seen_position(self, account: str, symbol: str) -> Position: ...
    def seen_positions(self, account: str) -> list[Position]: ...
    def seen_wallet(self, account: str) -> Wallet: ...
    def seen_fills(self, account: str, symbol: str | None = None) -> list[Fill]: ...
