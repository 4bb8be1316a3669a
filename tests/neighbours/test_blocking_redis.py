"""A real Redis through redis-py's blocking client, and one that dies, through both clients."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis as blocking_redis
import requests
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from simulator import NeighbourError, World
from tests.neighbours import servers
from tests.neighbours.conftest import START, missing
from tests.neighbours.servers import Server
from tests.neighbours.test_pause import mute, nobody, web  # noqa: F401  # fixtures

COMMANDS = 1_000
S = 1_000_000_000
log = logging.getLogger("bot")


@pytest.fixture
def doomed_redis() -> Iterator[Server]:
    """A Redis of the test's own, to be killed."""
    if servers.redis_program() is None:
        missing("redis-server")
    with servers.redis() as server:
        yield server


def many(port: int) -> None:
    with blocking_redis.Redis(port=port) as client:
        for number in range(COMMANDS):
            client.set("number", number)
            time.sleep(10)
            log.info("%s", int(client.get("number") or -1))  # type: ignore[arg-type]


def listen(port: int, count: int) -> None:
    with blocking_redis.Redis(port=port) as client, client.pubsub() as subscription:
        subscription.subscribe("news")
        while count:
            message = subscription.get_message(timeout=5)
            if message is not None and message["type"] == "message":
                log.info("%s", int(message["data"]))
                count -= 1


def listen_for_good(port: int, count: int) -> None:
    client = blocking_redis.Redis(port=port, socket_timeout=None)
    with client, client.pubsub() as subscription:
        subscription.subscribe("news")
        for message in subscription.listen():
            if message["type"] == "message":
                log.info("%s", int(message["data"]))
                count -= 1
                if not count:
                    return


def beside_a_publisher(listener: Callable[[int, int], None]) -> Callable[[int], None]:
    def script(port: int) -> None:
        thread = threading.Thread(target=listener, args=(port, 3))
        thread.start()
        with blocking_redis.Redis(port=port) as client:
            for number in range(3):
                time.sleep(7)
                client.publish("news", number)
        thread.join()

    return script


def play(server: Server, script: Callable[[int], None]) -> tuple[str, list[tuple[int, int]], int]:
    """Digest, second and number of what the bot logged, and virtual nanoseconds of one run."""
    log.setLevel(logging.INFO)
    with World(seed=1, start=START) as world:
        world.neighbour("cache", server.address, settle_s=0.2)
        world.host("bot").run(script, server.port)
        logged = [
            (each["t"] // S, int(each["message"]))
            for each in world.trace.entries()
            if each.get("logger") == "bot"
        ]
        assert not world.refusals
        return world.digest, logged, world.env.elapsed_ns


def test_a_thousand_commands_between_sleeps_are_the_same_in_two_runs(redis: Server) -> None:
    first = play(redis, many)
    _, logged, elapsed_ns = first
    assert logged == [(10 * number + 10, number) for number in range(COMMANDS)]
    assert elapsed_ns == COMMANDS * 10 * S
    assert play(redis, many) == first


@pytest.mark.parametrize("listener", [listen, listen_for_good])
def test_a_thread_hears_a_message_at_the_moment_at_which_it_was_published(
    redis: Server, listener: Callable[[int, int], None]
) -> None:
    first = play(redis, beside_a_publisher(listener))
    assert first[1:] == ([(7, 0), (14, 1), (21, 2)], 21 * S)
    assert play(redis, beside_a_publisher(listener)) == first


def test_a_subscription_to_which_nobody_speaks_times_out_in_virtual_time(
    world: World, redis: Server
) -> None:
    world.neighbour("cache", redis.address)

    def script() -> list[Any]:
        with blocking_redis.Redis(port=redis.port) as client, client.pubsub() as subscription:
            subscription.subscribe("silence")
            heard = [subscription.get_message(timeout=100) for _ in range(3)]
            return [each["type"] if each else None for each in heard]

    assert world.hosts["bot"].run(script) == ["subscribe", None, None]
    assert world.env.elapsed_ns == 200 * S


def test_a_pipeline_and_its_transaction_are_answered_as_a_whole(
    world: World, redis: Server
) -> None:
    world.neighbour("cache", redis.address)

    def script() -> list[Any]:
        with blocking_redis.Redis(port=redis.port) as client:
            client.set("counter", 40)
            with client.pipeline(transaction=True) as pipe:
                answers = list(pipe.incr("counter").incr("counter").execute())
            with client.pipeline(transaction=False) as pipe:
                for _ in range(100):
                    pipe.incr("counter")
                return answers + pipe.execute()[-1:]

    assert world.hosts["bot"].run(script) == [41, 42, 142]
    assert world.env.elapsed_ns == 0


def test_a_command_that_blocks_lets_time_pass_until_it_is_served(
    world: World, redis: Server
) -> None:
    world.neighbour("cache", redis.address)

    def push() -> None:
        time.sleep(100)
        with blocking_redis.Redis(port=redis.port) as client:
            client.lpush("work", "job")

    def script() -> Any:
        threading.Thread(target=push).start()
        with blocking_redis.Redis(port=redis.port, socket_timeout=None) as client:
            return client.blpop(["work"], timeout=0)

    assert list(world.hosts["bot"].run(script)) == [b"work", b"job"]
    assert world.env.elapsed_ns == 100 * S


def test_a_transaction_in_conflict_is_told(world: World, redis: Server) -> None:
    world.neighbour("cache", redis.address)

    def script() -> str:
        with blocking_redis.Redis(port=redis.port) as client, client.pipeline() as pipe:
            pipe.watch("watched")
            time.sleep(1)
            client.set("watched", "by somebody else")
            pipe.multi()
            pipe.set("watched", "mine")
            with pytest.raises(blocking_redis.WatchError):
                pipe.execute()
            return str(client.get("watched"))

    assert world.hosts["bot"].run(script) == "b'by somebody else'"


def go_on(port: int, kill: Callable[[], None]) -> None:
    with blocking_redis.Redis(port=port) as client:
        client.set("key", "value")
        kill()
        for _ in range(1_000):
            time.sleep(1)
            client.get("key")


def go_on_by_asyncio(port: int, kill: Callable[[], None]) -> None:
    async def main() -> None:
        async with Redis(port=port) as client:
            await client.set("key", "value")
            kill()
            for _ in range(1_000):
                await asyncio.sleep(1)
                await client.get("key")

    asyncio.run(main())


@pytest.mark.parametrize("script", [go_on, go_on_by_asyncio])
def test_a_server_that_is_killed_is_an_error_in_the_client_and_no_hang(
    doomed_redis: Server, world: World, script: Callable[[int, Callable[[], None]], None]
) -> None:
    world.neighbour("cache", doomed_redis.address, timeout_s=20)
    with pytest.raises((RedisConnectionError, OSError)):
        world.hosts["bot"].run(script, doomed_redis.port, doomed_redis.kill)


def test_a_web_service_is_a_neighbour_of_requests_too(web: int, world: World) -> None:  # noqa: F811
    world.neighbour("service.internal", f"127.0.0.1:{web}")

    def script() -> list[str]:
        hosts = ("127.0.0.1", "service.internal")
        return [requests.get(f"http://{host}:{web}/", timeout=5).text for host in hosts]

    assert world.hosts["bot"].run(script) == ["hello", "hello"]
    assert world.env.elapsed_ns == 0


@pytest.fixture
def greeter() -> Iterator[int]:
    """The port of somebody who speaks first."""

    def greet() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"220 ready")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=greet)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def read_first(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        return sock.recv(100)


def test_who_speaks_first_is_waited_for(greeter: int, world: World) -> None:
    world.neighbour("mail", f"127.0.0.1:{greeter}")
    assert world.hosts["bot"].run(read_first, greeter) == b"220 ready"
    assert world.env.elapsed_ns == 0


def test_who_never_speaks_is_an_error_and_no_hang(
    mute: socket.socket,  # noqa: F811
    world: World,
) -> None:
    port = mute.getsockname()[1]
    world.neighbour("mail", f"127.0.0.1:{port}", timeout_s=0.05)
    with pytest.raises(NeighbourError, match=r"neighbour mail .* has not replied within 0\.05 s"):
        world.hosts["bot"].run(read_first, port)


def test_where_nobody_listens_a_blocking_client_is_refused(
    nobody: int,  # noqa: F811
    world: World,
) -> None:
    world.neighbour("cache", f"127.0.0.1:{nobody}")
    with pytest.raises(RedisConnectionError, match="refused"):
        world.hosts["bot"].run(blocking_redis.Redis(port=nobody).ping)


def test_tls_of_a_blocking_client_is_refused_with_the_cure(
    mute: socket.socket,  # noqa: F811
    world: World,
) -> None:
    port = mute.getsockname()[1]
    world.neighbour("cache", f"127.0.0.1:{port}")
    client = blocking_redis.Redis(port=port, ssl=True)
    with pytest.raises(NeighbourError, match="connect without: sslmode=disable, redis://"):
        world.hosts["bot"].run(client.ping)
    gc.collect()  # a socket that is still open would be a warning here
