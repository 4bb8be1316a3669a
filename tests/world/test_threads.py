"""Threads that a bot starts run one at a time, in a fixed order, in virtual time."""

from __future__ import annotations

import _thread
import asyncio
import logging
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from aiohttp import web

from simulator import StalledError, World, strands
from simulator.errors import WorldError
from tests.world.conftest import ONE_WAY_NS, elapsed_s, on_the_bot


@pytest.fixture
def served(world: World) -> World:
    async def serve() -> None:
        async def handler(request: web.BaseRequest) -> web.Response:
            return web.Response(text=request.path)

        await asyncio.get_running_loop().create_server(web.Server(handler), "0.0.0.0", 443)

    world.run_until(world.hosts["venue"].start(serve()))
    return world


def test_threads_sleep_beside_each_other_in_virtual_time(world: World) -> None:
    seen: list[tuple[str, float]] = []

    def work(name: str, pause: float) -> None:
        for _ in range(3):
            time.sleep(pause)
            seen.append((name, elapsed_s(world)))

    def script() -> None:
        threads = [
            threading.Thread(target=work, args=("slow", 2)),
            threading.Thread(target=work, args=("fast", 1)),
        ]
        for thread in threads:
            thread.start()
        assert all(thread.is_alive() for thread in threads)
        for thread in threads:
            thread.join()
        assert not any(thread.is_alive() for thread in threads)

    on_the_bot(world, script)
    assert seen == [
        ("fast", 1),
        ("slow", 2),
        ("fast", 2),
        ("fast", 3),
        ("slow", 4),
        ("slow", 6),
    ]


def test_the_loop_goes_on_while_a_thread_blocks(served: World) -> None:
    ticks: list[float] = []

    def work() -> None:
        assert requests.get("https://fapi.binance.com/x").text == "/x"

    async def main() -> float:
        thread = threading.Thread(target=work)
        thread.start()
        while thread.is_alive():
            ticks.append(elapsed_s(served))
            await asyncio.sleep(0.25)
        return elapsed_s(served)

    # connected, handshaken, answered: three round trips of 350 ms
    assert served.run_until(served.hosts["bot"].start(main())) == 1.25
    assert ticks == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert not [e for e in served.trace.entries() if e["kind"] == "stood_still"]


def test_a_pool_runs_requests_beside_each_other(served: World) -> None:
    def ask(number: int) -> str:
        return requests.get(f"https://fapi.binance.com/{number}").text

    def script() -> list[str]:
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(ask, range(8)))

    assert on_the_bot(served, script) == [f"/{number}" for number in range(8)]
    # two rounds of four: as long as two requests, not as eight
    assert served.env.elapsed_ns == 2 * 6 * ONE_WAY_NS


def test_calls_in_an_executor_end_in_the_order_of_their_ends(world: World) -> None:
    ended: list[tuple[float, float]] = []

    def work(pause: float) -> None:
        time.sleep(pause)
        ended.append((pause, elapsed_s(world)))

    async def main() -> None:
        await asyncio.gather(*(asyncio.to_thread(work, pause) for pause in (3, 1, 2)))

    world.run_until(world.hosts["bot"].start(main()))
    assert ended == [(1, 1), (2, 2), (3, 3)]


def test_executor_calls_ask_beside_each_other(served: World) -> None:
    async def main() -> list[str]:
        urls = [f"https://fapi.binance.com/{number}" for number in range(8)]
        replies = await asyncio.gather(*(asyncio.to_thread(requests.get, url) for url in urls))
        return [reply.text for reply in replies]

    asked = served.run_until(served.hosts["bot"].start(main()))
    assert asked == [f"/{number}" for number in range(8)]
    assert served.env.elapsed_ns == 6 * ONE_WAY_NS


def test_two_hosts_that_block_in_threads_do_not_wait_for_each_other(world: World) -> None:
    woke: list[tuple[str, float]] = []

    def work(name: str, pause: float) -> None:
        time.sleep(pause)
        woke.append((name, elapsed_s(world)))

    async def main(name: str, pause: float) -> None:
        await asyncio.to_thread(work, name, pause)

    world.host("other").start(main("other", 5))
    world.run_until(world.hosts["bot"].start(main("bot", 2)))
    world.run_for(4)
    assert woke == [("bot", 2), ("other", 5)]


def test_work_that_submits_work_does_not_lock_itself_out(world: World) -> None:
    def script() -> int:
        with ThreadPoolExecutor(2) as pool:
            return pool.submit(lambda: pool.submit(lambda: 42).result()).result()

    assert on_the_bot(world, script) == 42


def test_locks_events_and_queues_wait_in_virtual_time(world: World) -> None:
    seen: list[tuple[object, float]] = []
    todo: queue.Queue[int] = queue.Queue()

    def script() -> None:
        lock, event = threading.Lock(), threading.Event()

        def holds() -> None:
            with lock:
                time.sleep(5)
            event.set()
            for number in range(2):
                time.sleep(1)
                todo.put(number)

        threading.Thread(target=holds).start()
        time.sleep(1)
        assert not lock.acquire(blocking=False)
        assert not lock.acquire(timeout=1.5)
        seen.append(("not yet", elapsed_s(world)))
        with lock:
            seen.append(("lock", elapsed_s(world)))
        assert event.wait(10)
        inner: queue.SimpleQueue[int] = queue.SimpleQueue()
        with pytest.raises(queue.Empty):
            inner.get(timeout=0.5)
        seen.append(("empty", elapsed_s(world)))

    on_the_bot(world, script)
    assert seen == [("not yet", 2.5), ("lock", 5), ("empty", 5.5)]


def test_a_thread_with_a_loop_of_its_own_runs_beside_the_first(world: World) -> None:
    seen: list[tuple[str, float]] = []

    async def count(name: str, pause: float) -> None:
        for _ in range(2):
            await asyncio.sleep(pause)
            seen.append((name, elapsed_s(world)))

    async def main() -> None:
        thread = threading.Thread(target=lambda: asyncio.run(count("thread", 1)))
        thread.start()
        await count("main", 0.75)
        while thread.is_alive():
            await asyncio.sleep(0.1)

    world.run_until(world.hosts["bot"].start(main()))
    assert seen == [("main", 0.75), ("thread", 1), ("main", 1.5), ("thread", 2)]


def test_a_thread_hands_work_to_the_loop_and_waits_for_it(world: World) -> None:
    async def answer() -> str:
        await asyncio.sleep(3)
        return threading.current_thread().name

    got: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def work() -> None:
            got.append(asyncio.run_coroutine_threadsafe(answer(), loop).result(timeout=10))

        thread = threading.Thread(target=work)
        thread.start()
        await asyncio.sleep(4)
        assert not thread.is_alive()

    world.run_until(world.hosts["bot"].start(main()))
    assert got == ["MainThread"]


def test_a_run_stops_at_its_moment_whatever_threads_wait_for(served: World) -> None:
    seen: list[float] = []
    ended: list[str] = []

    def work() -> None:
        try:
            while True:
                requests.get("https://fapi.binance.com/x", timeout=5)
                seen.append(elapsed_s(served))
                time.sleep(10)
        finally:
            ended.append("ended")

    async def main() -> None:
        threading.Thread(target=work, daemon=True).start()

    served.hosts["bot"].start(main())
    served.run_for(12)
    assert seen == [1.05]
    served.run_for(1)
    assert seen == [1.05, 12.1]
    served.__exit__(None, None, None)
    assert ended == ["ended"]


def test_a_thread_from_before_the_run_cannot_wait_in_it(world: World) -> None:
    caught: list[BaseException] = []

    def work() -> None:
        try:
            time.sleep(1)
        except WorldError as error:
            caught.append(error)

    # started outside any host: a real thread, of no world
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "a thread that the world did not start" in str(caught[0])


def test_a_thread_made_without_the_threading_module_takes_part_too(world: World) -> None:
    seen: list[tuple[str, float]] = []

    def work(name: str, *, pause: float) -> None:
        time.sleep(pause)
        seen.append((name, elapsed_s(world)))

    def script() -> None:
        _thread.start_new_thread(work, ("raw",), {"pause": 2})
        time.sleep(3)

    on_the_bot(world, script)
    assert seen == [("raw", 2)]


def test_a_thread_that_waits_for_what_is_not_simulated_is_an_error_that_says_where(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strands, "STUCK_S", 0.05)
    real_lock = threading.Lock()  # made outside any host
    real_lock.acquire()
    threads: list[threading.Thread] = []

    def script() -> None:
        threads.append(threading.Thread(target=real_lock.acquire, daemon=True))
        threads[0].start()
        time.sleep(1)

    try:
        with pytest.raises(WorldError, match="a thread of bot has neither ended nor waited"):
            on_the_bot(world, script)
    finally:
        real_lock.release()


def test_a_deadlock_is_an_error_that_names_the_places(world: World) -> None:
    def script() -> None:
        one, other = threading.Lock(), threading.Lock()

        def work() -> None:
            with one:
                time.sleep(1)
                with other:
                    pass

        threading.Thread(target=work, daemon=True).start()
        with other:
            time.sleep(2)
            with one:
                pass

    with pytest.raises(StalledError, match=r"test_threads\.py:\d+ in work"):
        on_the_bot(world, script)


def test_names_of_threads_and_their_order_are_the_same_in_every_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def run() -> str:
        with World(seed=1) as world:
            world.host("bot")

            def work(number: int) -> None:
                time.sleep(number % 3)
                logging.getLogger("bot").info("%s %d", threading.current_thread().name, number)

            def script() -> None:
                threads = [threading.Thread(target=work, args=(n,)) for n in range(10)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()

            on_the_bot(world, script)
            assert len(world.trace) == 12  # ten lines, and twice that the bot stood still
            return world.digest

    assert run() == run()
