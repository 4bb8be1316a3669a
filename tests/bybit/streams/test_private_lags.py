"""Private topics: how late they tell, and what goes wrong on purpose."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp

from simulator.distributions import Fixed
from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule, LagRule, LatencyRule
from tests.bybit.streams.clients import ALL, PRIVATE, Bot, Socket, auth, told, watch
from tests.bybit.streams.conftest import MS, START_NS, S
from tests.venue_world import MakeWorld


def test_each_topic_has_its_own_lag_and_tells_what_was_true_then(make_world: MakeWorld) -> None:
    lags = (
        LagRule(window="stream.order", lag=Fixed(900 * MS)),
        LagRule(window="stream.position", lag=Fixed(2 * S)),
    )
    venue = make_world(behaviour=Behaviour(visibility=lags))

    async def flow(bot: Bot) -> None:
        await bot.create()
        await asyncio.sleep(1)
        await bot.create(side="Sell", reduceOnly=True)

    messages = watch(venue, flow, "order", "execution", "position")
    assert told(messages) == [
        "execution/0.003",
        "order/Filled",
        "execution/0.003",
        "order/Filled",
        "position/0.003",
        "position/0",
    ]
    times = [message["creationTime"] - START_NS // MS for message in messages]
    assert times == [0, 900, 1000, 1900, 2000, 3000]


def test_what_queries_still_hide_the_streams_tell(make_world: MakeWorld) -> None:
    late = tuple(
        LagRule(window=window, lag=Fixed(3 * S))
        for window in ("order", "positions", "entry_price", "balance", "fills")
    )
    messages = watch(
        make_world(behaviour=Behaviour(visibility=late)), lambda bot: bot.create(), *ALL
    )
    assert told(messages)[:3] == ["order/Filled", "execution/0.003", "position/0.003"]
    assert messages[2]["data"][0]["entryPrice"] == "99500"
    assert messages[3]["data"][0]["coin"][0]["walletBalance"] == "9999.835825"


def test_a_fill_can_reach_the_stream_before_the_rest_reply(make_world: MakeWorld) -> None:
    reply = LatencyRule(endpoint="POST /v5/order/create", reply=Fixed(8 * MS))
    venue = make_world(behaviour=Behaviour(latency=(reply,)))

    async def main() -> tuple[float, float]:
        async with Bot() as bot:
            socket = await bot.private("position")

            async def filled() -> float:
                await socket.receive()
                return time.time()

            watching = asyncio.create_task(filled())
            await bot.create()
            return await watching, time.time()

    fill_s, reply_s = venue.run(main())
    assert round(reply_s - fill_s, 6) == 0.008


def fault(kind: FaultKind, endpoint: str, **more: Any) -> Behaviour:
    return Behaviour(faults=(FaultRule(name="rule", endpoint=endpoint, kind=kind, **more),))


def test_a_dropped_message_leaves_the_others_alone(make_world: MakeWorld) -> None:
    venue = make_world(behaviour=fault(FaultKind.DROP, "stream.position"))
    assert told(watch(venue, lambda bot: bot.create(), *ALL)) == [
        "order/Filled",
        "execution/0.003",
        "wallet",
    ]
    assert len(venue.of("fault")) == 1


def test_a_duplicated_message_comes_twice(make_world: MakeWorld) -> None:
    venue = make_world(behaviour=fault(FaultKind.DUPLICATE, "stream.order", symbol="BTCUSDT"))
    first, second = watch(venue, lambda bot: bot.create(), "order")
    assert first == second


def test_a_disconnect_resets_the_socket_and_what_was_missed_is_not_told(
    make_world: MakeWorld,
) -> None:
    venue = make_world(behaviour=fault(FaultKind.DISCONNECT, "stream.order", times=1))

    async def main() -> tuple[Any, list[str]]:
        async with Bot() as bot:
            socket = await bot.private("order")
            await bot.create()
            end = await socket.raw.receive()
            again = await bot.private("order")
            await bot.create(side="Sell", reduceOnly=True)
            return end.type, told(await again.everything(5))

    end, messages = venue.run(main())
    assert end in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    assert messages == ["order/Filled"]


def test_an_upgrade_can_be_refused(make_world: MakeWorld) -> None:
    venue = make_world(behaviour=fault(FaultKind.ERROR, "connect /v5/private", status=503, times=1))

    async def main() -> Any:
        async with Bot() as bot:
            status = 0
            try:
                await bot.connect(PRIVATE)
            except aiohttp.WSServerHandshakeError as error:
                status = error.status
            socket: Socket = await bot.connect(PRIVATE)
            return status, await socket.ask(**auth())

    status, reply = venue.run(main())
    assert status == 503
    assert reply["success"]
