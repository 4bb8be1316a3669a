"""Which changes of price are told, to whom, and what they cost."""

from __future__ import annotations

import pytest
import simpy

from simulator.exchange import (
    Exchange,
    Fact,
    Listing,
    OrderRequest,
    OrderType,
    Points,
    PriceFact,
    RandomWalk,
    Side,
)
from simulator.randomness import Streams
from tests.exchange.made import BTC, SKL, D, after, clock, venue


def two_markets() -> tuple[simpy.Environment, Exchange]:
    env = clock()
    listings = (
        Listing(instrument=SKL, prices=RandomWalk(D("0.02"))),
        Listing(instrument=BTC, prices=RandomWalk(D("90000"), interval_ns=2_000_000_000)),
    )
    exchange = Exchange(env, listings, streams=Streams(1), name="venue")
    exchange.open_account("bot", D(1000))
    exchange.start()
    return env, exchange


def stop_in_skl(exchange: Exchange) -> int:
    request = OrderRequest(
        symbol="SKLUSDT",
        side=Side.SELL,
        type=OrderType.STOP_MARKET,
        quantity=D(500),
        trigger_price=D("0.01"),
    )
    return exchange.place("bot", request).order_id


def test_a_listener_hears_every_change_of_every_price() -> None:
    env, exchange = two_markets()
    heard: list[Fact] = []
    exchange.listen(heard.append)
    env.run(until=after(4.5))
    told = [(fact.symbol, fact.time_ns) for fact in heard if isinstance(fact, PriceFact)]
    assert told == [
        ("SKLUSDT", after(1)),
        ("BTCUSDT", after(2)),
        ("SKLUSDT", after(2)),
        ("SKLUSDT", after(3)),
        ("BTCUSDT", after(4)),
        ("SKLUSDT", after(4)),
    ]


def test_the_new_price_is_in_force_when_it_is_told() -> None:
    prices = ((after(0), D("0.02")), (after(1), D("0.03")))
    made = venue(Points(prices))
    seen = []
    made.exchange.listen(lambda fact: seen.append(made.exchange.last_price("SKLUSDT")))
    made.run_to(1)
    assert seen == [D("0.03")]


def test_a_watcher_hears_its_symbol_until_it_stops() -> None:
    env, exchange = two_markets()
    heard: list[PriceFact] = []
    exchange.watch("SKLUSDT", heard.append)
    env.run(until=after(3.5))
    exchange.unwatch("SKLUSDT", heard.append)
    env.run(until=after(10))
    assert [fact.time_ns for fact in heard] == [after(1), after(2), after(3)]
    assert {fact.symbol for fact in heard} == {"SKLUSDT"}


def test_a_watcher_that_comes_late_hears_the_next_change_first() -> None:
    env, exchange = two_markets()
    env.run(until=after(7.5))
    heard: list[PriceFact] = []
    exchange.watch("SKLUSDT", heard.append)
    env.run(until=after(9.5))
    assert [fact.time_ns for fact in heard] == [after(8), after(9)]


def test_without_prices_a_listener_hears_of_orders_only() -> None:
    env, exchange = two_markets()
    heard: list[Fact] = []
    exchange.listen(heard.append, prices=False)
    exchange.cancel("bot", "SKLUSDT", order_id=stop_in_skl(exchange))
    env.run(until=after(5))
    assert [type(fact).__name__ for fact in heard] == ["OrderFact", "OrderFact"]


def test_a_market_that_concerns_nobody_schedules_nothing() -> None:
    env, exchange = two_markets()
    exchange.listen(lambda fact: None, prices=False)
    assert env.peek() == simpy.core.Infinity
    order_id = stop_in_skl(exchange)
    assert env.peek() == after(1)
    env.run(until=after(2.5))
    exchange.cancel("bot", "SKLUSDT", order_id=order_id)
    env.run()  # until nothing is scheduled any more
    assert env.now == after(3)


def test_prices_are_the_same_whether_or_not_somebody_listens() -> None:
    results = []
    for listens in (True, False):
        env, exchange = two_markets()
        if listens:
            exchange.listen(lambda fact: None)
        env.run(until=after(500))
        results.append([exchange.last_price(symbol) for symbol in exchange.instruments])
    assert results[0] == results[1]


def test_a_symbol_more_moves_no_other_price() -> None:
    walk = RandomWalk(D("0.02"), sigma=0.01)
    prices = []
    for listings in (
        (Listing(instrument=SKL, prices=walk),),
        (
            Listing(instrument=BTC, prices=RandomWalk(D("90000"))),
            Listing(instrument=SKL, prices=walk),
        ),
    ):
        made = venue(listings=listings)
        made.run_to(100)
        prices.append(made.exchange.last_price("SKLUSDT"))
    assert prices[0] == prices[1]


def test_a_symbol_is_listed_once() -> None:
    listing = Listing(instrument=SKL, prices=RandomWalk(D("0.02")))
    with pytest.raises(ValueError, match="SKLUSDT is listed twice"):
        Exchange(clock(), (listing, listing), streams=Streams(1), name="venue")
