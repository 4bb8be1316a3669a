"""Exchanges made for tests: two symbols, one account with 10,000 USDT, facts in a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import simpy
from hypothesis import settings

from simulator.exchange import (
    BookShape,
    Constant,
    Exchange,
    Fact,
    Fees,
    Instrument,
    LagRule,
    Listing,
    Order,
    OrderFact,
    OrderRequest,
    OrderType,
    PricePath,
    Reason,
    Side,
    TimeInForce,
    Visibility,
)
from simulator.randomness import Streams

START_NS = 1_761_676_440_000_000_000
SECOND_NS = 1_000_000_000
MS_NS = 1_000_000
ACCOUNT = "bot"
D = Decimal

PROPERTY = settings(derandomize=True, deadline=None, max_examples=40, database=None)

BTC = Instrument(
    symbol="BTCUSDT",
    base="BTC",
    tick_size=D("0.10"),
    step_size=D("0.001"),
    min_price=D("556.80"),
    max_price=D("4529764"),
    min_quantity=D("0.001"),
    max_quantity=D("1000"),
    max_market_quantity=D("120"),
    min_notional=D("100"),
    max_leverage=125,
    band_up=D("1.05"),
    band_down=D("0.95"),
    market_take_bound=D("0.05"),
)
SKL = Instrument(
    symbol="SKLUSDT",
    base="SKL",
    tick_size=D("0.00001"),
    step_size=D("1"),
    min_price=D("0.00001"),
    max_price=D("2000"),
    min_quantity=D("1"),
    max_quantity=D("10000000"),
    max_market_quantity=D("1000000"),
    min_notional=D("5"),
)


def clock() -> simpy.Environment:
    return simpy.Environment(initial_time=START_NS)


def pass_to(env: simpy.Environment, now_ns: int) -> None:
    """Move the clock on, just before what is due at that moment; simpy balks at standing still."""
    if now_ns > env.now:
        env.run(until=now_ns)


def after(seconds: float) -> int:
    """The time `seconds` after the start."""
    return START_NS + round(seconds * SECOND_NS)


@dataclass(slots=True)
class Venue:
    """An exchange with its clock and what it told."""

    env: simpy.Environment
    exchange: Exchange
    facts: list[Fact] = field(default_factory=list)

    def run_to(self, seconds: float) -> None:
        """Let time pass until `seconds` after the start, that moment included."""
        pass_to(self.env, after(seconds) + 1)

    def order_facts(self) -> list[OrderFact]:
        return [fact for fact in self.facts if isinstance(fact, OrderFact)]

    def changes(self) -> list[str]:
        """What happened to orders, in order."""
        return [fact.change.value for fact in self.order_facts()]

    def market(self, side: Side, quantity: str, **fields: Any) -> Order:
        return self.place(side, OrderType.MARKET, quantity, **fields)

    def limit(self, side: Side, quantity: str, price: str, **fields: Any) -> Order:
        return self.place(side, OrderType.LIMIT, quantity, price=D(price), **fields)

    def stop(self, side: Side, quantity: str | None, trigger: str, **fields: Any) -> Order:
        return self.place(side, OrderType.STOP_MARKET, quantity, trigger_price=D(trigger), **fields)

    def place(
        self,
        side: Side,
        kind: OrderType,
        quantity: str | None,
        symbol: str = "SKLUSDT",
        account: str = ACCOUNT,
        **fields: Any,
    ) -> Order:
        request = OrderRequest(
            symbol=symbol,
            side=side,
            type=kind,
            quantity=None if quantity is None else D(quantity),
            time_in_force=fields.pop("time_in_force", TimeInForce.GTC),
            **fields,
        )
        return self.exchange.place(account, request)


def venue(
    prices: PricePath | None = None,
    *,
    book: BookShape | None = None,
    mark: PricePath | None = None,
    lags: Sequence[LagRule] = (),
    seed: int = 1,
    deposit: str = "10000",
    fees: Fees | None = None,
    listings: Sequence[Listing] | None = None,
    instrument: Instrument = SKL,
    accepts_first: frozenset[Reason] = frozenset(),
    **changes: Any,
) -> Venue:
    """One symbol, SKLUSDT at 0.02 by default; `changes` are to its instrument."""
    env = clock()
    streams = Streams(seed)
    listing = Listing(
        instrument=replace(instrument, **changes),
        prices=Constant(D("0.02")) if prices is None else prices,
        book=BookShape() if book is None else book,
        mark=mark,
    )
    exchange = Exchange(
        env,
        (listing,) if listings is None else listings,
        streams=streams,
        name="venue",
        visibility=Visibility(env, lags, streams, "venue") if lags else None,
        fees=fees or Fees(),
        accepts_first=accepts_first,
    )
    exchange.open_account(ACCOUNT, D(deposit))
    made = Venue(env, exchange)
    exchange.listen(made.facts.append)
    exchange.start()
    return made
