"""A real Postgres beside the world, through the clients that bots use."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from simulator import World
from tests.neighbours.servers import Server

STATEMENTS = 1_000
BIG = "SELECT repeat(chr(97 + n % 26), 1000) FROM generate_series(1, 3000) AS n"
NOTES = 5


async def with_asyncpg(dsn: str, insert: int) -> list[int]:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TEMP TABLE rows (n int)")
    for number in range(insert):
        await connection.execute("INSERT INTO rows VALUES ($1)", number)
        await asyncio.sleep(10)
    found = await connection.fetch("SELECT n FROM rows ORDER BY n")
    await connection.close()
    return [row["n"] for row in found]


async def with_psycopg(dsn: str, insert: int) -> list[int]:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute("CREATE TEMP TABLE rows (n int)")
        for number in range(insert):
            await connection.execute("INSERT INTO rows VALUES (%s)", (number,))
            await asyncio.sleep(10)
        cursor = await connection.execute("SELECT n FROM rows ORDER BY n")
        return [row[0] for row in await cursor.fetchall()]


def with_sqlalchemy(driver: str) -> Callable[[str, int], Awaitable[list[int]]]:
    async def work(dsn: str, insert: int) -> list[int]:
        engine = create_async_engine(dsn.replace("postgresql", f"postgresql+{driver}"))
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TEMP TABLE rows (n int)"))
            for number in range(insert):
                await connection.execute(text("INSERT INTO rows VALUES (:n)"), {"n": number})
                await asyncio.sleep(10)
            found = await connection.execute(text("SELECT n FROM rows ORDER BY n"))
            rows = [row[0] for row in found]
        await engine.dispose()
        return rows

    return work


CLIENTS = {
    "asyncpg": with_asyncpg,
    "psycopg": with_psycopg,
    "sqlalchemy+asyncpg": with_sqlalchemy("asyncpg"),
    "sqlalchemy+psycopg": with_sqlalchemy("psycopg"),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_thousand_statements_between_sleeps_take_no_virtual_time(
    world: World, postgres: Server, client: str
) -> None:
    world.neighbour("db", postgres.address)
    task = world.hosts["bot"].start(CLIENTS[client](postgres.dsn, STATEMENTS))  # type: ignore[arg-type]
    assert world.run_until(task) == list(range(STATEMENTS))
    assert world.env.elapsed_ns == STATEMENTS * 10 * 1_000_000_000
    assert not world.refusals


@pytest.mark.parametrize("client", ["asyncpg", "psycopg"])
def test_a_unix_socket_is_a_neighbour_too(world: World, postgres: Server, client: str) -> None:
    world.neighbour("db", postgres.path)
    folder = postgres.path.rpartition("/")[0]
    dsn = f"postgresql://bot@/postgres?host={folder}&port={postgres.port}"
    task = world.hosts["bot"].start(CLIENTS[client](dsn, 3))  # type: ignore[arg-type]
    assert world.run_until(task) == [0, 1, 2]


@pytest.mark.parametrize("client", ["asyncpg", "psycopg"])
def test_a_neighbour_answers_at_its_name(world: World, postgres: Server, client: str) -> None:
    world.neighbour("db.internal", postgres.address)
    dsn = postgres.dsn.replace("127.0.0.1", "db.internal")
    task = world.hosts["bot"].start(CLIENTS[client](dsn, 3))  # type: ignore[arg-type]
    assert world.run_until(task) == [0, 1, 2]


def test_a_blocking_client_has_the_whole_world_wait(world: World, postgres: Server) -> None:
    world.neighbour("db", postgres.address)

    async def work() -> Any:
        with psycopg.connect(postgres.dsn) as connection:
            return connection.execute("SELECT count(*) FROM pg_sleep(0.01)").fetchone()

    assert world.run_until(world.hosts["bot"].start(work())) == (1,)
    assert world.env.elapsed_ns == 0


@pytest.mark.parametrize("client", ["asyncpg", "psycopg"])
def test_a_reply_of_megabytes_arrives_whole_at_one_moment(
    world: World, postgres: Server, client: str
) -> None:
    world.neighbour("db", postgres.address)

    async def work() -> list[str]:
        if client == "asyncpg":
            connection = await asyncpg.connect(postgres.dsn)
            rows = [row[0] for row in await connection.fetch(BIG)]
            await connection.close()
            return rows
        async with await psycopg.AsyncConnection.connect(postgres.dsn) as other:
            return [row[0] for row in await (await other.execute(BIG)).fetchall()]

    rows = world.run_until(world.hosts["bot"].start(work()))
    assert rows == [chr(97 + n % 26) * 1000 for n in range(1, 3001)]
    assert world.env.elapsed_ns == 0


def test_rows_are_copied_in_and_out(world: World, postgres: Server) -> None:
    world.neighbour("db", postgres.address)
    rows = [(number, "x" * 100) for number in range(5_000)]

    async def work() -> int:
        connection = await asyncpg.connect(postgres.dsn)
        await connection.execute("CREATE TEMP TABLE copied (n int, what text)")
        await connection.copy_records_to_table("copied", records=rows)
        count = await connection.fetchval("SELECT count(*) FROM copied")
        await connection.close()
        return int(count)

    assert world.run_until(world.hosts["bot"].start(work())) == len(rows)
    assert world.env.elapsed_ns == 0


def test_replies_to_a_pool_come_in_the_order_of_the_questions(
    world: World, postgres: Server
) -> None:
    world.neighbour("db", postgres.address)
    order: list[int] = []

    async def work() -> None:
        async with asyncpg.create_pool(postgres.dsn, min_size=5, max_size=5) as pool:

            async def ask(number: int) -> None:
                # The earlier it is asked, the later the server is done with it.
                await pool.fetchval("SELECT pg_sleep($1)", (5 - number) / 500)
                order.append(number)

            await asyncio.gather(*(ask(number) for number in range(5)))

    world.run_until(world.hosts["bot"].start(work()))
    assert order == [0, 1, 2, 3, 4]


def test_who_waits_for_a_lock_does_not_keep_its_holder_from_letting_go(
    world: World, postgres: Server
) -> None:
    world.neighbour("db", postgres.address)

    async def work() -> list[str]:
        holder, waiter = [await asyncpg.connect(postgres.dsn) for _ in range(2)]
        said = []

        async def wait() -> None:
            async with waiter.transaction():
                await waiter.execute("SELECT pg_advisory_xact_lock(7)")
                said.append("waiter has it")

        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("SELECT pg_advisory_xact_lock(7)")
        waiting = asyncio.create_task(wait())
        for _ in range(3):
            await holder.fetchval("SELECT 1")
            said.append("holder works")
        await transaction.commit()
        await waiting
        await holder.close()
        await waiter.close()
        return said

    said = world.run_until(world.hosts["bot"].start(work()))
    assert said == ["holder works"] * 3 + ["waiter has it"]


def test_a_transaction_that_fails_leaves_nothing(world: World, postgres: Server) -> None:
    world.neighbour("db", postgres.address)

    async def work() -> int:
        connection = await asyncpg.connect(postgres.dsn)
        await connection.execute("CREATE TEMP TABLE kept (n int PRIMARY KEY)")

        async def insert_twice() -> None:
            async with connection.transaction():
                await connection.execute("INSERT INTO kept VALUES (1)")
                await asyncio.sleep(5)
                await connection.execute("INSERT INTO kept VALUES (1)")

        with pytest.raises(asyncpg.UniqueViolationError):
            await insert_twice()
        async with connection.transaction():
            await connection.execute("INSERT INTO kept VALUES (2)")
        found = await connection.fetchval("SELECT sum(n) FROM kept")
        await connection.close()
        return int(found)

    assert world.run_until(world.hosts["bot"].start(work())) == 2
    assert world.env.elapsed_ns == 5_000_000_000


async def listen_with_asyncpg(dsn: str, heard: Callable[[str], None], done: asyncio.Event) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.add_listener("news", lambda *said: heard(said[-1]))
    await done.wait()
    await connection.close()


async def listen_with_psycopg(dsn: str, heard: Callable[[str], None], done: asyncio.Event) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute("LISTEN news")
        async for each in connection.notifies(stop_after=NOTES):
            heard(each.payload)
        await done.wait()


@pytest.mark.parametrize("listen", [listen_with_asyncpg, listen_with_psycopg])
def test_a_notification_arrives_at_the_moment_at_which_it_was_sent(
    world: World,
    postgres: Server,
    listen: Callable[[str, Callable[[str], None], asyncio.Event], Any],
) -> None:
    world.neighbour("db", postgres.address)
    heard: list[tuple[str, int]] = []

    async def work() -> None:
        done = asyncio.Event()
        listener = asyncio.create_task(
            listen(
                postgres.dsn,
                lambda said: heard.append((said, world.env.elapsed_ns // 1_000_000_000)),
                done,
            )
        )
        speaker = await asyncpg.connect(postgres.dsn)
        for number in range(NOTES):
            await asyncio.sleep(10)
            await speaker.execute("SELECT pg_notify('news', $1)", f"note {number}")
        await asyncio.sleep(10)
        done.set()
        await listener
        await speaker.close()

    world.run_until(world.hosts["bot"].start(work()))
    assert heard == [(f"note {number}", 10 * (number + 1)) for number in range(NOTES)]


def test_a_script_with_a_loop_of_its_own_waits_for_its_replies(
    world: World, postgres: Server
) -> None:
    world.neighbour("db", postgres.address)
    found = world.hosts["bot"].run(lambda: asyncio.run(with_asyncpg(postgres.dsn, 3)))
    assert found == [0, 1, 2]
    assert world.env.elapsed_ns == 30_000_000_000


def test_a_reply_to_a_bot_that_stands_still_is_there_when_it_goes_on(
    world: World, postgres: Server
) -> None:
    world.neighbour("db", postgres.address)

    async def work() -> tuple[int, int]:
        connection = await asyncpg.connect(postgres.dsn)
        asking = asyncio.create_task(connection.fetchval("SELECT 42"))
        await asyncio.sleep(0)
        time.sleep(3)
        found = await asking
        await connection.close()
        return found, world.env.elapsed_ns

    assert world.run_until(world.hosts["bot"].start(work())) == (42, 3_000_000_000)


@pytest.mark.parametrize("client", ["asyncpg", "psycopg"])
def test_a_server_that_wants_a_password_gets_it(
    protected: Server, world: World, client: str
) -> None:
    world.neighbour("db", protected.address)
    dsn = protected.dsn.replace("bot@", "bot:correct-horse@")
    task = world.hosts["bot"].start(CLIENTS[client](dsn, 3))  # type: ignore[arg-type]
    assert world.run_until(task) == [0, 1, 2]


def test_a_machine_that_crashes_takes_its_connections_with_it(
    world: World, postgres: Server
) -> None:
    world.neighbour("db", postgres.address)
    other = world.host("other")
    kept = []

    async def begin() -> None:
        connection = await asyncpg.connect(postgres.dsn)
        kept.append(connection)
        await connection.execute("BEGIN")
        await connection.execute("SELECT pg_advisory_xact_lock(9)")

    async def lock() -> bool:
        connection = await asyncpg.connect(postgres.dsn)
        await connection.execute("SELECT pg_advisory_lock(9)")  # free once the server has noticed
        await connection.close()
        return True

    world.run_until(world.hosts["bot"].start(begin()))
    world.neighbours.cut(world.hosts["bot"])
    assert world.run_until(other.start(lock()))
