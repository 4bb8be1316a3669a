"""A host that crashes is gone at once: its code, its connections, its memory; the disk stays."""

from __future__ import annotations

import asyncio
import gc
import logging
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from simulator import World
from simulator.errors import HostCrashed, WorldError

HOST, PORT = "fapi.binance.com", 443
logger = logging.getLogger("bot")


def crash_in(world: World, seconds: float) -> None:
    timer: Any = world.env.timeout(round(seconds * 1e9))
    timer.callbacks.append(lambda _: world.hosts["bot"].crash("test"))


def kinds(world: World, *wanted: str) -> list[tuple[float, str]]:
    return [(e["t"] / 1e9, e["kind"]) for e in world.trace.entries() if e["kind"] in wanted]


def logged(world: World) -> list[str]:
    return [each["message"] for each in world.trace.entries() if each["kind"] == "log"]


def test_what_awaits_does_not_go_on_and_its_finally_has_no_effect(
    world: World, tmp_path: Path
) -> None:
    database = tmp_path / "bot.db"

    async def main() -> None:
        connection = sqlite3.connect(database, isolation_level=None)
        connection.execute("CREATE TABLE rows (text TEXT)")
        connection.execute("INSERT INTO rows VALUES ('committed')")
        try:
            await asyncio.sleep(60)
        finally:
            logger.info("cleaning up")
            connection.execute("INSERT INTO rows VALUES ('from the grave')")

    task = world.hosts["bot"].start(main())
    crash_in(world, 1)
    world.run_for(120)
    assert not task.done()
    assert logged(world) == []
    assert kinds(world, "crash", "restart") == [(1.0, "crash")]
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT text FROM rows").fetchall() == [("committed",)]
    connection.close()


def test_what_was_not_committed_is_gone_and_what_was_is_there_after_the_restart(
    world: World, tmp_path: Path
) -> None:
    database = tmp_path / "bot.db"
    found = []

    async def first() -> None:
        connection = sqlite3.connect(database)
        connection.execute("CREATE TABLE rows (text TEXT)")
        connection.execute("INSERT INTO rows VALUES ('kept')")
        connection.commit()
        connection.execute("INSERT INTO rows VALUES ('lost')")
        await asyncio.sleep(60)

    async def second() -> None:
        connection = sqlite3.connect(database)
        found.extend(connection.execute("SELECT text FROM rows").fetchall())
        connection.execute("INSERT INTO rows VALUES ('goes on')")
        connection.commit()
        connection.close()

    bot = world.hosts["bot"]
    bot.start(first())
    crash_in(world, 1)
    world.run_for(2)
    bot.restart()
    world.run_until(bot.start(second()))
    assert found == [("kept",)]
    assert bot.lives == 2
    assert kinds(world, "crash", "restart") == [(1.0, "crash"), (2.0, "restart")]


def test_a_file_keeps_what_was_flushed_and_no_more(world: World, tmp_path: Path) -> None:
    path = tmp_path / "state.txt"

    async def main() -> None:
        with path.open("w") as file:
            file.write("flushed\n")
            file.flush()
            file.write("in a buffer\n")
            await asyncio.sleep(60)

    world.hosts["bot"].start(main())
    crash_in(world, 1)
    world.run_for(2)
    gc.collect()
    assert path.read_text() == "flushed\n"


def test_a_crash_in_the_hosts_own_code_ends_it_there(world: World) -> None:
    bot = world.hosts["bot"]
    after = []

    def at_the_line(record: logging.LogRecord) -> None:
        if record.getMessage() == "now":
            bot.crash()

    world.log_listeners.append(at_the_line)

    async def main() -> None:
        try:
            try:
                logger.warning("now")
                after.append("went on")
            except Exception:
                after.append("handled it")
        finally:
            logger.warning("last words")

    bot.start(main())
    world.run_for(1)
    assert after == []
    assert logged(world) == ["now"]


async def hold(request: web.BaseRequest) -> web.Response:
    await asyncio.sleep(60)
    return web.Response()


def test_the_peer_sees_the_end_of_the_connection_after_the_links_latency(world: World) -> None:
    seen = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await reader.read(), world.env.elapsed_ns / 1e9))
        writer.close()

    async def venue() -> None:
        await asyncio.start_server(serve, "0.0.0.0", PORT)

    async def main() -> None:
        _, writer = await asyncio.open_connection(HOST, PORT)
        writer.write(b"half a requ")
        await asyncio.sleep(60)

    world.hosts["venue"].start(venue())
    world.hosts["bot"].start(main())
    crash_in(world, 1)
    world.run_for(10)
    assert seen == [(b"half a requ", 1.175)]


def test_data_for_the_dead_is_answered_by_a_reset(world: World) -> None:
    ends = []

    class Sender(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            asyncio.get_running_loop().call_later(0.9, transport.write, b"news")

        def eof_received(self) -> bool:
            return True  # a half-open connection: only a reset ends it

        def connection_lost(self, error: Exception | None) -> None:
            ends.append((type(error), world.env.elapsed_ns / 1e9))

    async def venue() -> None:
        await asyncio.get_running_loop().create_server(Sender, "0.0.0.0", PORT)

    async def main() -> None:
        await asyncio.get_running_loop().create_connection(asyncio.Protocol, HOST, PORT)
        await asyncio.sleep(60)

    world.hosts["venue"].start(venue())
    world.hosts["bot"].start(main())
    crash_in(world, 1)  # the data leaves at 1.075 s, which is before the end is known there
    world.run_for(10)
    assert ends == [(ConnectionResetError, 1.425)]


def test_nobody_listens_on_a_crashed_host_until_it_is_restarted(world: World) -> None:
    bot = world.hosts["bot"]
    answers = []

    async def listen() -> None:
        await asyncio.get_running_loop().create_server(asyncio.Protocol, "0.0.0.0", 80)
        await asyncio.sleep(600)

    async def ask() -> None:
        try:
            _, writer = await asyncio.open_connection("bot", 80)
        except ConnectionRefusedError:
            answers.append("refused")
        else:
            answers.append("taken")
            writer.close()

    venue = world.hosts["venue"]
    bot.start(listen())
    world.run_until(venue.start(ask()))
    bot.crash()
    world.run_until(venue.start(ask()))
    bot.restart()
    bot.start(listen())
    world.run_until(venue.start(ask()))
    assert answers == ["taken", "refused", "taken"]


def test_a_blocking_sleep_does_not_end(world: World) -> None:
    after = []

    async def main() -> None:
        time.sleep(10)
        after.append("went on")

    world.hosts["bot"].start(main())
    crash_in(world, 1)
    world.run_for(60)
    assert after == []
    assert world.env.elapsed_ns == 60_000_000_000


def test_a_script_that_drives_its_loop_ends_with_the_crash(world: World) -> None:
    after = []

    async def main() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            after.append(world.env.elapsed_ns)

    def script() -> None:
        asyncio.run(main())
        after.append("went on")

    crash_in(world, 1)
    with pytest.raises(HostCrashed, match="host bot has crashed"):
        world.hosts["bot"].run(script)
    assert "went on" not in after
    assert world.env.elapsed_ns == 1_000_000_000


def test_a_crashed_host_runs_nothing_and_one_that_is_up_is_not_restarted(world: World) -> None:
    bot = world.hosts["bot"]
    with pytest.raises(WorldError, match="host bot is up; only one that has crashed"):
        bot.restart()
    bot.crash()
    coro = hold(None)  # type: ignore[arg-type]
    with pytest.raises(WorldError, match=r"host bot has crashed; call restart\(\)"):
        bot.start(coro)
    coro.close()


def a_run_with_a_session(before: Callable[[World], None]) -> tuple[str, list[str]]:
    async def venue() -> None:
        await asyncio.get_running_loop().create_server(web.Server(hold), "0.0.0.0", PORT)

    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(session.get(f"https://{HOST}/{n}") for n in range(5)))

    with World(seed=1) as world:
        world.host("bot")
        world.host("venue", names=(HOST,)).start(venue())
        before(world)
        bot = world.hosts["bot"]
        bot.start(main())
        world.run_for(2)
        if bot.dead:
            bot.restart()
        bot.start(main())
        world.run_for(100)
        return world.trace.digest(), logged(world)


def test_sessions_tasks_and_connections_of_a_crashed_host_leave_no_word_and_no_object() -> None:
    digest, lines = a_run_with_a_session(lambda world: crash_in(world, 1))
    assert lines == []
    assert a_run_with_a_session(lambda world: crash_in(world, 1))[0] == digest
    gc.collect()  # a pending task that is destroyed, or an open session, would be a warning here
    assert [each for each in gc.get_objects() if isinstance(each, aiohttp.ClientSession)] == []
