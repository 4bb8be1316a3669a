"""A statement to a real Postgres inside virtual time, against the same from plain asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg

from simulator import World
from tests.bench.figures import Figure, median_ratio, real_clock
from tests.neighbours import servers

STATEMENTS = 2_000
WARM_UP = 200
STATEMENT = "SELECT $1::int + 1"


async def _ask(connection: asyncpg.Connection, times: int) -> None:
    for number in range(times):
        assert await connection.fetchval(STATEMENT, number) == number + 1


def _in_the_world(server: servers.Server) -> float:
    with World() as world:
        world.neighbour("db", server.address)
        bot = world.host("bot")
        connection = world.run_until(bot.start(asyncpg.connect(server.dsn)))
        world.run_until(bot.start(_ask(connection, WARM_UP)))
        task = bot.start(_ask(connection, STATEMENTS))
        before = real_clock.read()
        world.run_until(task)
        took = real_clock.read() - before
        world.run_until(bot.start(connection.close()))
    return took


async def _plain(server: servers.Server) -> float:
    connection = await asyncpg.connect(server.dsn, ssl=False)
    await _ask(connection, WARM_UP)
    before = real_clock.read()
    await _ask(connection, STATEMENTS)
    took = real_clock.read() - before
    await connection.close()
    return took


def figures() -> Iterator[Figure]:
    """None where there is no Postgres on this machine."""
    if servers.postgres_programs() is None:
        return
    with servers.postgres() as server:
        yield Figure(
            name="postgres_statement_ratio",
            value=median_ratio(lambda: _in_the_world(server), lambda: asyncio.run(_plain(server))),
            unit="x",
            target=1.5,
            better="lower",
        )
