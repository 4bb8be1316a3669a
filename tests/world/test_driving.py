"""A world is driven from outside or by a script inside it; loops, threads and limits."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from decimal import ROUND_UP, Decimal, getcontext, localcontext

import pytest

from simulator import OverBudgetError, SpinningError, World, WorldError
from simulator.distributions import Fixed
from simulator.world import COLLECT_EVERY


def test_run_until_stops_at_a_moment_and_runs_what_is_due_at_it(world: World) -> None:
    ticks: list[float] = []

    async def main() -> None:
        while True:
            await asyncio.sleep(1)
            ticks.append(world.env.elapsed_ns / 1e9)

    world.hosts["bot"].start(main())
    world.run_until(datetime.fromisoformat("2025-10-28T22:34:03+04:00"))
    assert ticks == [1, 2, 3]
    world.run_for(2.5)
    assert ticks == [1, 2, 3, 4, 5]
    assert world.env.elapsed_ns == 5_500_000_000
    world.run_until(lambda: len(ticks) == 7)
    assert world.env.elapsed_ns == 7_000_000_000


def test_time_cannot_go_backwards(world: World) -> None:
    with pytest.raises(WorldError, match="time can't go backwards"):
        world.run_until(datetime.fromisoformat("2025-10-28T22:33:59+04:00"))


def test_a_script_may_call_asyncio_run_in_its_host(world: World) -> None:
    async def serve() -> None:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readline())
            writer.close()

        await asyncio.start_server(echo, "0.0.0.0", 7)

    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("venue", 7)
        writer.write(b"ping\n")
        answer = await reader.readline()
        writer.close()
        return answer

    def script() -> list[object]:
        time.sleep(1)  # before there is a loop
        answers: list[object] = [asyncio.run(ask())]
        with asyncio.Runner() as runner:
            answers.append(runner.run(ask()))
        answers.append(time.monotonic())
        return answers

    world.hosts["venue"].start(serve())
    before = world.hosts["bot"].monotonic_ns() / 1e9
    first, second, after = world.hosts["bot"].run(script)
    assert (first, second) == (b"ping\n", b"ping\n")
    assert after - before == pytest.approx(1 + 2 * 0.7)  # type: ignore[operator]


def test_a_loop_outside_any_host_is_refused(world: World) -> None:
    with pytest.raises(WorldError, match="outside any host"):
        asyncio.new_event_loop()


def test_two_worlds_cannot_be_entered_at_once(world: World) -> None:
    with pytest.raises(WorldError, match="another world is entered"), World():
        pass


def test_a_world_has_to_be_entered() -> None:
    with pytest.raises(WorldError, match="enter the world first"):
        World().run_for(1)


def test_spinning_without_letting_time_pass_names_the_place() -> None:
    async def spin() -> None:
        while True:
            await asyncio.sleep(0)

    with World(step_limit=10_000) as world:
        task = world.host("bot").start(spin())
        with pytest.raises(SpinningError, match=r"bot: Task-1 \(.*spin\) at .*test_driving\.py"):
            world.run_until(task)


def test_more_virtual_time_than_was_given_is_an_error(world: World) -> None:
    world.limit_ns = world.env.start_ns + 60 * 10**9
    with pytest.raises(OverBudgetError, match="within 60 s"):
        world.run_until(world.hosts["bot"].start(asyncio.sleep(3_600)))


def test_executor_calls_come_in_one_order_and_leave_their_loop_going(world: World) -> None:
    order: list[str] = []

    def work(name: str, seconds: float) -> str:
        order.append(f"{name} begins")
        time.sleep(seconds)
        order.append(f"{name} ends at {world.env.elapsed_ns / 1e9:g}")
        return name

    async def tick() -> None:
        await asyncio.sleep(0.5)
        order.append("the loop goes on")

    async def main() -> tuple[str, str]:
        ticking = asyncio.create_task(tick())
        loop = asyncio.get_running_loop()
        answers = (
            await asyncio.to_thread(work, "one", 1),
            await loop.run_in_executor(None, work, "two", 1),
        )
        await ticking
        return answers

    assert world.run_until(world.hosts["bot"].start(main())) == ("one", "two")
    assert order == [
        "one begins",
        "the loop goes on",
        "one ends at 1",
        "two begins",
        "two ends at 2",
    ]


def test_an_executor_call_lets_a_driving_loop_go_on_too(world: World) -> None:
    ticks: list[float] = []

    async def main() -> None:
        async def tick() -> None:
            for _ in range(3):
                await asyncio.sleep(1)
                ticks.append(world.env.elapsed_ns / 1e9)

        ticking = asyncio.create_task(tick())
        await asyncio.to_thread(time.sleep, 2.5)
        assert ticks == [1, 2]
        await ticking

    world.hosts["bot"].run(asyncio.run, main())
    assert ticks == [1, 2, 3]


def test_a_task_that_blocks_beside_an_executor_call_stops_its_loop(world: World) -> None:
    order: list[str] = []

    async def blocks() -> None:
        await asyncio.sleep(1)
        time.sleep(5)
        order.append(f"blocked until {world.env.elapsed_ns / 1e9:g}")

    async def ticks() -> None:
        for _ in range(2):
            await asyncio.sleep(1.5)
            order.append(f"tick at {world.env.elapsed_ns / 1e9:g}")

    async def main() -> None:
        await asyncio.gather(asyncio.to_thread(time.sleep, 3), blocks(), ticks())

    world.run_until(world.hosts["bot"].start(main()))
    assert order == ["blocked until 6", "tick at 6", "tick at 7.5"]


def test_a_host_that_blocks_while_another_drives_holds_it_up_and_no_longer(world: World) -> None:
    ticks: list[float] = []

    async def blocks() -> None:
        await asyncio.sleep(0.5)
        time.sleep(5)

    async def drives() -> None:
        for _ in range(3):
            await asyncio.sleep(1)
            ticks.append(world.env.elapsed_ns / 1e9)

    world.hosts["venue"].start(blocks())
    world.hosts["bot"].run(asyncio.run, drives())
    assert ticks == [5.5, 6.5, 7.5]


def test_an_executor_call_passes_on_its_exception(world: World) -> None:
    def fail() -> None:
        raise ValueError("from the thread")

    async def main() -> None:
        with pytest.raises(ValueError, match="from the thread"):
            await asyncio.to_thread(fail)

    world.run_until(world.hosts["bot"].start(main()))


def test_the_current_task_is_each_loops_own_across_blocking_calls(world: World) -> None:
    names: list[str | None] = []

    async def venue() -> None:
        for _ in range(3):
            await asyncio.sleep(0.4)
            task = asyncio.current_task()
            names.append(task.get_name() if task else None)

    async def bot() -> str:
        time.sleep(1)
        task = asyncio.current_task()
        assert task is not None
        return task.get_name()

    world.hosts["venue"].start(venue(), name="venue task")
    assert world.run_until(world.hosts["bot"].start(bot(), name="bot task")) == "bot task"
    assert names == ["venue task", "venue task"]


def test_simpy_processes_and_loops_share_one_clock(world: World) -> None:
    seen: list[tuple[str, float]] = []

    def process() -> object:
        while True:
            yield world.env.timeout(400_000_000)
            seen.append(("simpy", world.env.elapsed_ns / 1e9))

    async def main() -> None:
        for _ in range(2):
            await asyncio.sleep(0.4)
            seen.append(("loop", world.env.elapsed_ns / 1e9))

    world.env.process(process())  # type: ignore[arg-type]
    world.run_until(world.hosts["bot"].start(main()))
    # at the same instant simpy's events come first
    assert seen == [("simpy", 0.4), ("loop", 0.4), ("simpy", 0.8), ("loop", 0.8)]


def test_tasks_left_over_are_cancelled_when_the_world_is_left() -> None:
    ended: list[str] = []

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cleaned up")

    with World() as world:
        world.host("bot").start(for_ever())
        world.run_for(1)
    assert ended == ["cleaned up"]


def test_garbage_is_collected_at_moments_of_the_world_and_not_of_the_process(
    world: World,
) -> None:
    freed: list[int] = []

    class Cycle:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            freed.append(world.env.elapsed_ns // 10**9)

    async def main() -> None:
        Cycle()
        garbage = [[] for _ in range(10_000)]  # type: ignore[var-annotated]
        del garbage
        for _ in range(COLLECT_EVERY + 10):
            await asyncio.sleep(1)

    world.run_until(world.hosts["bot"].start(main()))
    assert freed == [COLLECT_EVERY]


def test_async_generators_are_finalised_by_their_own_loop(world: World) -> None:
    world.network.link("bot", "venue", latency=Fixed(1))
    closed: list[str] = []

    async def numbers() -> object:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(1)
            closed.append("closed")

    async def main() -> None:
        async for _ in numbers():  # type: ignore[attr-defined]
            break
        await asyncio.sleep(2)

    world.run_until(world.hosts["bot"].start(main()))
    assert closed == ["closed"]


def test_a_bot_that_chooses_how_decimals_are_rounded_chooses_for_itself(world: World) -> None:
    thirds: list[Decimal] = []

    def script() -> None:
        getcontext().prec, getcontext().rounding = 3, ROUND_UP
        time.sleep(2)
        thirds.append(Decimal(1) / 3)

    due = world.env.timeout(1_000_000_000)
    due.callbacks.append(lambda _: thirds.append(Decimal(1) / 3))
    with localcontext():
        world.hosts["bot"].run(script)
    assert thirds == [Decimal("0.3333333333333333333333333333"), Decimal("0.334")]
