"""Orders over the trade socket: replies as in the guideline, and what it refuses by itself."""

from __future__ import annotations

import json
import time
from typing import Any

import aiohttp
import pytest

from simulator.distributions import Fixed
from simulator.exchange.behaviour import (
    Behaviour,
    FaultKind,
    FaultRule,
    LatencyRule,
    LimitRule,
)
from tests.bybit.streams.clients import TRADE, Bot, Socket, auth
from tests.bybit.streams.conftest import API_KEY, MS, SECRET, S
from tests.venue_world import MakeWorld

BUY = {
    "category": "linear",
    "symbol": "BTCUSDT",
    "side": "Buy",
    "orderType": "Market",
    "qty": "0.003",
}


def order(op: str = "order.create", *args: Any, **more: Any) -> dict[str, Any]:
    """A request as the guideline has it."""
    header = {"X-BAPI-TIMESTAMP": str(int(time.time() * 1000)), "X-BAPI-RECV-WINDOW": "8000"}
    return {"header": header, "op": op, "args": list(args) or [BUY]} | more


def test_an_order_is_placed_and_answered_as_the_guideline_shows(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> tuple[Any, Any]:
        async with Bot() as bot:
            socket = await bot.trade()
            return await socket.ask(**order(reqId="test-005")), await socket.ask(**order())

    reply, unnamed = venue.run(main())
    assert list(reply) == [
        "reqId",
        "retCode",
        "retMsg",
        "op",
        "data",
        "retExtInfo",
        "header",
        "connId",
    ]
    assert (reply["reqId"], reply["retCode"], reply["op"]) == ("test-005", 0, "order.create")
    assert set(reply["data"]) == {"orderId", "orderLinkId"}
    assert reply["retExtInfo"] == {}
    header = reply["header"]
    assert (header["X-Bapi-Limit"], header["X-Bapi-Limit-Status"]) == ("10", "9")
    assert set(header) == {
        "X-Bapi-Limit",
        "X-Bapi-Limit-Status",
        "X-Bapi-Limit-Reset-Timestamp",
        "Traceid",
        "Timenow",
    }
    assert "reqId" not in unnamed
    assert venue.exchange.position("trader", "BTCUSDT").quantity * 1000 == 6
    (request, _) = venue.of("request")
    assert (request["method"], request["path"]) == ("WS", "order.create")
    assert (request["account"], request["params"]["qty"]) == ("trader", "0.003")
    assert API_KEY not in json.dumps(venue.records)


def test_a_number_will_do_for_a_timestamp_and_for_a_quantity(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> Any:
        async with Bot() as bot:
            socket = await bot.trade()
            now_ms = int(time.time() * 1000)
            return await socket.ask(
                **order("order.create", BUY | {"qty": 0.001}, header={"X-BAPI-TIMESTAMP": now_ms})
            )

    assert venue.run(main())["retCode"] == 0


def test_an_order_is_cancelled_by_its_link_id(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> tuple[Any, Any]:
        async with Bot() as bot:
            socket = await bot.trade()
            limit = {"orderType": "Limit", "price": "99000", "orderLinkId": "own-1"}
            await socket.ask(**order("order.create", BUY | limit))
            wanted = {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "own-1"}
            return (
                await socket.ask(**order("order.cancel", wanted)),
                await socket.ask(**order("order.cancel", wanted)),
            )

    cancelled, again = venue.run(main())
    assert cancelled["data"]["orderLinkId"] == "own-1"
    assert (again["retCode"], again["data"]) == (110001, {})


def test_each_order_of_a_batch_has_a_code_of_its_own(make_world: MakeWorld) -> None:
    venue = make_world()
    good = {name: BUY[name] for name in ("symbol", "side", "orderType", "qty")}
    batch = {"category": "linear", "request": [good, good | {"positionIdx": 1}]}

    async def main() -> Any:
        async with Bot() as bot:
            socket = await bot.trade()
            return await socket.ask(**order("order.create-batch", batch))

    reply = venue.run(main())
    assert reply["retCode"] == 0
    assert reply["retExtInfo"]["list"] == [
        {"code": 0, "msg": "OK"},
        {"code": 10001, "msg": "position idx not match position mode"},
    ]
    first, second = reply["data"]["list"]
    assert first["orderId"]
    assert (second["orderId"], second["createAt"]) == ("", "")


def test_what_the_socket_itself_refuses(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[Any]:
        async with Bot() as bot:
            socket = await bot.connect(TRADE)
            replies = [
                await socket.ask(**order()),
                await socket.ask(**(auth() | {"args": ["nobody", 1, "x"]})),
                await socket.ask(**auth(secret=SECRET[::-1])),
                await socket.ask(op="auth", args=[]),
                await socket.ask(**auth()),
                await socket.ask(**auth()),
                await socket.ask(**order("order.nope")),
                await socket.ask(**order("order.create", BUY | {"category": "futures"})),
                await socket.ask(**order("order.create", BUY, BUY)),
                await socket.ask(**order(header={})),
                await socket.ask(**order(header={"X-BAPI-TIMESTAMP": "1757405560000"})),
                await socket.ask(**order(reqId="once")),
                await socket.ask(**order(reqId="once")),
            ]
            await socket.raw.send_str("nonsense")
            return [*replies, await socket.receive()]

    replies = venue.run(main())
    assert [reply["retCode"] for reply in replies] == [
        10003,
        10003,
        10004,
        10001,
        0,
        20001,
        10404,
        10404,
        10001,
        10001,
        10002,
        0,
        20006,
        10001,
    ]
    assert replies[1]["retMsg"] == "Invalid apikey"
    assert {name: replies[4][name] for name in replies[4] if name != "connId"} == {
        "retCode": 0,
        "retMsg": "OK",
        "op": "auth",
    }
    assert replies[12]["reqId"] == "once"
    assert venue.exchange.position("trader", "BTCUSDT").quantity * 1000 == 3


def test_ping_is_answered_in_the_socket_s_own_way(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> tuple[Any, str]:
        async with Bot() as bot:
            socket = await bot.connect(TRADE)
            return await socket.ask(op="ping"), str(int(time.time() * 1000))

    pong, now = venue.run(main())
    del pong["connId"]
    assert pong == {"retCode": 0, "retMsg": "OK", "op": "pong", "data": [now]}


def test_limits_are_those_of_rest(make_world: MakeWorld) -> None:
    limit = LimitRule(name="POST /v5/order/create", limit=2, interval_ns=S, aligned=False)
    venue = make_world(behaviour=Behaviour(limits=(limit,)))

    async def main() -> list[Any]:
        async with Bot() as bot:
            socket = await bot.trade()
            await bot.create()
            return [await socket.ask(**order()) for _ in range(2)]

    passed, refused = venue.run(main())
    assert (passed["retCode"], passed["header"]["X-Bapi-Limit-Status"]) == (0, "0")
    assert refused["retCode"] == 10006


def test_latency_and_order_of_replies_are_those_of_each_request(make_world: MakeWorld) -> None:
    slow = LatencyRule(endpoint="POST /v5/order/create", request=Fixed(50 * MS))
    venue = make_world(behaviour=Behaviour(latency=(slow,)))

    async def main() -> list[str]:
        async with Bot() as bot:
            socket = await bot.trade()
            wanted = {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "nothing"}
            await socket.send(**order(reqId="slow"))
            await socket.send(**order("order.cancel", wanted, reqId="quick"))
            return [(await socket.receive())["reqId"] for _ in range(2)]

    assert venue.run(main()) == ["quick", "slow"]


def faulty(make_world: MakeWorld, kind: FaultKind, **more: Any) -> tuple[Any, Any]:
    """What comes back of an order that meets a fault, and how much was bought."""
    rule = FaultRule(name="rule", endpoint="POST /v5/order/create", kind=kind, **more)
    venue = make_world(behaviour=Behaviour(faults=(rule,)))

    async def main() -> Any:
        async with Bot() as bot:
            socket: Socket = await bot.trade()
            await socket.send(**order(reqId="1"))
            try:
                message = await socket.raw.receive(timeout=30)
            except TimeoutError:
                return None
            return json.loads(message.data) if message.type is aiohttp.WSMsgType.TEXT else "end"

    reply = venue.run(main())
    assert len(venue.of("fault")) == 1
    return reply, venue.exchange.position("trader", "BTCUSDT").quantity * 1000


def test_a_server_time_out_of_rest_is_one_here_too(make_world: MakeWorld) -> None:
    body = '{"retCode":10000,"retMsg":"Server Timeout","result":{},"retExtInfo":{},"time":0}'
    reply, bought = faulty(make_world, FaultKind.ERROR_AFTER, status=200, body=body)
    assert (reply["retCode"], reply["retMsg"], bought) == (10000, "Server Timeout", 3)


@pytest.mark.parametrize(("status", "code"), [(403, 10403), (429, 10429), (503, 10016)])
def test_a_gateways_page_becomes_a_code_of_the_socket(
    make_world: MakeWorld, status: int, code: int
) -> None:
    reply, bought = faulty(make_world, FaultKind.ERROR, status=status, body="<html></html>")
    assert (reply["reqId"], reply["retCode"], bought) == ("1", code, 0)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FaultKind.HANG, (None, 0)),
        (FaultKind.REPLY_LOST, (None, 3)),
        (FaultKind.RESET, ("end", 0)),
        (FaultKind.RESET_AFTER, ("end", 3)),
    ],
)
def test_an_order_can_stay_without_a_reply(
    make_world: MakeWorld, kind: FaultKind, expected: tuple[Any, int]
) -> None:
    assert faulty(make_world, kind) == expected
