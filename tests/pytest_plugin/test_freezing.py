"""freezegun in tests with worlds and routers: the frozen time is where they begin."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import ccxt.async_support as ccxt
import httpx
import pytest
from freezegun import freeze_time

from replay.pytest_plugin.venue import SimulatedVenue
from simulator import World

MIDNIGHT = datetime(2025, 1, 1, tzinfo=UTC)


async def buy(venue: SimulatedVenue) -> None:
    """Signed: refused if the clocks of bot and venue were more than a second apart."""
    keys = {"apiKey": venue.api_key, "secret": venue.secret}
    async with ccxt.binanceusdm({**keys, "options": {"recvWindow": 1_000}}) as client:
        await client.create_order("BTC/USDT:USDT", "market", "buy", 0.01)


@freeze_time("2025-01-01")
async def test_a_decorated_test_begins_at_the_frozen_time(
    world: World, binance: SimulatedVenue
) -> None:
    assert world.env.start_ns == int(MIDNIGHT.timestamp()) * 10**9
    await buy(binance)
    assert binance.positions
    await asyncio.sleep(60)
    assert datetime.now(UTC).minute == 1


@freeze_time("2025-01-01", tz_offset=4)
def test_a_decorated_plain_test_has_its_time_zone(binance: SimulatedVenue) -> None:
    assert datetime.now() == datetime(2025, 1, 1, 4)  # noqa: DTZ001, DTZ005
    asyncio.run(buy(binance))
    assert binance.positions


@freeze_time("2025-01-01")
class TestADecoratedClass:
    async def test_has_decorated_tests(self, binance: SimulatedVenue) -> None:
        assert datetime.now(UTC) == MIDNIGHT
        await buy(binance)


@freeze_time("2025-01-01", as_kwarg="frozen")
def test_a_frozen_time_that_is_given_as_argument_moves_the_world(
    world: World,
    frozen: Any = None,  # noqa: PT028 - freezegun gives it
) -> None:
    frozen.tick(90)
    assert world.env.elapsed_ns == 90_000_000_000


@pytest.fixture
def freezer() -> Iterator[Any]:
    """As the plugins pytest-freezer and pytest-freezegun have it."""
    freezing = freeze_time("2025-01-01", ignore=["_pytest.terminal", "_pytest.runner"])
    frozen = freezing.start()
    yield frozen
    freezing.stop()


async def test_a_world_begins_where_a_freezer_fixture_is(
    freezer: Any, binance: SimulatedVenue
) -> None:
    assert datetime.now(UTC) == MIDNIGHT
    freezer.move_to("2025-01-01T02:00:00")
    await buy(binance)
    assert datetime.now(UTC).hour == 2


async def test_a_freezer_fixture_in_a_world_sets_the_clock_of_the_test(
    binance: SimulatedVenue, freezer: Any
) -> None:
    assert datetime.now(UTC) == MIDNIGHT
    with pytest.raises(ccxt.InvalidNonce):  # the venue's clock is that of the world
        await buy(binance)


async def test_after_all_of_them_time_is_as_before(world: World) -> None:
    assert datetime.now(UTC) == datetime(2026, 1, 1, tzinfo=UTC)


@freeze_time("2025-01-01")
def test_a_router_begins_at_the_frozen_time_and_goes_along_with_it(
    binance_router: SimulatedVenue,
) -> None:
    with freeze_time("2025-01-01T06:00:00"):
        asked = httpx.get(f"{binance_router.url}/fapi/v1/time")
        assert asked.json() == {"serverTime": int(MIDNIGHT.timestamp() + 6 * 3600) * 1000}
