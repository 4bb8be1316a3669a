"""What happens at one instant comes in one order: on every Python, in every process."""

from __future__ import annotations

import asyncio
import sys

import aiohttp
import pytest
from aiohttp import web

from simulator.world import World


def test_a_set_of_futures_has_the_order_in_which_they_were_put_into_it() -> None:
    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        made = [loop.create_future() for _ in range(50)]
        return [made.index(future) for future in set(made)]

    with World(seed=1) as world:
        assert world.run_until(world.host("bot").start(main())) == list(range(50))


def test_a_set_of_tasks_has_the_same_order_in_every_world() -> None:
    async def main() -> list[str]:
        async def nothing() -> None: ...

        tasks = {asyncio.create_task(nothing(), name=f"{number}") for number in range(50)}
        done, _ = await asyncio.wait(tasks)
        return [task.get_name() for task in done]

    orders = []
    for _ in range(2):
        with World(seed=1) as world:
            orders.append(world.run_until(world.host("bot").start(main())))
    assert orders[0] == orders[1]
    assert sorted(orders[0], key=int) == [str(number) for number in range(50)]


def test_many_requests_to_a_host_that_is_looked_up_first_arrive_in_one_order() -> None:
    # aiohttp keeps those that wait for the look-up in a set, and wakes them in the set's order.
    seen: list[str] = []

    async def serve() -> None:
        async def handle(request: web.BaseRequest) -> web.Response:
            seen.append(request.path)
            return web.Response()

        runner = web.ServerRunner(web.Server(handle))
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", 80).start()

    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(session.get(f"http://venue.test/{n}") for n in range(20)))

    with World(seed=1) as world:
        world.run_until(world.host("venue", names=("venue.test",)).start(serve()))
        world.run_until(world.host("bot").start(main()))
    # The first looks the host up, in a task of its own; the others have only to be woken.
    assert seen == [*(f"/{n}" for n in range(1, 20)), "/0"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there are no eager tasks before 3.12")
def test_a_task_that_would_start_at_once_waits_for_its_turn() -> None:
    order: list[str] = []

    def running(loop: asyncio.AbstractEventLoop) -> bool:
        return loop.is_running()

    async def main() -> None:
        async def work() -> None:
            order.append("work")

        task = asyncio.Task(work(), loop=asyncio.get_running_loop(), eager_start=True)
        order.append("maker")
        await task
        assert running(asyncio.get_running_loop())

    with World(seed=1) as world:
        world.run_until(world.host("bot").start(main()))
    assert order == ["maker", "work"]
