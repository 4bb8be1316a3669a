"""The model's clock follows a wall clock that the test sets: no test here waits."""

from __future__ import annotations

import asyncio

import pytest

from replay.serving.real_time import loop_of
from simulator.clock import Clock

START_NS = 1_795_280_904_000_000_000
S = 1_000_000_000


class Wall:
    """A wall clock that moves when it is told to."""

    def __init__(self) -> None:
        self.ns = START_NS

    def now_ns(self) -> int:
        return self.ns


class Setting:
    """A model in which something is due 1 s and 2 s after the start, on a loop."""

    def __init__(self) -> None:
        self.wall, self.clock = Wall(), Clock(START_NS)
        self.happened: list[tuple[int, int]] = []
        for delay_s in (2, 1):
            self.clock.process(self.happen(delay_s))  # type: ignore[arg-type]

    def happen(self, delay_s: int):  # type: ignore[no-untyped-def]
        yield self.clock.timeout(delay_s * S)
        self.happened.append((delay_s, self.clock.now - START_NS))

    async def turn(self) -> None:
        """A callback that is ready: the loop looks at its selector and does not wait."""
        await asyncio.sleep(0)


@pytest.fixture
def setting() -> Setting:
    return Setting()


def run(setting: Setting, main: object) -> None:
    with asyncio.Runner(loop_factory=lambda: loop_of(setting.clock, setting.wall.now_ns)) as runner:
        runner.run(main)  # type: ignore[arg-type]


def test_what_is_due_happens_in_its_order_and_at_its_own_moment(setting: Setting) -> None:
    async def main() -> None:
        setting.wall.ns += S // 2
        await setting.turn()
        assert setting.happened == []
        setting.wall.ns += 10 * S  # the machine was busy
        await setting.turn()
        assert setting.happened == [(1, S), (2, 2 * S)]

    run(setting, main())


def test_code_on_the_loop_finds_the_present_moment(setting: Setting) -> None:
    async def main() -> None:
        setting.wall.ns += 7
        await setting.turn()
        assert setting.clock.now == START_NS + 7

    run(setting, main())


def test_a_wall_clock_that_is_set_back_stands_still_until_it_has_caught_up(
    setting: Setting,
) -> None:
    async def main() -> None:
        setting.wall.ns += S
        await setting.turn()
        setting.wall.ns -= 3600 * S
        await setting.turn()
        assert setting.clock.now == START_NS + S
        setting.wall.ns += 3601 * S
        await setting.turn()
        assert setting.clock.now == START_NS + 2 * S

    run(setting, main())
    assert setting.happened == [(1, S), (2, 2 * S)]


def test_a_loop_with_nothing_to_do_wakes_for_the_model(setting: Setting) -> None:
    """The future is set by the model alone; with a selector that waits for sockets only, this
    would never end."""

    async def main() -> None:
        waiting = asyncio.get_running_loop().create_future()

        def soon():  # type: ignore[no-untyped-def]
            yield setting.clock.timeout(1)
            waiting.set_result(setting.clock.now)

        setting.clock.process(soon())
        setting.wall.ns += 1
        assert await waiting == START_NS + 1

    run(setting, main())
