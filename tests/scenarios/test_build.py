"""Scenario parts become exactly the objects that the simulator takes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from scenarios import build
from scenarios.loader import load_text
from scenarios.schema import Scenario
from scenarios.venues import host_names
from simulator.binance import PROFILES, Binance
from simulator.clock import Clock
from simulator.distributions import Fixed, Uniform
from simulator.exchange.behaviour import (
    Behaviour,
    FaultKind,
    FaultRule,
    LagRule,
    LatencyRule,
    LimitRule,
    Span,
)
from simulator.exchange.exchange import Exchange
from simulator.exchange.prices import Constant, Points, RandomWalk
from simulator.randomness import Streams
from simulator.venues import kind

START_NS = 1_761_676_440_000_000_000
S = 1_000_000_000
TEXT = """\
name: built
title: Built
start: 2025-10-28T22:34:00+04:00
until: +60 s
links:
  - {between: [bot, fapi.binance.com], latency: 175 ms}
  - {between: [bot, binance], there: 1 ms, back: {uniform: [2 ms, 3 ms]}}
venues:
  binance:
    profile: "2025-10"
    balance: 1000
    instruments:
      AUSDT:
        {tick_size: 0.0001, step_size: 0.1, min_notional: 7, max_leverage: 20, next_order_id: 77,
         price: {constant: 1.5}, mark_price: {points: [[+1 s, 1.4], [+2 s, 1.6]], linear: true},
         book: {quantity: 50, levels: 3, spread_ticks: 2, offset: 0.01, refill: 0 s}}
      BUSDC:
        {tick_size: 1, step_size: 1, quote: USDC,
         price: {random_walk: {start: 90, sigma: 0.001}, every: 5 s}}
    positions:
      - {symbol: AUSDT, quantity: -20, stop: 1.8}
    behaviour:
      latency: [{endpoint: POST /fapi/v1/order, reply: 2 ms, since: +5 s, until: +6 s}]
      visibility: [{window: stream.*, lag: 64 ms, symbol: AUSDT}]
      limits: [{name: REQUEST_WEIGHT, limit: 10, per: 1 min}]
      settings: {listen_key_life: 5 min, retry_after: false}
      faults:
        - {name: lost, endpoint: POST /fapi/v1/order, kind: reply_lost, nth: [2, 3], times: 1}
        - {name: down, endpoint: GET *, kind: error, status: 503, body: "{}", probability: 0.5}
stimulus:
  - {at: +5 s, signal: {id: 1, symbol: AUSDT, side: BUY, scores: [1, 2]}}
expect:
  current: {outcome: opened}
"""


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_text(TEXT, "built.yaml")


def test_a_link_is_two_directions(scenario: Scenario) -> None:
    assert list(build.one_ways(scenario)) == [
        ("bot", "fapi.binance.com", Fixed(175_000_000)),
        ("fapi.binance.com", "bot", Fixed(175_000_000)),
        ("bot", "binance", Fixed(1_000_000)),
        ("binance", "bot", Uniform(2_000_000, 3_000_000)),
    ]


def test_a_listing_has_the_filters_the_prices_and_the_book(scenario: Scenario) -> None:
    first, second = build.listings(scenario.venues["binance"])
    assert first.instrument.base == "A"
    assert first.instrument.min_notional == Decimal(7)
    assert first.instrument.max_leverage == 20
    assert first.instrument.min_quantity == Decimal("0.1")
    assert first.next_order_id == 77
    assert first.prices == Constant(Decimal("1.5"))
    assert first.mark == Points(
        ((START_NS + S, Decimal("1.4")), (START_NS + 2 * S, Decimal("1.6"))), linear=True
    )
    assert (first.book.levels, first.book.offset, first.book.refill_ns) == (3, Decimal("0.01"), 0)
    assert (second.instrument.base, second.instrument.quote) == ("B", "USDC")
    assert second.prices == RandomWalk(Decimal(90), sigma=0.001, interval_ns=5 * S)


def test_behaviour_is_carried_over_rule_by_rule(scenario: Scenario) -> None:
    assert build.behaviour("binance", scenario.venues["binance"]) == Behaviour(
        latency=(
            LatencyRule(
                endpoint="POST /fapi/v1/order",
                reply=Fixed(2_000_000),
                span=Span(START_NS + 5 * S, START_NS + 6 * S),
            ),
        ),
        visibility=(LagRule(window="stream.*", lag=Fixed(64_000_000), symbol="AUSDT"),),
        limits=(LimitRule(name="REQUEST_WEIGHT", limit=10, interval_ns=60 * S),),
        settings={"listen_key_life_ns": 300 * S, "retry_after": False},
        faults=(
            FaultRule(
                name="lost",
                endpoint="POST /fapi/v1/order",
                kind=FaultKind.REPLY_LOST,
                nth=frozenset({2, 3}),
                times=1,
            ),
            FaultRule(
                name="down",
                endpoint="GET *",
                kind=FaultKind.ERROR,
                status=503,
                body="{}",
                probability=0.5,
            ),
        ),
    )


def test_an_account_can_begin_with_a_position_and_its_stop(scenario: Scenario) -> None:
    venue = scenario.venues["binance"]
    exchange = Exchange(Clock(START_NS), build.listings(venue), streams=Streams(1), name="binance")
    exchange.open_account("bot", venue.balance, venue.leverage)
    build.open_positions(exchange, "bot", venue)
    assert exchange.position("bot", "AUSDT").quantity == -20
    (stop,) = exchange.open_orders("bot", "AUSDT")
    assert (stop.trigger_price, stop.reduce_only, stop.side.value) == (
        Decimal("1.8"),
        True,
        "BUY",
    )


def test_hosts_and_profiles_are_the_venues_own() -> None:
    assert host_names("binance") == ("binance", *Binance.HOSTS)
    assert kind("binance").profiles is PROFILES
