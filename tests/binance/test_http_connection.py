"""One connection: requests one after the other, in pieces or at once, and an upgrade when asked."""

from __future__ import annotations

import asyncio
import json

import aiohttp

from simulator.world import World
from tests.venue_world import MakeWorld

HOST = "fstream.binance.com"
TIME = b"GET /fapi/v1/time HTTP/1.1\r\nHost: fapi.binance.com\r\n\r\n"


def connects(world: World) -> int:
    return sum(entry["kind"] == "connect" for entry in world.trace.entries())


async def replies(sent: list[bytes], count: int) -> list[bytes]:
    """Status lines of the replies to what is sent piece by piece."""
    reader, writer = await asyncio.open_connection(HOST, 443)
    for piece in sent:
        writer.write(piece)
        await asyncio.sleep(0.01)
    lines = []
    for _ in range(count):
        lines.append((await reader.readline()).strip())
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
        await reader.readexactly(int(length))
    writer.close()
    return lines


def test_a_pooled_connection_may_become_a_websocket(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> object:
        async with aiohttp.ClientSession() as session:
            for _ in range(2):
                async with session.get(f"https://{HOST}/fapi/v1/time") as reply:
                    assert reply.status == 200
                    await reply.read()
            async with session.ws_connect(f"wss://{HOST}/market/ws") as socket:
                await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 3})
                return json.loads(await socket.receive_str())

    assert venue.run(main()) == {"result": [], "id": 3}
    assert connects(venue.world) == 1


def test_a_request_may_come_in_pieces(make_world: MakeWorld) -> None:
    venue = make_world()
    pieces = [TIME[:10], TIME[10:40], TIME[40:-1], TIME[-1:]]
    assert venue.run(replies(pieces, 1)) == [b"HTTP/1.1 200 OK"]


def test_requests_sent_at_once_are_answered_in_their_order(make_world: MakeWorld) -> None:
    venue = make_world()
    unknown = TIME.replace(b"/time", b"/nothing")
    assert venue.run(replies([TIME + unknown + TIME], 3)) == [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 404 Not Found",
        b"HTTP/1.1 200 OK",
    ]


def test_a_body_may_come_after_the_request_before_it(make_world: MakeWorld) -> None:
    venue = make_world()
    order = TIME.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\n")
    assert venue.run(replies([TIME + order + b"symbol", b"=X1", TIME], 3)) == [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 404 Not Found",
        b"HTTP/1.1 200 OK",
    ]


def test_what_is_no_http_is_a_400_and_the_end(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> bytes:
        reader, writer = await asyncio.open_connection(HOST, 443)
        writer.write(b"hello there\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer

    assert venue.run(main()).startswith(b"HTTP/1.1 400 Bad Request\r\nconnection: close")


def test_who_asks_for_the_end_gets_it_after_the_reply(make_world: MakeWorld) -> None:
    venue = make_world()
    request = TIME.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

    async def main() -> bytes:
        reader, writer = await asyncio.open_connection(HOST, 443)
        writer.write(request)
        answer = await reader.read()  # until the venue's end of stream
        writer.close()
        return answer

    answer = venue.run(main())
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"connection: close" in answer
