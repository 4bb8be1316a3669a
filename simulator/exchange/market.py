"""One listed symbol while the exchange runs: its prices now, its depth, its open orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import simpy

from simulator.exchange.book import Depth
from simulator.exchange.exact import eight_decimals, exact
from simulator.exchange.facts import PriceFact
from simulator.exchange.listings import Listing
from simulator.exchange.marketdata import Book
from simulator.exchange.orders import Order, Side, TriggerBy
from simulator.exchange.prices import Steered
from simulator.exchange.tape import Tape, on_tick
from simulator.randomness import Streams

NEVER_NS = 1 << 80


class Market:
    """Prices are read off the path when somebody looks, and kept until the path moves on."""

    def __init__(
        self, env: simpy.Environment, listing: Listing, streams: Streams, name: str
    ) -> None:
        self._env = env
        now_ns = int(env.now)
        self.instrument = listing.instrument
        self.symbol = listing.instrument.symbol
        stream = f"{name}.prices.{self.symbol}"
        self._quotes = listing.prices.bind(streams[stream], now_ns)
        self._mark_quotes = (
            None
            if listing.mark is None
            else listing.mark.bind(streams[f"{name}.marks.{self.symbol}"], now_ns)
        )
        self.depth = Depth(listing.book, listing.instrument)
        self.tape = Tape(
            listing.instrument,
            self._quotes,
            listing.daily_volume,
            streams[f"{name}.tape.{self.symbol}"].getrandbits(63),
        )
        self.next_order_id = listing.next_order_id
        self.waiting: dict[int, Order] = {}
        """Conditional orders that are not triggered yet, of all accounts, oldest first."""
        self.resting: dict[int, Order] = {}
        """Orders in the book, of all accounts, oldest first."""
        self.watchers: list[Callable[[PriceFact], None]] = []
        self.armed = False
        """Whether a tick is scheduled."""
        self._last = self._mark = Decimal(0)
        self._until_ns = 0
        self.refresh(now_ns)
        self.settled_until_ns = self._until_ns
        """Up to when triggers and resting orders have had their say."""

    @property
    def now_ns(self) -> int:
        return int(self._env.now)

    @property
    def last(self) -> Decimal:
        now_ns = int(self._env.now)
        if now_ns >= self._until_ns:
            self.refresh(now_ns)
        return self._last

    @property
    def mark(self) -> Decimal:
        now_ns = int(self._env.now)
        if now_ns >= self._until_ns:
            self.refresh(now_ns)
        return self._mark

    def price(self, trigger_by: TriggerBy) -> Decimal:
        return self.mark if trigger_by is TriggerBy.MARK else self.last

    def next_change_ns(self, now_ns: int) -> int:
        """When the prices next differ from what they are now; `NEVER_NS` if they stay."""
        if now_ns >= self._until_ns:
            self.refresh(now_ns)
        return self._until_ns

    @exact
    def refresh(self, now_ns: int) -> None:
        """Read the prices of `now_ns` off their paths."""
        price = self._quotes.price_at(now_ns)
        last = on_tick(price, self.instrument.tick_size)
        if last != self._last:
            self._last = last
        until_ns = self._quotes.next_change_ns(now_ns)
        self._until_ns = NEVER_NS if until_ns is None else until_ns
        if self._mark_quotes is not None:
            price = self._mark_quotes.price_at(now_ns)
            until_ns = self._mark_quotes.next_change_ns(now_ns)
            if until_ns is not None and until_ns < self._until_ns:
                self._until_ns = until_ns
        self._mark = eight_decimals(price)

    def steer(self, price: Decimal, mark: Decimal | None) -> None:
        """Last and mark price are these from now on (`mark` None: the same), not their paths'.

        Raises ValueError for a price that is not above 0.
        """
        now_ns = int(self._env.now)
        mark_before = self._quotes if self._mark_quotes is None else self._mark_quotes
        # Both are made before either counts, so that a price that cannot be changes nothing.
        last_quotes = Steered(self._quotes, now_ns, price)
        mark_quotes = Steered(mark_before, now_ns, price if mark is None else mark)
        self._quotes, self._mark_quotes = last_quotes, mark_quotes
        self.tape = replace(self.tape, quotes=last_quotes)
        self.refresh(now_ns)

    def book(self, levels: int) -> Book:
        """A snapshot of the depth; clients' own resting orders are not part of it."""
        last, now_ns = self.last, int(self._env.now)
        return Book(
            symbol=self.symbol,
            bids=self.depth.levels(Side.SELL, last, now_ns, levels),
            asks=self.depth.levels(Side.BUY, last, now_ns, levels),
            # Microseconds and takings both never fall, so neither does their sum, and it stays
            # equal only where both do.
            update_id=now_ns // 1000 + self.depth.changes,
        )
