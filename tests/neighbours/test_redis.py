"""A real Redis beside the world, through redis-py."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import redis as blocking_redis
from redis.asyncio import Redis

from simulator import World
from tests.neighbours.servers import Server

COMMANDS = 1_000
PROTOCOLS = (2, 3)
S = 1_000_000_000


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_thousand_commands_between_sleeps_take_no_virtual_time(
    world: World, redis: Server, protocol: int
) -> None:
    world.neighbour("cache", redis.address)

    async def work() -> list[int]:
        async with Redis(port=redis.port, protocol=protocol) as client:
            got = []
            for number in range(COMMANDS):
                await client.set("number", number)
                await asyncio.sleep(10)
                got.append(int(await client.get("number")))
            return got

    assert world.run_until(world.hosts["bot"].start(work())) == list(range(COMMANDS))
    assert world.env.elapsed_ns == COMMANDS * 10 * S


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_message_arrives_at_the_moment_at_which_it_was_published(
    world: World, redis: Server, protocol: int
) -> None:
    world.neighbour("cache", redis.address)
    heard: list[tuple[bytes, int]] = []

    async def listen(client: Any) -> None:
        async with client.pubsub() as subscription:
            await subscription.subscribe("news", "more")
            async for message in subscription.listen():
                if message["type"] == "message":
                    heard.append((message["data"], world.env.elapsed_ns // S))
                if len(heard) == 3:
                    await subscription.unsubscribe()
                    return

    async def work() -> None:
        async with Redis(port=redis.port, protocol=protocol) as client:
            listening = asyncio.create_task(listen(client))
            for number in range(3):
                await asyncio.sleep(7)
                await client.publish("news", f"{number}")
            await listening

    world.run_until(world.hosts["bot"].start(work()))
    assert heard == [(b"0", 7), (b"1", 14), (b"2", 21)]


def test_a_command_that_blocks_lets_time_pass_until_it_is_served(
    world: World, redis: Server
) -> None:
    world.neighbour("cache", redis.address)

    async def work() -> tuple[Any, int]:
        async with Redis(port=redis.port, socket_timeout=None) as client:

            async def push() -> None:
                await asyncio.sleep(100)
                await client.lpush("queue", "job")

            pushing = asyncio.create_task(push())
            got = await client.blpop(["queue"], timeout=0)
            await pushing
            return got, world.env.elapsed_ns

    got, at_ns = world.run_until(world.hosts["bot"].start(work()))
    assert (list(got), at_ns) == ([b"queue", b"job"], 100 * S)


def test_a_transaction_of_a_pipeline_is_answered_as_a_whole(world: World, redis: Server) -> None:
    world.neighbour("cache", redis.address)

    async def work() -> list[Any]:
        async with Redis(port=redis.port) as client:
            await client.set("counter", 40)
            async with client.pipeline(transaction=True) as pipe:
                return list(await pipe.incr("counter").incr("counter").execute())

    assert world.run_until(world.hosts["bot"].start(work())) == [41, 42]


def test_a_value_of_megabytes_arrives_whole(world: World, redis: Server) -> None:
    world.neighbour("cache", redis.address)
    value = bytes(range(256)) * 20_000

    async def work() -> bytes | None:
        async with Redis(port=redis.port) as client:
            await client.set("large", value)
            return await client.get("large")

    assert world.run_until(world.hosts["bot"].start(work())) == value
    assert world.env.elapsed_ns == 0


def test_a_blocking_client_has_the_whole_world_wait(world: World, redis: Server) -> None:
    world.neighbour("cache", redis.address)

    async def work() -> Any:
        with blocking_redis.Redis(host="127.0.0.1", port=redis.port) as client:
            client.set("key", "value")
            return client.get("key")

    assert world.run_until(world.hosts["bot"].start(work())) == b"value"
    assert world.env.elapsed_ns == 0
