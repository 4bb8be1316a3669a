"""One run with a database, a cache and a pool, for a process of its own; prints its digest.

python -m tests.neighbours.script POSTGRES_DSN REDIS_PORT
"""

from __future__ import annotations

import asyncio
import logging
import sys

import asyncpg
import psycopg
from redis.asyncio import Redis

from simulator import World

log = logging.getLogger("bot")


async def _in_turn(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        for number in range(20):
            cursor = await connection.execute("SELECT %s::int * 2", (number,))
            log.info("psycopg %s", await cursor.fetchone())
            await asyncio.sleep(0.4)


async def _at_once(dsn: str) -> None:
    async with asyncpg.create_pool(dsn, min_size=4, max_size=4) as pool:

        async def ask(number: int) -> None:
            found = await pool.fetchval("SELECT $1::int FROM pg_sleep(0.001)", number)
            log.info("pool %s", found)

        for _ in range(5):
            await asyncio.gather(*(ask(number) for number in range(12)))
            await asyncio.sleep(1)


async def _cached(port: int) -> None:
    async with Redis(port=port) as client:
        for number in range(20):
            await client.set("key", number)
            log.info("redis %s", await client.get("key"))
            await asyncio.sleep(0.4)


async def _main(dsn: str, port: int) -> None:
    await asyncio.gather(_in_turn(dsn), _at_once(dsn), _cached(port))


def run(dsn: str, port: int) -> tuple[str, list[str]]:
    """The run's digest, and what the bot logged."""
    logging.getLogger().setLevel(logging.INFO)
    with World(seed=1) as world:
        world.neighbour("db", dsn.rpartition("@")[2].partition("/")[0], settle_s=0.2)
        world.neighbour("cache", f"127.0.0.1:{port}", settle_s=0.2)
        world.run_until(world.host("bot").start(_main(dsn, port)))
        logged = [each for each in world.trace.entries() if each.get("logger") == "bot"]
        return world.digest, [str(each) for each in logged]


if __name__ == "__main__":
    digest, lines = run(sys.argv[1], int(sys.argv[2]))
    sys.stdout.write(f"{digest} {len(lines)}\n")
