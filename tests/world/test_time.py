"""All time is virtual, whoever asks for it and however they got hold of the function."""

from __future__ import annotations

import asyncio
import datetime as datetime_module
import logging
import time
from datetime import UTC, date, datetime, timedelta, timezone
from time import monotonic, perf_counter, sleep
from time import time as taken_time

import pytest

from simulator import SpinningError, World

START_S = 1_761_676_440.0  # 2025-10-28T18:34:00Z


def test_every_clock_tells_the_worlds_time(world: World) -> None:
    async def main() -> None:
        before = (monotonic(), perf_counter(), time.monotonic_ns(), time.perf_counter_ns())
        assert (time.time(), taken_time()) == (START_S, START_S)
        assert time.time_ns() == int(START_S) * 10**9
        await asyncio.sleep(90.5)
        assert time.time() == taken_time() == START_S + 90.5
        assert time.time_ns() == int(START_S * 10**9) + 90_500_000_000
        assert monotonic() - before[0] == pytest.approx(90.5, abs=1e-9)
        assert perf_counter() - before[1] == pytest.approx(90.5, abs=1e-9)
        assert time.monotonic_ns() - before[2] == 90_500_000_000
        assert time.perf_counter_ns() - before[3] == 90_500_000_000

    world.run_until(world.hosts["bot"].start(main()))
    assert abs(time.time() - START_S) < 1e9


def test_datetime_tells_local_time_and_utc(world: World) -> None:
    async def main() -> None:
        await asyncio.sleep(11.543)
        assert datetime.now().isoformat() == "2025-10-28T22:34:11.543000"  # noqa: DTZ005
        assert datetime_module.datetime.now(UTC).isoformat() == "2025-10-28T18:34:11.543000+00:00"
        there = timezone(timedelta(hours=-3))
        assert datetime.now(there).isoformat() == "2025-10-28T15:34:11.543000-03:00"
        assert date.today() == date(2025, 10, 28)  # noqa: DTZ011
        assert time.localtime().tm_hour == 22
        assert time.gmtime().tm_hour == 18
        assert time.strftime("%H:%M:%S") == "22:34:11"
        assert datetime.fromtimestamp(START_S).hour == 22  # noqa: DTZ006

    world.run_until(world.hosts["bot"].start(main()))


def test_log_timestamps_are_virtual_local_time(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    formatter = logging.Formatter("%(asctime)s - %(name)s - %(levelname)s - %(message)s")

    async def main() -> None:
        await asyncio.sleep(12.246)
        logging.getLogger("core.test").warning("late")

    with caplog.at_level(logging.WARNING):
        world.run_until(world.hosts["bot"].start(main()))
    text = formatter.format(caplog.records[-1])
    assert text == "2025-10-28 22:34:12,246 - core.test - WARNING - late"


def test_sleep_lets_the_world_go_on_while_the_own_loop_stands_still(world: World) -> None:
    seen: list[tuple[str, float]] = []

    async def ticker(name: str) -> None:
        for _ in range(4):
            seen.append((name, time.time() - START_S))
            await asyncio.sleep(1)

    async def blocks() -> None:
        await asyncio.sleep(0.5)
        sleep(2)  # bound by `from time import sleep` before the world was entered
        seen.append(("woke", time.time() - START_S))

    world.hosts["venue"].start(ticker("venue"))
    world.hosts["bot"].start(ticker("bot"))
    world.run_until(world.hosts["bot"].start(blocks()))
    assert seen == [
        ("venue", 0.0),
        ("bot", 0.0),
        ("venue", 1.0),
        ("venue", 2.0),
        ("woke", 2.5),
        ("bot", 2.5),  # due at 1.0, when its loop stood still
    ]


def test_timeouts_of_asyncio_pass_in_virtual_time(world: World) -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3_600):
                await asyncio.Event().wait()
        return time.time() - START_S

    assert world.run_until(world.hosts["bot"].start(main())) == 3_600


def test_timers_set_for_the_same_moment_fire_in_the_order_they_were_set(world: World) -> None:
    fired: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        when = loop.time() + 5
        for number in range(50):
            loop.call_at(when, fired.append, number)
        await asyncio.sleep(5)
        await asyncio.sleep(0)

    world.run_until(world.hosts["bot"].start(main()))
    assert fired == list(range(50))


def test_a_host_clock_may_be_off_and_drift() -> None:
    readings: dict[str, tuple[float, float]] = {}

    async def read(name: str) -> None:
        before = time.monotonic()
        await asyncio.sleep(1_000)
        readings[name] = (time.time() - START_S, time.monotonic() - before)

    with World(start="2025-10-28T22:34:00+04:00") as world:
        world.host("late", clock_offset_ns=-2_000_000_000)
        fast = world.host("fast", drift_ppm=1_000)
        world.hosts["late"].start(read("late"))
        world.run_until(fast.start(read("fast")))
        # 1,000 s on a clock that gains 0.1% are 999.000999 true seconds
        assert world.env.elapsed_ns == 999_000_999_001
        world.run_until(int(START_S * 10**9) + 1_000 * 10**9)
    assert readings["fast"] == (pytest.approx(1_000, abs=1e-6), pytest.approx(1_000, abs=1e-6))
    assert readings["late"] == (pytest.approx(998, abs=1e-6), pytest.approx(1_000, abs=1e-6))


def test_waiting_by_looking_at_the_clock_is_an_error_that_names_the_place(world: World) -> None:
    async def main() -> None:
        end = time.time() + 1
        while time.time() < end:
            pass

    with pytest.raises(SpinningError, match=r"world/test_time\.py:\d+ in main"):
        world.run_until(world.hosts["bot"].start(main()))


def test_what_was_taken_over_is_given_back() -> None:
    before = (time.time, time.sleep, datetime_module.datetime, sleep, taken_time, datetime)
    with World():
        assert time.time is not before[0]
        assert sleep is not before[3]
    after = (time.time, time.sleep, datetime_module.datetime, sleep, taken_time, datetime)
    assert all(a is b for a, b in zip(before, after, strict=True))
