"""What a crash does to code that blocks and to threads: nothing of the life before goes on."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from aiohttp import web

from simulator import World
from simulator.errors import HostCrashed
from tests.world.test_crash import HOST, PORT, crash_in, kinds

logger = logging.getLogger("bot")
S = 1_000_000_000


async def serve() -> None:
    """Answers after ten seconds, and tells of each request."""

    async def handler(request: web.BaseRequest) -> web.Response:
        logging.getLogger("venue").info("asked %s", request.path)
        await asyncio.sleep(10)
        logging.getLogger("venue").info("answers %s", request.path)
        return web.Response(text="done")

    await asyncio.get_running_loop().create_server(web.Server(handler), "0.0.0.0", PORT)


def logged(world: World) -> list[str]:
    """What bot and venue said themselves."""
    return [
        each["message"]
        for each in world.trace.entries()
        if each["kind"] == "log" and each["logger"] in ("bot", "venue")
    ]


@pytest.fixture
def served(world: World) -> World:
    logging.getLogger("venue").setLevel(logging.INFO)
    world.run_until(world.hosts["venue"].start(serve()))
    return world


def ask(path: str) -> None:
    logger.warning("got %s", requests.get(f"https://{HOST}/{path}", timeout=60).text)


WAITS: dict[str, Callable[[], Any]] = {
    "sleep": lambda: time.sleep(5),
    "event": lambda: threading.Event().wait(5),
    "request": lambda: requests.get(f"https://{HOST}/thread", timeout=60),
    "loop": lambda: asyncio.run(asyncio.sleep(5)),
}


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("restarted", [False, True])
def test_a_thread_of_a_crashed_host_does_not_go_on(
    served: World, wait: str, restarted: bool
) -> None:
    bot = served.hosts["bot"]
    threads: list[threading.Thread] = []
    after: list[str] = []

    def work() -> None:
        try:
            WAITS[wait]()
            after.append("went on")
        except BaseException:
            after.append("handled it")
        finally:
            after.append("cleaned up")
            logger.warning("from the grave")

    async def main() -> None:
        threads.append(threading.Thread(target=work))
        threads[0].start()
        await asyncio.sleep(60)

    bot.start(main())
    crash_in(served, 3)
    served.run_for(4)
    if restarted:
        bot.restart()
        bot.start(asyncio.sleep(100))
    served.run_for(60)
    assert after == []
    assert [line for line in logged(served) if not line.endswith("/thread")] == []
    assert not threads[0].is_alive()
    assert served.strands.alive == []


def test_the_system_s_thread_ends_with_it(world: World) -> None:
    started = threading.active_count()

    async def main() -> None:
        for pause in (1, 50, 100):
            threading.Thread(target=time.sleep, args=(pause,)).start()
        await asyncio.sleep(60)

    world.hosts["bot"].start(main())
    crash_in(world, 3)
    world.run_for(2)
    assert threading.active_count() == started + 2
    world.run_for(2)
    assert threading.active_count() == started


def test_a_thread_that_swallows_everything_ends_with_its_host(world: World) -> None:
    turns: list[float] = []

    def work() -> None:
        while True:
            try:
                turns.append(world.env.elapsed_ns / S)
                time.sleep(1)
            except BaseException:
                continue

    async def main() -> None:
        threading.Thread(target=work).start()
        await asyncio.sleep(60)

    bot = world.hosts["bot"]
    bot.start(main())
    crash_in(world, 2.5)
    world.run_for(3)
    bot.restart()
    world.run_for(30)
    assert turns == [0, 1, 2]


def test_threads_of_a_pool_and_what_is_queued_for_them_are_gone(world: World) -> None:
    done: list[int] = []

    def work(number: int) -> None:
        time.sleep(2)
        done.append(number)

    async def main() -> None:
        pool = ThreadPoolExecutor(2)
        for number in range(6):
            pool.submit(work, number)
        await asyncio.sleep(60)

    bot = world.hosts["bot"]
    bot.start(main())
    crash_in(world, 3)
    world.run_for(3.5)
    bot.restart()
    world.run_for(60)
    assert done == [0, 1]


def test_another_host_s_threads_go_on(world: World) -> None:
    seen: list[tuple[str, float]] = []

    def work(name: str) -> None:
        for _ in range(3):
            time.sleep(2)
            seen.append((name, world.env.elapsed_ns / S))

    for name in ("bot", "venue"):
        with world.at(world.hosts[name]):
            threading.Thread(target=work, args=(name,)).start()
    crash_in(world, 3)
    world.run_for(10)
    assert seen == [("bot", 2), ("venue", 2), ("venue", 4), ("venue", 6)]


def test_a_crash_that_a_thread_brings_about_ends_it_and_the_others_there(world: World) -> None:
    bot = world.hosts["bot"]
    after: list[str] = []

    def at_the_line(record: logging.LogRecord) -> None:
        if record.getMessage() == "now":
            bot.crash()

    world.log_listeners.append(at_the_line)

    def work() -> None:
        time.sleep(1)
        try:
            logger.warning("now")
            time.sleep(0)
            after.append("went on")
        except BaseException:
            after.append("handled it")

    async def main() -> None:
        threading.Thread(target=work).start()
        other = threading.Thread(target=lambda: after.append(str(time.sleep(5))))
        other.start()
        await asyncio.sleep(60)
        after.append("main went on")

    bot.start(main())
    world.run_for(2)
    bot.restart()
    world.run_for(100)
    assert after == []
    assert logged(world) == ["now"]
    assert world.strands.alive == []


@pytest.mark.parametrize("where", ["main", "thread"])
def test_a_crash_while_a_request_is_under_way(served: World, where: str) -> None:
    bot = served.hosts["bot"]

    def script() -> None:
        if where == "main":
            ask("first")
        else:
            thread = threading.Thread(target=ask, args=("first",))
            thread.start()
            thread.join()

    crash_in(served, 5)
    with pytest.raises(HostCrashed):
        bot.run(script)
    served.run_for(60)  # the venue goes on: what it was asked for it does
    assert logged(served) == ["asked /first", "answers /first"]
    bot.restart()
    bot.run(ask, "second")
    assert logged(served)[2:] == ["asked /second", "answers /second", "got done"]
    assert [each[1] for each in kinds(served, "crash", "restart")] == ["crash", "restart"]


def test_the_venue_sees_a_blocking_client_s_connection_end(world: World) -> None:
    seen: list[float] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        seen.append(world.env.elapsed_ns / S)
        writer.close()

    async def venue() -> None:
        await asyncio.start_server(take, "0.0.0.0", PORT)

    def work() -> None:
        requests.get(f"https://{HOST}/", timeout=60)

    async def main() -> None:
        threading.Thread(target=work).start()
        await asyncio.sleep(60)

    world.hosts["venue"].start(venue())
    world.hosts["bot"].start(main())
    crash_in(world, 1)
    world.run_for(10)
    assert seen == [1.175]


def test_runs_with_threads_that_crash_are_equal() -> None:
    def run() -> str:
        def work(number: int) -> None:
            while True:
                time.sleep(number / 4)
                logger.warning("%d in %s", number, threading.current_thread().name)

        async def main() -> None:
            for number in (1, 2, 3):
                threading.Thread(target=work, args=(number,)).start()
            await asyncio.sleep(60)

        with World(seed=1) as world:
            bot = world.host("bot")
            bot.start(main())
            crash_in(world, 5.1)
            world.run_for(7)
            bot.restart()
            bot.start(main())
            world.run_for(5)
            assert len(logged(world)) == 2 * (20 + 10 + 6)
            return world.digest

    assert run() == run()
