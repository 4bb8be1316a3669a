"""What is recorded, and above all what is not."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from simulator.distributions import Fixed, Uniform
from simulator.exchange.behaviour import Behaviour, LagRule, LatencyRule
from simulator.wire.connections import StreamConnection
from tests.binance.clients import REST, Bot, everything
from tests.binance.conftest import API_KEY, SECRET
from tests.venue_world import MakeWorld


def test_no_key_secret_signature_or_whole_listen_key_is_ever_recorded(
    make_world: MakeWorld,
) -> None:
    venue = make_world()
    seen: list[str] = []

    async def main() -> None:
        async with Bot() as bot:
            key = await bot.listen_key()
            seen.append(key)
            sockets = [
                await bot.stream(f"/private/ws?listenKey={key}&events=ORDER_TRADE_UPDATE"),
                await bot.stream(f"/private/ws/{key}"),
                await bot.stream(f"/private/stream?listenKey={key}"),
                await bot.stream("/private/ws/" + "Q" * 64),
            ]
            await bot.buy()
            await bot.call("PUT", "/fapi/v1/listenKey", listenKey=key)
            await bot.call("GET", "/fapi/v3/account")
            async with bot.session.get(f"{REST}/fapi/v1/order?signature=abc&apiKey={API_KEY}"):
                pass
            # To the expiry of the key.
            await asyncio.gather(*(everything(socket, 3700) for socket in sockets))

    venue.run(main())
    text = json.dumps(venue.records, ensure_ascii=False)
    for secret in (API_KEY, SECRET, seen[0], "Q" * 64):
        assert secret not in text
    assert "signature" not in text
    assert f"{seen[0][:4]}…" in text
    assert "listenKeyExpired" in text


def test_a_request_and_its_reply_share_an_id_and_know_the_account(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> None:
        async with Bot() as bot:
            await bot.buy(newOrderRespType="RESULT")
            await bot.call("GET", "/fapi/v1/exchangeInfo", signed=False)
            await bot.call("GET", "/fapi/v1/order", symbol="SKLUSDT", orderId=1)

    venue.run(main())
    requests, replies = venue.of("request"), venue.of("reply")
    assert [each["id"] for each in requests] == [each["id"] for each in replies] == [1, 2, 3]
    order = requests[0]
    assert (order["method"], order["path"], order["account"]) == (
        "POST",
        "/fapi/v1/order",
        "trader",
    )
    assert order["params"]["quantity"] == "1000"
    assert json.loads(replies[0]["body"])["status"] == "FILLED"
    # Market data is long and told by its length and digest; a refusal is told in full.
    assert "body" not in replies[1]
    assert (replies[1]["length"] > 300, len(replies[1]["sha256"])) == (True, 12)
    assert json.loads(replies[2]["body"])["code"] == -2013


def test_requests_and_replies_know_when_they_were_sent_and_arrive(make_world: MakeWorld) -> None:
    venue = make_world()
    venue.world.network.link("bot", "venue", there=Fixed(175_000_000), back=Fixed(30_000_000))

    async def main() -> None:
        async with Bot() as bot:
            await bot.call("GET", "/fapi/v1/ping", signed=False)

    venue.run(main())
    (request,), (reply,) = venue.of("request"), venue.of("reply")
    assert request["t"] - request["sent_ns"] == 175_000_000
    assert reply["arrives_ns"] - reply["t"] == 30_000_000


def test_streams_are_recorded_from_opening_to_close(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> None:
        async with Bot() as bot:
            socket = await bot.stream(f"/private/ws?listenKey={await bot.listen_key()}")
            market = await bot.stream("/market/ws/sklusdt@markPrice@1s")
            await bot.buy()
            await everything(market, 2.5)
            await socket.close()

    venue.run(main())
    first, second = venue.of("stream_open")
    assert (first["connection"], first["accounts"]) == (1, ["trader"])
    assert (second["connection"], second["accounts"]) == (2, [])
    messages = venue.of("stream")
    private = [each for each in messages if each["connection"] == 1]
    assert [each["event"] for each in private] == [
        "TRADE_LITE",
        "ORDER_TRADE_UPDATE",
        "ACCOUNT_UPDATE",
        "ORDER_TRADE_UPDATE",
    ]
    assert json.loads(private[0]["body"])["e"] == "TRADE_LITE"
    market = next(each for each in messages if each["connection"] == 2)
    assert market["stream"] == "sklusdt@markPrice@1s"
    assert "body" not in market
    assert venue.of("stream_close")[0] == {
        "t": venue.of("stream_close")[0]["t"],
        "connection": 1,
        "reason": "client",
    }


def test_headers_are_in_lower_case_and_the_server_names_itself(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[str]:
        async with aiohttp.ClientSession() as session, session.get(f"{REST}/fapi/v1/time") as got:
            return [name.decode() for name, _ in got.raw_headers] + [got.headers["Server"]]

    names = venue.run(main())
    assert "x-mbx-used-weight-1m" in names
    assert names[-1] == "Bengine"


def test_two_runs_record_the_same_to_the_nanosecond(make_world: MakeWorld) -> None:
    behaviour = Behaviour(
        latency=(LatencyRule(reply=Uniform(1_000_000, 90_000_000)),),
        visibility=(LagRule(window="stream.*", lag=Uniform(0, 400_000_000)),),
    )

    def records() -> str:
        venue = make_world(behaviour=behaviour)

        async def main() -> None:
            async with Bot() as bot:
                socket = await bot.stream(f"/private/ws?listenKey={await bot.listen_key()}")
                await bot.stream("/market/ws/!markPrice@arr@1s/sklusdt@aggTrade")
                for _ in range(3):
                    await bot.buy()
                await everything(socket, 5)

        venue.run(main())
        return json.dumps(venue.records)

    first = records()
    assert records() == first
    assert first.count("TRADE_LITE") == 6  # its event's name and its body


def test_a_stream_that_breaks_on_the_venue_s_own_defect_says_so(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken for the client's leaving: the connection ended with code 1000 and no word."""
    venue = make_world()

    def broken(*_: object) -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(StreamConnection, "_record", broken)

    async def main() -> None:
        async with Bot() as bot:
            socket = await bot.stream(f"/private/ws/{await bot.listen_key()}")
            await bot.buy()
            await everything(socket, 1)

    venue.run(main())
    logged = [each for each in venue.world.trace.entries() if each["kind"] == "log"]
    assert any("a stream could not be served" in each["message"] for each in logged), logged
