"""Unmodified client libraries that block, at production URLs over "TLS"."""

from __future__ import annotations

import asyncio
import http.client
import json
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ccxt
import pytest
import requests
import websocket
from aiohttp import web

from simulator import World
from simulator.distributions import Fixed
from tests import elsewhere
from tests.bench.venues import API_KEY, SECRET, add_binance
from tests.world.conftest import ONE_WAY_NS, START, on_the_bot

URL = "https://fapi.binance.com/fapi/v1/time"
ROUND_TRIP_NS = 2 * ONE_WAY_NS


async def serve() -> None:
    """Answers with what it was asked; `/slow` after half a minute; `/ws` echoes and ticks."""

    async def tick(stream: web.WebSocketResponse) -> None:
        for number in range(3):
            await asyncio.sleep(1)
            await stream.send_str(f"tick {number}")

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/ws":
            stream = web.WebSocketResponse()
            await stream.prepare(request)
            ticking = asyncio.create_task(tick(stream))
            async for message in stream:
                await stream.send_str(f"echo {message.data}")
            ticking.cancel()
            return stream
        if request.path == "/slow":
            await asyncio.sleep(30)
        if request.path == "/reset":
            assert request.transport is not None
            request.transport.abort()
        body = await request.text()
        return web.json_response({"host": request.host, "path": request.path, "body": body})

    await asyncio.get_running_loop().create_server(web.Server(handler), "0.0.0.0", 443)


@pytest.fixture
def served(world: World) -> World:
    world.run_until(world.hosts["venue"].start(serve()))
    return world


def by_requests() -> Any:
    return requests.post(URL, data="x", timeout=10).json()


def by_urllib() -> Any:
    with urllib.request.urlopen(URL, data=b"x", timeout=10) as reply:
        return json.load(reply)


def by_http_client() -> Any:
    connection = http.client.HTTPSConnection("fapi.binance.com", timeout=10)
    try:
        connection.request("POST", "/fapi/v1/time", body="x")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


CLIENTS = [by_requests, by_urllib, by_http_client]


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
def test_a_client_that_blocks_reaches_a_production_url(
    served: World, client: Callable[[], Any]
) -> None:
    expected = {"host": "fapi.binance.com", "path": "/fapi/v1/time", "body": "x"}
    assert on_the_bot(served, client) == expected
    # TCP handshake, TLS handshake, request
    assert served.env.elapsed_ns == 3 * ROUND_TRIP_NS
    assert served.refusals == []


def test_a_script_without_any_loop_reaches_it_too(served: World) -> None:
    assert served.hosts["bot"].run(by_requests)["path"] == "/fapi/v1/time"
    assert served.env.elapsed_ns == 3 * ROUND_TRIP_NS


def test_a_requests_session_keeps_its_connection(served: World) -> None:
    def script() -> None:
        with requests.Session() as session:
            for _ in range(3):
                assert session.get(URL).status_code == 200

    on_the_bot(served, script)
    assert served.env.elapsed_ns == 5 * ROUND_TRIP_NS
    assert len([e for e in served.trace.entries() if e["kind"] == "connect"]) == 1


def test_a_reply_that_is_late_is_a_read_timeout_at_its_virtual_moment(served: World) -> None:
    def script() -> None:
        with pytest.raises(requests.exceptions.ReadTimeout):
            requests.get("https://fapi.binance.com/slow", timeout=(3, 5))

    on_the_bot(served, script)
    assert served.env.elapsed_ns == 2 * ROUND_TRIP_NS + 5 * 10**9


def test_a_venue_that_is_cut_off_is_a_connect_timeout_at_its_virtual_moment(served: World) -> None:
    served.network.partition("bot", "venue")

    def script() -> None:
        with pytest.raises(requests.exceptions.ConnectTimeout):
            requests.get(URL, timeout=(3, 5))

    on_the_bot(served, script)
    assert served.env.elapsed_ns == 3 * 10**9


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://nowhere.example/", "Failed to resolve 'nowhere.example'"),
        ("https://fapi.binance.com:444/", "Connection refused"),
        ("https://fapi.binance.com/reset", "Connection reset by peer"),
    ],
)
def test_what_fails_fails_as_in_reality(served: World, url: str, told: str) -> None:
    def script() -> None:
        with pytest.raises(requests.exceptions.ConnectionError, match=told):
            requests.get(url)

    on_the_bot(served, script)
    assert served.refusals == []


def test_a_real_address_is_refused_and_counted(served: World) -> None:
    def script() -> None:
        with pytest.raises(requests.exceptions.ConnectionError, match="must not reach anything"):
            requests.get("https://192.0.2.1/")
        with pytest.raises(urllib.error.URLError, match="must not reach anything"):
            urllib.request.urlopen("https://192.0.2.1/")

    on_the_bot(served, script)
    assert [refusal.target for refusal in served.refusals] == ["192.0.2.1:443"] * 2


def test_a_blocking_websocket_receives_what_is_sent_and_times_out_between(served: World) -> None:
    def script() -> list[tuple[str, int]]:
        got = []
        stream = websocket.create_connection("wss://fstream.binance.com/ws", timeout=5)
        stream.send("hello")
        for _ in range(4):
            got.append((str(stream.recv()), served.env.elapsed_ns))
        stream.settimeout(0.5)
        with pytest.raises(websocket.WebSocketTimeoutException):
            stream.recv()
        got.append(("nothing", served.env.elapsed_ns))
        stream.close()
        return got

    opened = 5 * ONE_WAY_NS  # where the server begins to tick
    last = opened + ONE_WAY_NS + 3 * 10**9
    assert on_the_bot(served, script) == [
        ("echo hello", 4 * ROUND_TRIP_NS),
        ("tick 0", opened + ONE_WAY_NS + 10**9),
        ("tick 1", opened + ONE_WAY_NS + 2 * 10**9),
        ("tick 2", last),
        ("nothing", last + 500_000_000),
    ]


def test_a_websocket_app_runs_until_it_is_closed(served: World) -> None:
    seen: list[str] = []

    def on_message(app: websocket.WebSocketApp, text: str) -> None:
        seen.append(text)
        if text == "tick 1":
            app.close()

    def script() -> None:
        websocket.WebSocketApp("wss://fstream.binance.com/ws", on_message=on_message).run_forever()

    on_the_bot(served, script)
    assert seen == ["tick 0", "tick 1"]


def test_a_websocket_app_on_a_thread_pings_and_is_closed_from_another(served: World) -> None:
    seen: list[tuple[str, int]] = []
    app = websocket.WebSocketApp(
        "wss://fstream.binance.com/ws",
        on_message=lambda _, text: seen.append((text, served.env.elapsed_ns)),
        on_pong=lambda *_: seen.append(("pong", served.env.elapsed_ns)),
    )

    def listen() -> None:
        app.run_forever(ping_interval=2, ping_timeout=1)
        seen.append(("over", served.env.elapsed_ns))

    async def main() -> None:
        threading.Thread(target=listen).start()
        await asyncio.sleep(5)
        app.close()

    served.hosts["bot"].start(main())
    served.run_for(20)
    told = [text for text, _ in seen]
    assert told == ["tick 0", "tick 1", "pong", "tick 2", "over"]
    pinged_ns = 3 * ROUND_TRIP_NS + 2 * 10**9
    assert dict(seen)["pong"] == pinged_ns + ROUND_TRIP_NS
    assert 5 * 10**9 <= dict(seen)["over"] < 9 * 10**9


def trade_by_ccxt() -> tuple[World, dict[str, Any]]:
    """Synchronous ccxt opens a position at the simulated Binance and reads it back."""
    with World(seed=1, start=START) as world:
        add_binance(world, ["SKLUSDT"])
        world.host("bot")
        world.network.link("bot", "binance", latency=Fixed(20_000_000))

        def script() -> dict[str, Any]:
            client = ccxt.binanceusdm({"apiKey": API_KEY, "secret": SECRET})
            client.options["fetchMarkets"] = {"types": ["linear"]}
            order = client.create_order("SKL/USDT:USDT", "market", "buy", 308)
            (position,) = client.fetch_positions(["SKL/USDT:USDT"])
            with ThreadPoolExecutor(3) as pool:
                assert {reply.status_code for reply in pool.map(requests.get, [URL] * 7)} == {200}
            return {"filled": order["filled"], "contracts": position["contracts"]}

        return world, on_the_bot(world, script)


def test_synchronous_ccxt_trades_at_the_simulated_venue() -> None:
    world, answer = trade_by_ccxt()
    assert answer == {"filled": 308.0, "contracts": 308.0}
    assert world.refusals == []
    paths = [e["path"] for e in world.trace.entries() if e["kind"] == "request"]
    assert "/fapi/v1/order" in paths


def test_blocking_calls_are_the_same_in_other_processes() -> None:
    digests = []
    for seed in ("0", "1"):
        done = elsewhere.python(
            *("-W", "error", "-m", "tests.world.test_blocking_clients"), PYTHONHASHSEED=seed
        )
        digests.append(done.stdout.strip())
    assert len(digests[0]) == 64
    assert digests[0] == digests[1] == trade_by_ccxt()[0].digest


if __name__ == "__main__":
    sys.stdout.write(trade_by_ccxt()[0].digest)
