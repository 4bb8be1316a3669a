"""Unmodified client libraries, through their public API, at production URLs over "TLS"."""

from __future__ import annotations

import asyncio
import io

import aiohttp
import httpx
import pytest
import websockets
from aiohttp import web

from simulator import World


async def serve_http() -> None:
    """Answers with what it was asked; `/ws` echoes."""

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/ws":
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                await socket.send_str(f"echo {message.data}")
            return socket
        body = await request.text()
        return web.json_response({"host": request.host, "path": request.path, "body": body})

    await asyncio.get_running_loop().create_server(web.Server(handler), "0.0.0.0", 443)
    await asyncio.Event().wait()


@pytest.fixture
def served(world: World) -> World:
    world.hosts["venue"].start(serve_http())
    return world


def elapsed_ms(world: World) -> float:
    return world.env.elapsed_ns / 1e6


def test_aiohttp_reaches_a_production_url_and_keeps_its_connection(served: World) -> None:
    async def main() -> list[object]:
        answers = []
        async with aiohttp.ClientSession() as session:
            for _ in range(2):
                async with session.post("https://fapi.binance.com/fapi/v1/order", data="x") as r:
                    answers.append((r.status, await r.json()))
        return answers

    answers = served.run_until(served.hosts["bot"].start(main()))
    expected = {"host": "fapi.binance.com", "path": "/fapi/v1/order", "body": "x"}
    assert answers == [(200, expected), (200, expected)]
    # TCP handshake, TLS handshake, two requests: four round trips of 350 ms
    assert elapsed_ms(served) == 4 * 350
    connects = [e for e in served.trace.entries() if e["kind"] == "connect"]
    assert len(connects) == 1


def test_httpx_reaches_a_production_url(served: World) -> None:
    async def main() -> object:
        async with httpx.AsyncClient() as client:
            reply = await client.post("https://fapi.binance.com/x", content="hello")
            return reply.json()

    answer = served.run_until(served.hosts["bot"].start(main()))
    assert answer == {"host": "fapi.binance.com", "path": "/x", "body": "hello"}


def test_an_httpx_timeout_passes_in_virtual_time(served: World) -> None:
    async def main() -> None:
        async with httpx.AsyncClient(timeout=0.1) as client:
            with pytest.raises(httpx.ConnectTimeout):
                await client.get("https://fapi.binance.com/x")

    served.run_until(served.hosts["bot"].start(main()))
    assert elapsed_ms(served) == 100


def test_websockets_talks_and_its_keepalive_is_answered(served: World) -> None:
    async def main() -> list[str | bytes]:
        got = []
        async with websockets.connect(
            "wss://fstream.binance.com/ws", ping_interval=20, ping_timeout=5
        ) as socket:
            await socket.send("one")
            got.append(await socket.recv())
            await asyncio.sleep(120)
            await socket.send("two")
            got.append(await socket.recv())
        return got

    assert served.run_until(served.hosts["bot"].start(main())) == ["echo one", "echo two"]


def test_websockets_drops_a_server_that_does_not_answer_pings(served: World) -> None:
    async def main() -> float:
        async with websockets.connect(
            "wss://fstream.binance.com/ws", ping_interval=20, ping_timeout=5, close_timeout=1
        ) as socket:
            served.network.hold("venue", "bot")
            with pytest.raises(websockets.ConnectionClosedError):
                await socket.recv()
            served.network.release("venue", "bot")
            return served.env.elapsed_ns / 1e9

    # connected after 3 round trips; the ping leaves 20 s later, is given up 5 s after that, and the
    # connection is waited for during the close timeout of 1 s
    assert served.run_until(served.hosts["bot"].start(main())) == 1.05 + 20 + 5 + 1


def test_an_aiohttp_websocket_carries_messages_both_ways(served: World) -> None:
    async def main() -> str:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect("wss://fstream.binance.com/ws") as socket,
        ):
            await socket.send_str("hi")
            return str(await socket.receive_str())

    assert served.run_until(served.hosts["bot"].start(main())) == "echo hi"


def test_an_aiohttp_total_timeout_passes_in_virtual_time(served: World) -> None:
    async def main() -> None:
        timeout = aiohttp.ClientTimeout(total=1.2)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            async with session.get("https://fapi.binance.com/x") as reply:
                await reply.read()
            served.network.hold("venue", "bot")
            with pytest.raises(TimeoutError):
                await session.get("https://fapi.binance.com/x")

    served.run_until(served.hosts["bot"].start(main()))
    assert elapsed_ms(served) == 3 * 350 + 1_200


def test_large_bodies_arrive_whole_in_both_directions(served: World) -> None:
    body = b"0123456789" * 90_000

    async def main() -> str:
        async with (
            aiohttp.ClientSession() as session,
            session.post("https://fapi.binance.com/x", data=io.BytesIO(body)) as reply,
        ):
            return str((await reply.json())["body"])

    assert served.run_until(served.hosts["bot"].start(main())).encode() == body


def test_an_aiohttp_server_waits_for_a_client_that_does_not_read(world: World) -> None:
    written: list[tuple[float, int]] = []
    piece = b"x" * 100_000

    async def serve() -> None:
        async def handler(request: web.BaseRequest) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            for number in range(50):
                await response.write(piece)
                written.append((world.env.elapsed_ns / 1e9, number))
            return response

        await asyncio.get_running_loop().create_server(web.Server(handler), "0.0.0.0", 443)

    async def main() -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.get("https://fapi.binance.com/x") as reply,
        ):
            await asyncio.sleep(60)
            return len(await reply.read())

    world.hosts["venue"].start(serve())
    assert world.run_until(world.hosts["bot"].start(main())) == 50 * len(piece)
    early = [number for when, number in written if when < 60]
    assert 1 <= len(early) < 20  # some lies in buffers, the rest had to wait
    assert len(written) == 50
