"""Public streams and their control messages."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import aiohttp
import pytest

from simulator.binance import NOVEMBER_2026, OCTOBER_2025_ALGO
from simulator.exchange.behaviour import Behaviour
from simulator.exchange.prices import Points
from tests.binance.clients import Bot, everything, receive
from tests.binance.conftest import MS, START_NS, S
from tests.venue_world import MakeWorld

STEPS = Points(
    points=tuple(
        (START_NS + n * S // 2, Decimal("0.02000") + n * Decimal("0.00001")) for n in range(60)
    )
)


def test_mark_prices_come_at_whole_seconds_with_the_captured_keys(make_world: MakeWorld) -> None:
    venue = make_world(profile=OCTOBER_2025_ALGO)

    async def main() -> tuple[list[dict], list[dict]]:
        async with Bot() as bot:
            await asyncio.sleep(0.3)
            fast = await bot.stream("/market/ws/btcusdt@markPrice@1s")
            slow = await bot.stream("/market/ws/btcusdt@markPrice")
            return await everything(fast, 3), await everything(slow, 6)

    fast, slow = venue.run(main())
    start_ms = START_NS // MS
    assert [event["E"] - start_ms for event in fast] == [1000, 2000, 3000]
    assert [event["E"] % 3000 for event in slow] == [0] * len(slow)
    assert len(slow) in (2, 3)
    assert list(fast[0]) == ["e", "E", "s", "p", "P", "i", "r", "T"]
    assert (fast[0]["e"], fast[0]["p"]) == ("markPriceUpdate", "90853.20000000")


def test_since_march_2026_the_mark_price_has_its_average(make_world: MakeWorld) -> None:
    venue = make_world(profile=NOVEMBER_2026)

    async def main() -> list[dict]:
        async with Bot() as bot:
            return await receive(
                await bot.stream("/market/ws/skusdt@markPrice/sklusdt@markPrice"), 1
            )

    (event,) = venue.run(main())
    assert list(event) == ["e", "E", "s", "p", "ap", "P", "i", "r", "T"]


def test_all_mark_prices_come_as_one_array(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list:
        async with Bot() as bot:
            return await receive(await bot.stream("/market/ws/!markPrice@arr@1s"), 1)

    (rows,) = venue.run(main())
    assert [row["s"] for row in rows] == ["SKLUSDT", "BTCUSDT", "LTCUSDT"]


def test_subscribing_listing_and_unsubscribing_over_one_connection(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[dict]:
        async with Bot() as bot:
            socket = await bot.stream("/market/stream")
            name = "sklusdt@markPrice@1s"
            await socket.send_json({"method": "SUBSCRIBE", "params": [name], "id": 1})
            got = await receive(socket, 2)
            await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 3})
            got += await receive(socket, 1)
            await socket.send_json({"method": "UNSUBSCRIBE", "params": [name], "id": 4})
            got += await receive(socket, 1)
            assert await everything(socket, 5) == []
            return got

    answer, message, listed, ended = venue.run(main())
    assert answer == {"result": None, "id": 1}
    assert message["stream"] == "sklusdt@markPrice@1s"
    assert message["data"]["s"] == "SKLUSDT"
    assert listed == {"result": ["sklusdt@markPrice@1s"], "id": 3}
    assert ended == {"result": None, "id": 4}


def test_a_stream_of_the_wrong_route_is_accepted_and_silent(make_world: MakeWorld) -> None:
    venue = make_world(profile=NOVEMBER_2026)

    async def main() -> list[list[dict]]:
        async with Bot() as bot:
            public = await bot.stream("/public/ws/sklusdt@markPrice@1s")
            unrouted = await bot.stream("/ws/sklusdt@markPrice@1s")
            return [await everything(public, 5), await everything(unrouted, 5)]

    assert venue.run(main()) == [[], []]


def test_invalid_json_is_answered_and_closes_the_connection(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> tuple[dict, aiohttp.WSMsgType]:
        async with Bot() as bot:
            socket = await bot.stream("/public/ws")
            await socket.send_str("subscribe please")
            (problem,) = await receive(socket, 1)
            return problem, (await socket.receive()).type

    problem, end = venue.run(main())
    assert problem == {
        "error": {"code": 3, "msg": "Invalid JSON: expected value at line 1 column 1"}
    }
    assert end is aiohttp.WSMsgType.CLOSE


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"method": "SUBSCRIBE", "params": ["a@depth"], "id": "x"}, 2),
        ({"method": "DANCE", "id": 1}, 2),
        ({"method": "GET_PROPERTY", "params": ["colour"], "id": 1}, 0),
        ({"method": "SET_PROPERTY", "params": ["combined", 7], "id": 1}, 1),
    ],
)
def test_bad_control_messages_get_the_documented_codes(
    make_world: MakeWorld, message: dict, code: int
) -> None:
    venue = make_world()

    async def main() -> dict:
        async with Bot() as bot:
            socket = await bot.stream("/public/ws")
            await socket.send_json(message)
            return (await receive(socket, 1))[0]

    assert venue.run(main())["error"]["code"] == code


def test_the_eleventh_message_within_a_second_ends_the_connection(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[int | None]:
        async with Bot() as bot:
            codes = []
            for count in (10, 11):
                socket = await bot.stream("/public/ws")
                for number in range(count):
                    await socket.send_json({"method": "LIST_SUBSCRIPTIONS", "id": number})
                await everything(socket, 2)
                codes.append(socket.close_code if socket.closed else None)
            return codes

    assert venue.run(main()) == [None, 1008]


def test_the_server_pings_and_a_client_that_answers_stays(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> tuple[list[float], bool]:
        async with Bot() as bot:
            loop = asyncio.get_running_loop()
            answering = await bot.stream("/public/ws")
            deaf = await bot.stream("/public/ws", autoping=False)
            begun, times = loop.time(), []

            async def pings() -> None:
                while True:
                    message = await deaf.receive()
                    times.append(round(loop.time() - begun))
                    if message.type is not aiohttp.WSMsgType.PING:
                        return

            watching = asyncio.create_task(pings())
            await everything(answering, 1000)
            await watching
            return times, answering.closed

    times, closed = venue.run(main())
    # Pings every three minutes; ten minutes after the first unanswered one it is over.
    assert times == [180, 360, 540, 720, 780]
    assert not closed


def test_a_connection_lives_a_day(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> tuple[float, int | None]:
        async with Bot() as bot:
            loop = asyncio.get_running_loop()
            begun = loop.time()
            socket = await bot.stream("/public/ws")
            await everything(socket, 100_000)
            return round(loop.time() - begun), socket.close_code

    assert venue.run(main()) == (86_400, 1001)


def test_the_best_quote_comes_whenever_the_price_changes(make_world: MakeWorld) -> None:
    venue = make_world(paths={"SKLUSDT": STEPS})

    async def main() -> list[dict]:
        async with Bot() as bot:
            return await everything(await bot.stream("/public/ws/sklusdt@bookTicker"), 1.9)

    events = venue.run(main())
    assert [event["b"] for event in events] == ["0.02001", "0.02002", "0.02003"]
    assert list(events[0]) == ["e", "u", "s", "b", "B", "a", "A", "T", "E"]


def test_depth_diffs_chain_and_lead_from_a_snapshot_to_the_book(make_world: MakeWorld) -> None:
    venue = make_world(paths={"SKLUSDT": STEPS})

    async def main() -> tuple[dict, list[dict], dict]:
        async with Bot() as bot:
            socket = await bot.stream("/public/ws/sklusdt@depth@100ms")
            query = {"symbol": "SKLUSDT", "limit": 1000, "signed": False}
            _, before = await bot.call("GET", "/fapi/v1/depth", **query)
            events = await everything(socket, 3.3)
            _, after = await bot.call("GET", "/fapi/v1/depth", **query)
            return before, events, after

    before, events, after = venue.run(main())
    # The documented way to keep a local book.
    snapshot_id = before["lastUpdateId"]
    events = [event for event in events if event["u"] >= snapshot_id]
    assert events[0]["U"] <= snapshot_id <= events[0]["u"]
    assert [event["pu"] for event in events[1:]] == [event["u"] for event in events[:-1]]
    sides = {"b": dict(before["bids"]), "a": dict(before["asks"])}
    for event in events:
        for side, levels in sides.items():
            for price, quantity in event[side]:
                if Decimal(quantity):
                    levels[price] = quantity
                else:
                    del levels[price]
    assert len(events) == 6
    assert sides == {"b": dict(after["bids"]), "a": dict(after["asks"])}


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("market/ws/sklusdt@aggTrade", ["e", "E", "a", "s", "p", "q", "nq", "f", "l", "T", "m"]),
        ("public/ws/sklusdt@trade", ["e", "E", "T", "s", "t", "p", "q", "X", "m"]),
        ("market/ws/sklusdt@kline_1m", ["e", "E", "s", "k"]),
        ("market/ws/sklusdt@ticker", list("eEspPwcQohlvqOCFLn")),
        ("market/ws/sklusdt@miniTicker", ["e", "E", "s", "c", "o", "h", "l", "v", "q"]),
        ("public/ws/sklusdt@depth5@100ms", ["e", "E", "T", "s", "U", "u", "pu", "b", "a"]),
    ],
)  # fmt: skip
def test_the_other_streams_speak_with_the_documented_keys(
    make_world: MakeWorld, name: str, keys: list[str]
) -> None:
    venue = make_world(paths={"SKLUSDT": STEPS})

    async def main() -> dict:
        async with Bot() as bot:
            return (await receive(await bot.stream("/" + name), 1))[0]

    assert list(venue.run(main())) == keys


def test_a_candle_says_its_last_word_when_the_next_one_opens(make_world: MakeWorld) -> None:
    venue = make_world(paths={"SKLUSDT": STEPS})

    async def main() -> list[dict]:
        async with Bot() as bot:
            await asyncio.sleep(58)
            return await everything(await bot.stream("/market/ws/sklusdt@kline_1m"), 4)

    events = venue.run(main())
    candles = [event["k"] for event in events]
    (last,) = [candle for candle in candles if candle["x"]]
    assert (last["t"], last["T"]) == (START_NS // MS, START_NS // MS + 59_999)
    assert events[candles.index(last)]["E"] == START_NS // MS + 60_000
    assert candles[candles.index(last) + 1]["t"] == START_NS // MS + 60_000


def test_a_pace_without_listeners_costs_no_events(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> None:
        async with Bot() as bot:
            socket = await bot.stream("/market/ws/sklusdt@markPrice@1s")
            await receive(socket, 2)
            await socket.close()

    venue.run(main())
    venue.world.run_for(2)
    count = len(venue.of("stream"))
    assert count == 2
    next_ns = venue.world.env.next_event_ns()
    assert next_ns is None or next_ns > int(venue.world.env.now) + 5 * S


def test_more_streams_than_allowed_end_the_connection(make_world: MakeWorld) -> None:
    venue = make_world(behaviour=Behaviour(settings={"streams_per_connection": 2}))

    async def main() -> int | None:
        async with Bot() as bot:
            socket = await bot.stream("/public/ws/a@depth/b@depth")
            await socket.send_json({"method": "SUBSCRIBE", "params": ["c@depth"], "id": 1})
            await everything(socket, 1)
            return socket.close_code

    assert venue.run(main()) == 1008
