"""What bots do with a database, through each client that they use: asyncio's and blocking ones."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from simulator import World
from tests.neighbours.conftest import START
from tests.neighbours.servers import Server

S = 1_000_000_000
STATEMENTS = 1_000
AT_ONCE = 12
POOL = 4
QUESTION = "SELECT {} * 2 FROM pg_sleep(0.001)"
log = logging.getLogger("bot")


def driver(dsn: str, name: str) -> str:
    return dsn.replace("postgresql", f"postgresql+{name}")


# a thousand statements between virtual sleeps


async def many_by_asyncpg(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    for number in range(STATEMENTS):
        log.info("%s", await connection.fetchval("SELECT $1::int * 2", number))
        await asyncio.sleep(10)
    await connection.close()


async def many_by_psycopg(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        for number in range(STATEMENTS):
            cursor = await connection.execute("SELECT %s::int * 2", (number,))
            log.info("%s", (await cursor.fetchone() or ())[0])
            await asyncio.sleep(10)


async def many_by_sqlalchemy(dsn: str) -> None:
    engine = create_async_engine(dsn)
    async with engine.connect() as connection:
        for number in range(STATEMENTS):
            found = await connection.execute(text(f"SELECT {number} * 2"))
            log.info("%s", found.scalar_one())
            await asyncio.sleep(10)
    await engine.dispose()


def many_by_blocking_psycopg(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for number in range(STATEMENTS):
            found = connection.execute("SELECT %s::int * 2", (number,)).fetchone() or ()
            log.info("%s", found[0])
            time.sleep(10)


def many_by_blocking_sqlalchemy(dsn: str) -> None:
    engine = create_engine(dsn)
    with engine.connect() as connection:
        for number in range(STATEMENTS):
            log.info("%s", connection.execute(text(f"SELECT {number} * 2")).scalar_one())
            time.sleep(10)
    engine.dispose()


# a pool whose connections are asked at once


async def pool_of_asyncpg(dsn: str) -> None:
    async with asyncpg.create_pool(dsn, min_size=POOL, max_size=POOL) as pool:

        async def ask(number: int) -> None:
            log.info("%s", await pool.fetchval(QUESTION.format(number)))
            await asyncio.sleep(1)

        await asyncio.gather(*(ask(number) for number in range(AT_ONCE)))


async def connections_of_psycopg(dsn: str) -> None:
    """A pool of psycopg's is a package of its own; this is what it comes to."""
    free: asyncio.Queue[Any] = asyncio.Queue()
    for _ in range(POOL):
        free.put_nowait(await psycopg.AsyncConnection.connect(dsn, autocommit=True))

    async def ask(number: int) -> None:
        connection = await free.get()
        cursor = await connection.execute(QUESTION.format(number))
        log.info("%s", (await cursor.fetchone())[0])
        free.put_nowait(connection)
        await asyncio.sleep(1)

    await asyncio.gather(*(ask(number) for number in range(AT_ONCE)))
    while not free.empty():
        await free.get_nowait().close()


async def pool_of_sqlalchemy(dsn: str) -> None:
    engine = create_async_engine(dsn, pool_size=POOL, max_overflow=0)

    async def ask(number: int) -> None:
        async with engine.connect() as connection:
            found = await connection.execute(text(QUESTION.format(number)))
            log.info("%s", found.scalar_one())
        await asyncio.sleep(1)

    await asyncio.gather(*(ask(number) for number in range(AT_ONCE)))
    await engine.dispose()


def pool_of_blocking_sqlalchemy(dsn: str) -> None:
    engine = create_engine(dsn, pool_size=POOL, max_overflow=0)

    def ask(number: int) -> None:
        with engine.connect() as connection:
            log.info("%s", connection.execute(text(QUESTION.format(number))).scalar_one())
            time.sleep(1)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(ask, range(AT_ONCE)))
    engine.dispose()


MANY: dict[str, Callable[[str], Any]] = {
    "asyncpg": many_by_asyncpg,
    "psycopg": many_by_psycopg,
    "psycopg, blocking": many_by_blocking_psycopg,
    "sqlalchemy, asyncpg": lambda dsn: many_by_sqlalchemy(driver(dsn, "asyncpg")),
    "sqlalchemy, psycopg": lambda dsn: many_by_sqlalchemy(driver(dsn, "psycopg")),
    "sqlalchemy, blocking": lambda dsn: many_by_blocking_sqlalchemy(driver(dsn, "psycopg")),
}
POOLS: dict[str, Callable[[str], Any]] = {
    "asyncpg": pool_of_asyncpg,
    "psycopg": connections_of_psycopg,
    "sqlalchemy, asyncpg": lambda dsn: pool_of_sqlalchemy(driver(dsn, "asyncpg")),
    "sqlalchemy, psycopg": lambda dsn: pool_of_sqlalchemy(driver(dsn, "psycopg")),
    "sqlalchemy, blocking": lambda dsn: pool_of_blocking_sqlalchemy(driver(dsn, "psycopg")),
}


def play(server: Server, work: Callable[[str], Any]) -> tuple[str, list[int], int]:
    """Digest, what the bot logged, and virtual nanoseconds of one run."""

    def script() -> None:
        coro = work(server.dsn)
        if coro is not None:
            asyncio.run(coro)

    log.setLevel(logging.INFO)
    with World(seed=1, start=START) as world:
        # Long enough that no reply comes late beside another on a machine that is busy.
        world.neighbour("db", server.address, settle_s=0.5)
        world.host("bot").run(script)
        logged = [each for each in world.trace.entries() if each.get("logger") == "bot"]
        assert not world.refusals
        return world.digest, [int(each["message"]) for each in logged], world.env.elapsed_ns


@pytest.mark.parametrize("client", MANY)
def test_a_thousand_statements_between_sleeps_are_the_same_in_two_runs(
    postgres: Server, client: str
) -> None:
    first = play(postgres, MANY[client])
    digest, logged, elapsed_ns = first
    assert logged == [2 * number for number in range(STATEMENTS)]
    assert elapsed_ns == STATEMENTS * 10 * S
    assert play(postgres, MANY[client]) == first
    assert len(digest) == 64


@pytest.mark.parametrize("client", POOLS)
def test_questions_to_a_pool_at_once_are_the_same_in_two_runs(
    postgres: Server, client: str
) -> None:
    first = play(postgres, POOLS[client])
    _, logged, elapsed_ns = first
    assert sorted(logged) == [2 * number for number in range(AT_ONCE)]
    in_turn = AT_ONCE // POOL if client == "sqlalchemy, blocking" else 1
    assert elapsed_ns == in_turn * S
    assert play(postgres, POOLS[client]) == first


# transactions


async def transact_by_asyncpg(dsn: str) -> list[Any]:
    said: list[Any] = []
    one, two = [await asyncpg.connect(dsn) for _ in range(2)]
    await one.execute("CREATE TABLE done (id int PRIMARY KEY)")
    try:
        async with one.transaction():
            await one.execute("INSERT INTO done VALUES (1)")
            await asyncio.sleep(5)
            said.append(await two.fetchval("SELECT count(*) FROM done"))
        said.append(await two.fetchval("SELECT count(*) FROM done"))
        begun = one.transaction()
        await begun.start()
        await one.execute("INSERT INTO done VALUES (2)")
        await asyncio.sleep(5)
        await begun.rollback()
        said.append(await two.fetchval("SELECT count(*) FROM done"))
        try:
            await two.execute("INSERT INTO done VALUES (1)")
        except asyncpg.UniqueViolationError:
            said.append("conflict")
        said.append(await asyncpg_loses_the_race(one, two))
    finally:
        await one.execute("DROP TABLE done")
        await one.close()
        await two.close()
    return said


async def asyncpg_loses_the_race(one: Any, two: Any) -> str:
    first, second = [each.transaction(isolation="repeatable_read") for each in (one, two)]
    await first.start()
    await second.start()
    await two.fetchval("SELECT count(*) FROM done")
    await one.execute("UPDATE done SET id = 10 WHERE id = 1")
    await asyncio.sleep(1)
    await first.commit()
    try:
        await two.execute("UPDATE done SET id = 20 WHERE id = 1")
    except asyncpg.SerializationError:
        await second.rollback()
        return "lost the race"
    return "both"


def transact_by_psycopg(dsn: str) -> list[Any]:
    """The blocking one; the other has the same protocol beneath."""
    said: list[Any] = []

    def count(connection: Any) -> int:
        (found,) = connection.execute("SELECT count(*) FROM done").fetchone()
        connection.commit()
        return int(found)

    with psycopg.connect(dsn) as one, psycopg.connect(dsn) as two:
        one.execute("CREATE TABLE done (id int PRIMARY KEY)")
        one.commit()
        try:
            one.execute("INSERT INTO done VALUES (1)")
            time.sleep(5)
            said.append(count(two))
            one.commit()
            said.append(count(two))
            one.execute("INSERT INTO done VALUES (2)")
            time.sleep(5)
            one.rollback()
            said.append(count(two))
            with pytest.raises(psycopg.errors.UniqueViolation):
                two.execute("INSERT INTO done VALUES (1)")
            two.rollback()
            said.append("conflict")
            two.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            two.execute("SELECT count(*) FROM done")
            one.execute("UPDATE done SET id = 10 WHERE id = 1")
            time.sleep(1)
            one.commit()
            with pytest.raises(psycopg.errors.SerializationFailure):
                two.execute("UPDATE done SET id = 20 WHERE id = 1")
            two.rollback()
            said.append("lost the race")
        finally:
            one.execute("DROP TABLE done")
            one.commit()
    return said


def transact_by_sqlalchemy(name: str) -> Callable[[str], Any]:
    async def work(dsn: str) -> list[Any]:
        said: list[Any] = []
        engine = create_async_engine(driver(dsn, name))
        insert, look = text("INSERT INTO done VALUES (:id)"), text("SELECT count(*) FROM done")

        async def count() -> int:
            async with engine.connect() as other:
                return int((await other.execute(look)).scalar_one())

        async with engine.begin() as one:
            await one.execute(text("CREATE TABLE done (id int PRIMARY KEY)"))
        try:
            async with engine.begin() as one:
                await one.execute(insert, {"id": 1})
                await asyncio.sleep(5)
                said.append(await count())
            said.append(await count())
            async with engine.connect() as one:
                await one.execute(insert, {"id": 2})
                await asyncio.sleep(5)
                await one.rollback()
            said.append(await count())
            try:
                async with engine.begin() as one:
                    await one.execute(insert, {"id": 1})
            except DBAPIError:
                said.append("conflict")
            said.append(await sqlalchemy_loses_the_race(engine))
        finally:
            async with engine.begin() as one:
                await one.execute(text("DROP TABLE done"))
            await engine.dispose()
        return said

    return work


async def sqlalchemy_loses_the_race(engine: Any) -> str:
    strict = engine.execution_options(isolation_level="REPEATABLE READ")
    async with strict.connect() as one, strict.connect() as two:
        await two.execute(text("SELECT count(*) FROM done"))
        await one.execute(text("UPDATE done SET id = 10 WHERE id = 1"))
        await asyncio.sleep(1)
        await one.commit()
        try:
            await two.execute(text("UPDATE done SET id = 20 WHERE id = 1"))
        except DBAPIError as error:
            await two.rollback()
            return "lost the race" if "could not serialize" in str(error) else str(error)
    return "both"


TRANSACTIONS: dict[str, Callable[[str], Any]] = {
    "asyncpg": transact_by_asyncpg,
    "psycopg, blocking": transact_by_psycopg,
    "sqlalchemy, asyncpg": transact_by_sqlalchemy("asyncpg"),
    "sqlalchemy, psycopg": transact_by_sqlalchemy("psycopg"),
}


@pytest.mark.parametrize("client", TRANSACTIONS)
def test_a_transaction_is_kept_undone_or_in_conflict_as_in_production(
    world: World, postgres: Server, client: str
) -> None:
    world.neighbour("db", postgres.address)

    def script() -> Any:
        found = TRANSACTIONS[client](postgres.dsn)
        return asyncio.run(found) if asyncio.iscoroutine(found) else found

    said = world.hosts["bot"].run(script)
    assert said == [0, 1, 1, "conflict", "lost the race"]
    assert world.env.elapsed_ns == 11 * S


# a server that dies


def die_by_blocking_psycopg(dsn: str, kill: Callable[[], None]) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SELECT 1")
        kill()
        for _ in range(1_000):
            time.sleep(1)
            connection.execute("SELECT pg_sleep(0.05)")


async def die_by_psycopg(dsn: str, kill: Callable[[], None]) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute("SELECT 1")
        kill()
        for _ in range(1_000):
            await asyncio.sleep(1)
            await connection.execute("SELECT pg_sleep(0.05)")


def die_by_blocking_sqlalchemy(dsn: str, kill: Callable[[], None]) -> None:
    engine = create_engine(driver(dsn, "psycopg"))
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        kill()
        for _ in range(1_000):
            time.sleep(1)
            connection.execute(text("SELECT pg_sleep(0.05)"))


async def die_by_sqlalchemy(dsn: str, kill: Callable[[], None]) -> None:
    engine = create_async_engine(driver(dsn, "asyncpg"))
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        kill()
        for _ in range(1_000):
            await asyncio.sleep(1)
            await connection.execute(text("SELECT pg_sleep(0.05)"))


def die_in_a_thread(dsn: str, kill: Callable[[], None]) -> None:
    raised: list[BaseException] = []

    def work() -> None:
        try:
            die_by_blocking_psycopg(dsn, kill)
        except psycopg.OperationalError as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    raise raised[0]


DYING: dict[str, Callable[[str, Callable[[], None]], Any]] = {
    "psycopg": die_by_psycopg,
    "psycopg, blocking": die_by_blocking_psycopg,
    "psycopg, in a thread": die_in_a_thread,
    "sqlalchemy, asyncpg": die_by_sqlalchemy,
    "sqlalchemy, blocking": die_by_blocking_sqlalchemy,
}


@pytest.mark.parametrize("client", DYING)
def test_a_server_that_is_killed_is_an_error_in_the_client_and_no_hang(
    doomed: Server, world: World, client: str
) -> None:
    world.neighbour("db", doomed.address, timeout_s=20)

    def script() -> None:
        coro = DYING[client](doomed.dsn, doomed.kill)
        if coro is not None:
            asyncio.run(coro)

    # asyncpg confuses its own states where the server's last words come in the middle of a reply.
    said = r"clos|terminat|crash|lost|another operation .* is in progress"
    with pytest.raises((psycopg.OperationalError, DBAPIError), match=said):
        world.hosts["bot"].run(script)
