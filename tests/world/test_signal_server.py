"""The signal server: a token, a list, and a connection that may end after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from simulator.signal_server import SignalServer
from simulator.world import World

SIGNAL = {"id": 1, "symbol": "SKLUSDT", "side": "BUY"}


def talk(flow: Callable[[Any], Awaitable[Any]], **options: bool) -> Any:
    """Runs the flow over a connection to a server that has one signal."""
    with World(seed=1, start="2025-10-28T22:34:00+04:00") as world:
        server = SignalServer("token", record=lambda kind, **fields: None, **options)
        world.run_until(world.host("signals").start(server.start()))
        server.publish([SIGNAL])

        async def main() -> Any:
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect("ws://signals/") as socket,
            ):
                return await flow(socket)

        return world.run_until(world.host("bot").start(main()))


async def ask(socket: Any, **message: object) -> Any:
    await socket.send_json(message)
    return await socket.receive_json()


def test_whoever_has_the_token_gets_the_list() -> None:
    async def flow(socket: Any) -> Any:
        assert await ask(socket, type="auth", token="token") == {"type": "auth_success"}
        return await ask(socket, type="get_signals")

    assert talk(flow) == {"type": "signals", "count": 1, "data": [SIGNAL]}


def test_without_a_token_there_is_no_list() -> None:
    async def flow(socket: Any) -> Any:
        return await ask(socket, type="get_signals")

    assert talk(flow) == {"type": "error", "message": "authenticate first"}


def test_a_wrong_token_ends_the_connection() -> None:
    async def flow(socket: Any) -> Any:
        assert await ask(socket, type="auth", token="other") == {"type": "auth_failed"}
        ended = await socket.receive()
        return ended.type, ended.data

    assert talk(flow) == (aiohttp.WSMsgType.CLOSE, 1008)


def test_the_server_may_close_with_1000_after_the_first_list() -> None:
    async def flow(socket: Any) -> Any:
        await ask(socket, type="auth", token="token")
        assert (await ask(socket, type="get_signals"))["count"] == 1
        ended = await socket.receive()
        return ended.type, ended.data

    assert talk(flow, close_after_batch=True) == (aiohttp.WSMsgType.CLOSE, 1000)


@pytest.mark.parametrize("text", ["no json", "[]", '{"type": "other"}'])
def test_what_it_does_not_know_is_an_error_and_no_end(text: str) -> None:
    async def flow(socket: Any) -> Any:
        await ask(socket, type="auth", token="token")
        await socket.send_str(text)
        assert (await socket.receive_json())["type"] == "error"
        return await ask(socket, type="get_signals")

    assert talk(flow)["count"] == 1


def test_a_plain_request_is_told_what_is_served_here() -> None:
    with World(seed=1, start="2025-10-28T22:34:00+04:00") as world:
        server = SignalServer("token", record=lambda kind, **fields: None)
        world.run_until(world.host("signals").start(server.start()))

        async def main() -> int:
            async with (
                aiohttp.ClientSession() as session,
                session.get("http://signals/") as reply,
            ):
                return reply.status

        assert world.run_until(world.host("bot").start(main())) == 426
