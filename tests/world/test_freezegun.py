"""freezegun beside a world: `freeze_time` sets the wall clock, which goes on with virtual time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, date, datetime, timedelta
from time import time as taken_time

import pytest
from freezegun import freeze_time

from simulator import InputError, World, WorldError

START = "2025-10-28T22:34:00+04:00"
START_S = 1_761_676_440.0


def local() -> str:
    return datetime.now().isoformat()  # noqa: DTZ005


def test_inside_a_world_freeze_time_sets_every_wall_clock_and_puts_it_back(world: World) -> None:
    async def main() -> None:
        before = time.monotonic()
        with freeze_time("2025-01-01"):
            assert time.time() == taken_time() == 1_735_689_600.0
            assert local() == "2025-01-01T00:00:00"
            assert datetime.now(UTC).isoformat() == "2025-01-01T00:00:00+00:00"
            assert date.today() == date(2025, 1, 1)  # noqa: DTZ011
            assert time.gmtime().tm_year == 2025
            with freeze_time("2030-06-01T12:00:00Z", tz_offset=2):
                assert local() == "2030-06-01T14:00:00"
            assert local() == "2025-01-01T00:00:00"
        assert time.time() == START_S
        assert local() == "2025-10-28T22:34:00"
        assert time.monotonic() == before

    world.run_until(world.hosts["bot"].start(main()))


def test_a_frozen_clock_goes_on_with_the_world(world: World) -> None:
    async def main() -> None:
        with freeze_time("2025-01-01") as frozen:
            await asyncio.sleep(90)
            assert local() == frozen().isoformat() == "2025-01-01T00:01:30"
        assert time.time() == START_S + 90

    world.run_until(world.hosts["bot"].start(main()))


def test_tick_and_move_to_let_virtual_time_pass(world: World) -> None:
    rung: list[float] = []

    async def bell() -> None:
        for _ in range(3):
            await asyncio.sleep(60)
            rung.append(world.env.elapsed_ns / 1e9)

    async def main() -> None:
        with freeze_time("2025-01-01") as frozen:
            frozen.tick(timedelta(seconds=61))
            assert rung == [60.0]
            frozen.move_to("2025-01-01T00:02:30")
            assert rung == [60.0, 120.0]
            frozen.move_to("2024-12-31")  # only the wall clock can go back
            assert local() == "2024-12-31T00:00:00"
            assert world.env.elapsed_ns == 150_000_000_000
        assert time.time() == START_S + 150

    world.hosts["venue"].start(bell())
    world.run_until(world.hosts["bot"].start(main()))


@freeze_time("2025-01-01")
async def decorated() -> str:
    await asyncio.sleep(1)
    return local()


def test_a_decorated_coroutine_is_frozen_only_while_it_runs(world: World) -> None:
    async def main() -> None:
        assert await decorated() == "2025-01-01T00:00:01"
        assert local() == "2025-10-28T22:34:01"

    world.run_until(world.hosts["bot"].start(main()))


def test_a_world_inside_freeze_time_tells_its_own_time_and_leaves_the_frozen_one() -> None:
    with freeze_time("2020-02-02") as frozen:
        with World(start=START) as world:
            host = world.host("bot")

            async def main() -> None:
                before = time.monotonic()
                await asyncio.sleep(1)
                assert time.time() == taken_time() == START_S + 1
                assert time.monotonic() - before == pytest.approx(1, abs=1e-9)
                assert local() == "2025-10-28T22:34:01"

            world.run_until(host.start(main()))
        assert local() == "2020-02-02T00:00:00"
        assert frozen().year == 2020
    assert abs(time.time() - taken_time()) < 60
    assert datetime.now(UTC).year > 2020


def test_a_world_after_one_inside_freeze_time_still_finds_every_clock() -> None:
    with freeze_time("2020-02-02"), World(start=START):
        pass
    with World(start=START):
        assert taken_time() == START_S  # bound by `from time import time`
    assert taken_time() != START_S


def test_ticking_a_clock_frozen_before_the_world_moves_the_world() -> None:
    with freeze_time("2020-02-02") as frozen:
        with World(start="2020-02-02T00:00:00Z") as world:
            frozen.tick(30)
            assert world.env.elapsed_ns == 30_000_000_000
            assert local() == "2020-02-02T00:00:30"
        assert local() == "2020-02-02T00:00:30"


def test_a_clock_that_ticks_at_every_look_is_refused(world: World) -> None:
    with pytest.raises(InputError, match=r"auto_tick_seconds.* leave it out"):
        freeze_time("2025-01-01", auto_tick_seconds=1).start()
    assert time.time() == START_S


def test_a_freeze_from_before_the_world_cannot_end_inside_it() -> None:
    freezer = freeze_time("2020-02-02")
    freezer.start()
    try:
        with World(start=START), pytest.raises(WorldError, match="leave the world first"):
            freezer.stop()
    finally:
        freezer.stop()
    assert datetime.now(UTC).year > 2020
