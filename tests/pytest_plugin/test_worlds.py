"""Tests as users write them: they run in a world because they ask for one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import ccxt.async_support as ccxt
import pytest

from replay.pytest_plugin.staging import StagedScenario
from replay.pytest_plugin.venue import SimulatedVenue
from scenarios.errors import ScenarioError
from simulator import InputError, World

START = datetime(2026, 1, 1, tzinfo=UTC)


def client(venue: SimulatedVenue) -> ccxt.Exchange:
    make = {"binance": ccxt.binanceusdm, "bybit": ccxt.bybit}[venue.name]
    return make({"apiKey": venue.api_key, "secret": venue.secret})


async def buy(venue: SimulatedVenue, quantity: float = 0.01) -> None:
    async with client(venue) as exchange:
        await exchange.create_order("BTC/USDT:USDT", "market", "buy", quantity)


async def test_an_hour_of_sleep_is_an_hour_of_virtual_time(world: World) -> None:
    assert datetime.now(UTC) == START
    await asyncio.sleep(3600)
    assert datetime.now(UTC) - START == timedelta(hours=1)
    assert world.env.elapsed_ns == 3_600_000_000_000


def test_a_plain_test_sleeps_in_virtual_time_too_and_may_run_loops_of_its_own(
    binance: SimulatedVenue,
) -> None:
    time.sleep(3600)
    binance.advance(60)
    assert datetime.now(UTC) - START == timedelta(seconds=3660)
    asyncio.run(buy(binance))
    assert binance.positions == {"BTCUSDT": Decimal("0.01")}


async def test_a_bot_trades_at_both_venues(binance: SimulatedVenue, bybit: SimulatedVenue) -> None:
    for venue in (binance, bybit):
        await buy(venue)
        assert venue.positions == {"BTCUSDT": Decimal("0.01")}
        (order,) = venue.orders
        (fill,) = venue.fills
        assert (order.symbol, order.quantity) == ("BTCUSDT", Decimal("0.01"))
        assert fill.price == Decimal("60000.1")  # the ask: a tick above the price
        assert venue.open_orders == []
        assert venue.balance < 10_000  # the fee
    assert binance.url == "https://fapi.binance.com"
    assert bybit.url == "https://api.bybit.com"


async def test_a_price_that_is_set_triggers_stops(binance: SimulatedVenue) -> None:
    await buy(binance)
    async with client(binance) as exchange:
        stop = {"stopPrice": 59_000, "reduceOnly": True}
        await exchange.create_order("BTC/USDT:USDT", "STOP_MARKET", "sell", 0.01, params=stop)
    (resting,) = binance.open_orders
    binance.set_price("BTCUSDT", 59_000.5)
    assert (binance.price("BTCUSDT"), binance.open_orders) == (Decimal("59000.5"), [resting])
    binance.set_price("BTCUSDT", "58999.9")
    assert binance.open_orders == []
    assert binance.positions == {}


async def test_a_fault_that_is_added_fires_and_is_counted(binance: SimulatedVenue) -> None:
    binance.behave(
        faults=[
            {
                "name": "busy",
                "endpoint": "POST /fapi/v1/order",
                "kind": "error",
                "status": 503,
                "body": "{}",
                "nth": [1],
            }
        ]
    )
    with pytest.raises(ccxt.ExchangeNotAvailable):
        await buy(binance)
    assert (binance.faults_fired, binance.positions) == ({"busy": 1}, {})
    await buy(binance)
    assert (binance.faults_fired, len(binance.positions)) == ({"busy": 1}, 1)


def test_a_rule_that_a_scenario_could_not_have_is_told_with_the_line_of_the_call(
    binance: SimulatedVenue,
) -> None:
    with pytest.raises(ScenarioError, match=r"test_worlds\.py:\d+: .*did you mean 'endpoint'"):
        binance.behave(faults=[{"name": "x", "endpont": "GET /x", "kind": "reset"}])
    with pytest.raises(InputError, match=r"test_worlds\.py:\d+: limits .*write a scenario"):
        binance.behave(limits=[])
    with pytest.raises(InputError, match=r"'BTCUSD'; did you mean 'BTCUSDT'"):
        binance.set_price("BTCUSD", 1)
    with pytest.raises(InputError, match=r"BTCUSDT: .*above 0"):
        binance.set_price("BTCUSDT", 0)
    with pytest.raises(InputError, match=r"advance\(-1\).*backwards"):
        binance.advance(-1)


@pytest.fixture
async def bought(binance: SimulatedVenue) -> datetime:
    await buy(binance)
    return datetime.now(UTC)


@pytest.fixture
async def exchange(binance: SimulatedVenue) -> AsyncIterator[ccxt.Exchange]:
    async with client(binance) as made:
        yield made
        await asyncio.sleep(60)
    assert datetime.now(UTC) > START + timedelta(seconds=60)


async def test_asynchronous_fixtures_run_in_the_world(
    bought: datetime, exchange: ccxt.Exchange, binance: SimulatedVenue
) -> None:
    assert START < bought < START + timedelta(seconds=2)
    (position,) = await exchange.fetch_positions(["BTC/USDT:USDT"])
    assert position["contracts"] == 0.01


class TestInAClass:
    @pytest.fixture
    async def mine(self, binance: SimulatedVenue) -> str:
        await asyncio.sleep(1)
        self.kept = binance.name
        return self.kept

    async def test_methods_are_simulated_and_share_their_instance(self, mine: str) -> None:
        assert mine == self.kept == "binance"
        assert datetime.now(UTC) == START + timedelta(seconds=1)


@pytest.mark.scenario("sklusdt", version="2025-10-28", seed=7)
async def test_a_mark_sets_up_the_scenario_and_leaves_the_stimulus_to_the_test(
    world: World, binance: SimulatedVenue, scenario: StagedScenario
) -> None:
    local = datetime.now()  # noqa: DTZ005
    assert (world.seed, local.isoformat()) == (7, "2025-10-28T22:34:00")
    assert (scenario.name, scenario.version) == ("sklusdt", "2025-10-28")
    assert scenario.settings["credentials"]["binance"]["api_key"] == binance.api_key
    assert [each.symbol for each in scenario.signals] == ["SKLUSDT"]
    await asyncio.sleep(60)  # beyond the moment of the signal
    assert binance.orders == []
    async with client(binance) as made:
        began = time.monotonic()
        await made.fetch_time()
        assert time.monotonic() - began == pytest.approx(3 * 0.35)  # its link: TCP, TLS, GET


@pytest.mark.scenario("sklusdt")
def test_the_mark_alone_is_enough_for_a_world() -> None:
    assert datetime.now(UTC) == datetime(2025, 10, 28, 18, 34, tzinfo=UTC)


@pytest.mark.parametrize(
    "hour", [pytest.param(18, marks=pytest.mark.scenario("sklusdt")), 0], ids=["marked", "plain"]
)
def test_a_parameter_may_be_marked(hour: int, request: pytest.FixtureRequest) -> None:
    assert ("world" in request.fixturenames) == (hour == 18)
    assert hour == 0 or datetime.now(UTC).hour == hour


@pytest.mark.scenario("sklusdt")
async def test_what_the_venue_of_a_scenario_lists_can_be_traded(binance: SimulatedVenue) -> None:
    async with client(binance) as made:
        await made.create_order("SKL/USDT:USDT", "market", "buy", 308)
    assert binance.positions == {"SKLUSDT": 308}


@pytest.mark.parametrize("coin", [pytest.param("BTCUSDT", id="btc"), "ETHUSDT"])
@pytest.mark.xfail(raises=ZeroDivisionError, strict=True, reason="what marks say still holds")
async def test_marks_of_other_kinds_are_kept(binance: SimulatedVenue, coin: str) -> None:
    assert binance.price(coin) in (60_000, 3_000)
    1 / 0  # noqa: B018


@pytest.mark.skipif("True", reason="what marks say still holds")
async def test_a_test_that_is_skipped_has_no_world(world: World) -> None:
    raise AssertionError
