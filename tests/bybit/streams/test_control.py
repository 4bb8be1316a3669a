"""Sessions: replies to the letter, what fails a request, and how long a connection lives."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from tests.bybit.streams.clients import LINEAR, PRIVATE, TRADE, Bot, auth
from tests.bybit.streams.conftest import API_KEY, SECRET
from tests.venue_world import MakeWorld


def ask(make_world: MakeWorld, url: str, *messages: dict[str, Any] | str) -> list[Any]:
    """The reply to each message, without the id of the connection."""
    venue = make_world()

    async def main() -> list[Any]:
        replies = []
        async with Bot() as bot:
            socket = await bot.connect(url)
            for message in messages:
                if isinstance(message, str):
                    await socket.raw.send_str(message)
                else:
                    await socket.send(**message)
                replies.append(await socket.receive())
        return replies

    replies = venue.run(main())
    for reply in replies:
        connection = reply.pop("connId" if url == TRADE else "conn_id")
        assert len(connection) == 25
    return list(replies)


def test_a_public_socket_answers_as_the_connect_page_and_a_probe_show(
    make_world: MakeWorld,
) -> None:
    topics = ["orderbook.50.BTCUSDT", "kline.5.BTCUSDT"]
    replies = ask(
        make_world,
        LINEAR,
        {"req_id": "100001", "op": "ping"},
        {"op": "ping"},
        {"req_id": "e1", "op": "nope"},
        {"req_id": 7, "op": "subscribe", "args": ["kline.1.BTCUSDT"]},
        {"req_id": "e2", "op": "subscribe", "args": ["kline.1.BTCUSDT"]},
        {"req_id": "e3", "op": "subscribe", "args": [*topics, "orderbook.30.BTCUSDT"]},
        {"req_id": "e4", "op": "subscribe", "args": ["tickers.btcusdt"]},
        {"req_id": "e5", "op": "subscribe", "args": ["order"]},
        {"req_id": "e6", "op": "unsubscribe", "args": ["kline.1.BTCUSDT"]},
        {"req_id": "e7", "op": "subscribe", "args": ["kline.1.BTCUSDT"]},
        "hello",
    )

    def reply(number: str, op: str, text: str = "", success: bool = False) -> dict[str, Any]:
        return {"success": success, "ret_msg": text, "req_id": number, "op": op}

    unknown = "error:handler not found,topic:"
    assert replies[:10] == [
        reply("100001", "ping", "pong", success=True),
        reply("", "ping", "pong", success=True),
        reply("e1", "nope", "error:invalid op"),
        reply("7", "subscribe", success=True),
        reply("e2", "subscribe", "error:already subscribed,topic:kline.1.BTCUSDT"),
        reply("e3", "subscribe", unknown + "orderbook.30.BTCUSDT"),
        reply("e4", "subscribe", unknown + "tickers.btcusdt"),
        reply("e5", "subscribe", unknown + "order"),
        reply("e6", "unsubscribe", success=True),
        reply("e7", "subscribe", success=True),
    ]
    assert not replies[10]["success"]
    assert replies[10]["ret_msg"].startswith("Failed to decode incoming data:")


def test_one_bad_topic_fails_the_whole_request(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[Any]:
        async with Bot() as bot:
            socket = await bot.connect(LINEAR)
            await socket.send(op="subscribe", args=["tickers.BTCUSDT", "tickers.NOPEUSDT"])
            return await socket.everything(5)

    (refusal,) = venue.run(main())
    assert refusal["ret_msg"] == "error:handler not found,topic:tickers.NOPEUSDT"


def test_symbols_joined_by_pipes_are_as_many_topics(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[Any]:
        async with Bot() as bot:
            socket = await bot.connect(LINEAR)
            await socket.send(op="subscribe", args=["tickers.BTCUSDT|ETHUSDT"])
            return [await socket.receive() for _ in range(3)]

    ack, *snapshots = venue.run(main())
    assert ack["success"]
    assert [each["topic"] for each in snapshots] == ["tickers.BTCUSDT", "tickers.ETHUSDT"]


@pytest.mark.parametrize("market", ["spot", "inverse", "option"])
def test_other_markets_are_open_and_have_no_topics(make_world: MakeWorld, market: str) -> None:
    url = f"wss://stream.bybit.com/v5/public/{market}"
    pong, refusal = ask(
        make_world, url, {"op": "ping"}, {"op": "subscribe", "args": ["tickers.BTCUSDT"]}
    )
    assert pong["ret_msg"] == "pong"
    assert refusal["ret_msg"] == "error:handler not found,topic:tickers.BTCUSDT"


def test_a_private_socket_answers_as_the_connect_page_shows(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> tuple[list[Any], int]:
        async with Bot() as bot:
            socket = await bot.connect(PRIVATE)
            replies = [
                await socket.ask(req_id="test", op="ping"),
                await socket.ask(op="subscribe", args=["order"]),
                await socket.ask(**auth(ahead_ms=-1)),
                await socket.ask(**auth(secret=SECRET[::-1])),
                await socket.ask(op="auth", args=[API_KEY]),
                await socket.ask(**auth()),
                await socket.ask(req_id=2, op="subscribe", args=["order", "wallet", "greeks"]),
                await socket.ask(op="subscribe", args=["order"]),
                await socket.ask(op="subscribe", args=["orders"]),
                await socket.ask(op="subscribe", args=["position", "position.linear"]),
                await socket.ask(op="unsubscribe", args=["order"]),
            ]
            return replies, int(time.time() * 1000)

    replies, now_ms = venue.run(main())
    assert len({reply.pop("conn_id") for reply in replies}) == 1

    def reply(op: str, text: str = "", **more: str) -> dict[str, Any]:
        return {"success": not text, "ret_msg": text, "op": op, **more}

    assert replies == [
        {"req_id": "test", "op": "pong", "args": [str(now_ms)]},
        reply("subscribe", "Request not authorized"),
        reply("auth", "Params Error"),
        reply("auth", "Params Error"),
        reply("auth", "Params Error"),
        reply("auth"),
        reply("subscribe", req_id="2"),
        reply("subscribe"),
        reply("subscribe", "error:handler not found,topic:orders"),
        reply("subscribe", "Params Error"),
        reply("unsubscribe"),
    ]


def test_what_is_sent_right_after_the_auth_is_not_too_early(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[Any]:
        async with Bot() as bot:
            socket = await bot.connect(PRIVATE)
            await socket.send(**auth())
            await socket.send(op="subscribe", args=["order"])
            return [await socket.receive(), await socket.receive()]

    assert [reply["success"] for reply in venue.run(main())] == [True, True]


def test_unknown_paths_are_not_upgraded(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> int:
        async with Bot() as bot:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await bot.connect("wss://stream.bybit.com/v5/nothing")
            return caught.value.status

    assert venue.run(main()) == 404


@pytest.mark.parametrize(
    ("url", "seconds"),
    [
        (PRIVATE, 600),
        (PRIVATE + "?max_active_time=30s", 30),
        (TRADE + "?max_active_time=2m", 120),
        (PRIVATE + "?max_active_time=29s", 600),
        (LINEAR + "?max_active_time=30s", 600),
    ],
)
def test_a_silent_connection_is_dropped_after_its_active_time(
    make_world: MakeWorld, url: str, seconds: int
) -> None:
    venue = make_world()

    async def main() -> float:
        async with Bot() as bot:
            socket = await bot.connect(url)
            await asyncio.sleep(10)
            await socket.ask(op="ping")
            begun = time.time()
            assert (await socket.raw.receive()).type in (
                aiohttp.WSMsgType.CLOSED,
                aiohttp.WSMsgType.ERROR,
            )
            return time.time() - begun

    assert venue.run(main()) == pytest.approx(seconds)


def test_ping_frames_are_answered_and_keep_a_connection(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> Any:
        async with Bot() as bot:
            socket = await bot.connect(PRIVATE, heartbeat=20)
            reading = asyncio.create_task(socket.receive())
            await asyncio.sleep(1200)
            await socket.send(op="ping")
            return await reading

    assert venue.run(main())["op"] == "pong"


def test_the_venue_tells_every_client_that_it_goes(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[int | None]:
        async with Bot() as bot:
            sockets = [await bot.connect(url) for url in (LINEAR, PRIVATE, TRADE)]
            venue.world.hosts["venue"].start(venue.venue.stop())
            for socket in sockets:
                await socket.raw.receive()
            return [socket.raw.close_code for socket in sockets]

    assert venue.run(main()) == [1001, 1001, 1001]


def test_no_record_has_a_key_or_a_signature(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> None:
        async with Bot() as bot:
            socket = await bot.private("order", "execution", "position", "wallet")
            await bot.create()
            await socket.everything(1)

    venue.run(main())
    text = str(venue.records)
    assert API_KEY not in text
    assert SECRET not in text
    assert [each["event"] for each in venue.of("stream")] == [
        "order",
        "execution",
        "position",
        "wallet",
    ]
