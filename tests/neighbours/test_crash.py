"""A crash with a transaction open: the server rolls it back, and what was committed is there."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

import asyncpg
import psycopg
import pytest
import redis as blocking_redis

from simulator import World
from simulator.errors import HostCrashed
from tests.neighbours.servers import Server

HELD: list[Any] = []
"""What outlives the host in the process: a module's variable keeps a connection from being
dropped, and with it closed."""


@pytest.fixture(autouse=True)
def _let_go() -> Any:
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        HELD.clear()
        gc.collect()


@pytest.fixture
def table(postgres: Server) -> Any:
    """An empty table of the test's own, made outside the run and looked at outside the run."""
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS kept")
        connection.execute("CREATE TABLE kept (id int PRIMARY KEY, what text)")
        yield connection


def crash_in(world: World, seconds: float) -> None:
    timer: Any = world.env.timeout(round(seconds * 1e9))
    timer.callbacks.append(lambda _: world.hosts["bot"].crash("test"))


async def with_asyncpg(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    HELD.append(connection)
    await connection.execute("INSERT INTO kept VALUES (1, 'committed')")
    async with connection.transaction():
        await connection.execute("INSERT INTO kept VALUES (2, 'open')")
        await asyncio.sleep(60)


async def with_psycopg(dsn: str) -> None:
    connection = await psycopg.AsyncConnection.connect(dsn)
    HELD.append(connection)
    await connection.execute("INSERT INTO kept VALUES (1, 'committed')")
    await connection.commit()
    await connection.execute("INSERT INTO kept VALUES (2, 'open')")
    await asyncio.sleep(60)


def blocking(dsn: str) -> None:
    connection = psycopg.connect(dsn)
    HELD.append(connection)
    connection.execute("INSERT INTO kept VALUES (1, 'committed')")
    connection.commit()
    connection.execute("INSERT INTO kept VALUES (2, 'open')")
    time.sleep(60)
    connection.commit()


def in_a_thread(dsn: str) -> None:
    thread = threading.Thread(target=blocking, args=(dsn,))
    thread.start()
    thread.join()


FIRST: dict[str, Callable[[str], None]] = {
    "asyncpg": lambda dsn: asyncio.run(with_asyncpg(dsn)),
    "psycopg": lambda dsn: asyncio.run(with_psycopg(dsn)),
    "blocking psycopg": blocking,
    "blocking psycopg in a thread": in_a_thread,
}


@pytest.mark.parametrize("first", FIRST)
def test_a_transaction_that_was_open_is_rolled_back_and_the_next_life_goes_on(
    world: World, postgres: Server, table: Any, first: str
) -> None:
    world.neighbour("db", postgres.address)
    bot = world.hosts["bot"]
    crash_in(world, 5)
    with pytest.raises(HostCrashed):
        bot.run(FIRST[first], postgres.dsn)
    assert world.env.elapsed_ns == 5_000_000_000
    bot.restart()

    def second() -> list[Any]:
        with psycopg.connect(postgres.dsn) as connection:
            # The key is free as soon as the server has seen the connection end; until then the
            # statement waits, and virtual time with it.
            connection.execute("INSERT INTO kept VALUES (2, 'next life')")
        with psycopg.connect(postgres.dsn) as connection:
            return connection.execute("SELECT id, what FROM kept ORDER BY id").fetchall()

    assert bot.run(second) == [(1, "committed"), (2, "next life")]
    assert world.env.elapsed_ns == 5_000_000_000
    assert table.execute("SELECT count(*) FROM kept").fetchone() == (2,)


def test_without_a_crash_the_same_transaction_is_committed(
    world: World, postgres: Server, table: Any
) -> None:
    world.neighbour("db", postgres.address)
    world.hosts["bot"].run(blocking, postgres.dsn)
    HELD.pop().close()
    assert table.execute("SELECT count(*) FROM kept").fetchone() == (2,)


def test_another_host_s_connections_stay(world: World, postgres: Server, table: Any) -> None:
    world.neighbour("db", postgres.address)
    other = world.host("other")

    async def both() -> list[Any]:
        one = await asyncpg.connect(postgres.dsn)
        two = await psycopg.AsyncConnection.connect(postgres.dsn)
        await two.execute("SELECT 1")
        await asyncio.sleep(10)
        found = [await one.fetchval("SELECT 1")]
        cursor = await two.execute("SELECT 2")
        found += await cursor.fetchone() or ()
        await one.close()
        await two.close()
        return found

    task = other.start(both())
    crash_in(world, 5)
    assert world.run_until(task) == [1, 2]


def test_a_blocking_redis_client_s_connection_ends_too(world: World, redis: Server) -> None:
    world.neighbour("cache", redis.address)
    bot = world.hosts["bot"]

    def first() -> None:
        client = blocking_redis.Redis(port=redis.port, client_name="first")
        HELD.append(client)
        client.set("state", "written")
        time.sleep(60)

    def second() -> tuple[Any, list[str]]:
        with blocking_redis.Redis(port=redis.port, client_name="second") as client:
            for _ in range(1_000):
                names = sorted(each["name"] for each in client.client_list())
                if "first" not in names:
                    break
            return client.get("state"), names

    crash_in(world, 5)
    with pytest.raises(HostCrashed):
        bot.run(first)
    bot.restart()
    assert bot.run(second) == (b"written", ["second"])
