"""The event loop: a hand-off ring against stock asyncio, and how much time it compresses."""

from __future__ import annotations

import asyncio
import random
import statistics
from collections.abc import Iterator

from simulator import World
from tests.bench.figures import Figure, median_ratio, real_clock

RING = 10
STEPS = 20_000
TASKS, SLEEPS = 100, 3_600


async def _ring() -> None:
    """Ten tasks hand a number round through queues, 20,000 times in all."""
    queues: list[asyncio.Queue[int]] = [asyncio.Queue() for _ in range(RING)]

    async def node(index: int) -> None:
        while True:
            number = await queues[index].get()
            await queues[(index + 1) % RING].put(number + 1)
            if number >= STEPS:
                return

    tasks = [asyncio.create_task(node(index)) for index in range(RING)]
    await queues[0].put(0)
    await asyncio.gather(*tasks)


def _ring_in_a_world() -> float:
    with World() as world:
        before = real_clock.read()
        world.run_until(world.host("bot").start(_ring()))
        return real_clock.read() - before


def _ring_in_asyncio() -> float:
    before = real_clock.read()
    asyncio.run(_ring())
    return real_clock.read() - before


async def _sleeper(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(SLEEPS):
        await asyncio.sleep(draw.uniform(1, 2))


async def _sleepers() -> None:
    await asyncio.gather(*(_sleeper(seed) for seed in range(TASKS)))


def _compression() -> float:
    with World() as world:
        task = world.host("bot").start(_sleepers())
        before = real_clock.read()
        world.run_until(task)
        return world.env.elapsed_ns / 1e9 / (real_clock.read() - before)


class _NullSelector:
    """What `BaseEventLoop` asks instead of waiting: time jumps."""

    def __init__(self, loop: _BareLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[object]:
        self._loop.now_s += timeout or 0.0
        return []


class _BareLoop(asyncio.BaseEventLoop):
    """The least there could be: asyncio's own loop without a world, a network or a second host."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self._selector = _NullSelector(self)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self.now_s

    def _process_events(self, event_list: object) -> None: ...

    def _write_to_self(self) -> None: ...


def _bare_compression() -> float:
    loop = _BareLoop()
    before = real_clock.read()
    loop.run_until_complete(_sleepers())
    took = real_clock.read() - before
    loop.close()
    return loop.now_s / took


def figures() -> Iterator[Figure]:
    yield Figure(
        name="loop_step_vs_asyncio",
        value=median_ratio(_ring_in_a_world, _ring_in_asyncio, rounds=9),
        unit="x",
        target=1.2,
        better="lower",
    )
    yield Figure(
        name="time_compression",
        value=statistics.median(_compression() for _ in range(5)),
        unit="x",
        target=4_000,
        better="higher",
    )
    yield Figure(
        name="time_compression_of_a_bare_loop",
        value=statistics.median(_bare_compression() for _ in range(5)),
        unit="x",
        target=None,
        better="higher",
    )
