"""Private topics: what each change brings, to whom, and how late."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from typing import Any

import aiohttp

from simulator.distributions import Fixed
from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule, LagRule, LatencyRule
from simulator.exchange.prices import Constant, Points
from tests.bybit.streams.clients import PRIVATE, Bot, Socket, auth
from tests.bybit.streams.conftest import MS, START_NS, S
from tests.venue_world import MakeWorld, VenueWorld

ALL = ("order", "execution", "position", "wallet")
# The fields of each row on the pages under websocket/private, and of a captured message.
ORDER = """
    category symbol orderId orderLinkId parentOrderLinkId blockTradeId side positionIdx orderStatus
    createType cancelType rejectReason timeInForce isLeverage price qty avgPrice leavesQty
    leavesValue cumExecQty cumExecValue cumExecFee cumFeeDetail closedPnl feeCurrency orderType
    stopOrderType orderIv marketUnit triggerPrice takeProfit stopLoss tpslMode ocoTriggerBy
    tpLimitPrice slLimitPrice tpTriggerBy slTriggerBy triggerDirection triggerBy lastPriceOnCreated
    reduceOnly closeOnTrigger placeType smpType smpGroup smpOrderId slippageToleranceType
    slippageTolerance rpiTakerAccess rpiMatchedQty createdTime updatedTime
"""
EXECUTION = """
    category symbol closedSize execFee execId execPrice execQty execType execValue feeRate tradeIv
    markIv blockTradeId markPrice indexPrice underlyingPrice leavesQty orderId orderLinkId
    orderPrice orderQty orderType stopOrderType side execTime isLeverage isMaker seq marketUnit
    execPnl createType extraFees feeCurrency
"""
POSITION = """
    category symbol positionIdx tradeMode riskId riskLimitValue side size entryPrice leverage
    breakEvenPrice positionValue positionBalance markPrice positionIM positionIMByMp positionMM
    positionMMByMp takeProfit stopLoss trailingStop unrealisedPnl curRealisedPnl cumRealisedPnl
    sessionAvgPrice createdTime updatedTime tpslMode liqPrice bustPrice positionStatus
    adlRankIndicator autoAddMargin leverageSysUpdatedTime mmrSysUpdatedTime seq isReduceOnly
"""
WALLET = """
    accountType accountLTV accountIMRate accountIMRateByMp accountMMRate accountMMRateByMp
    totalEquity totalWalletBalance totalMarginBalance totalAvailableBalance totalPerpUPL
    totalInitialMargin totalInitialMarginByMp totalMaintenanceMargin totalMaintenanceMarginByMp coin
"""
FAST = """
    category symbol execId execPrice execQty orderId isMaker orderLinkId side execTime seq
"""


def watch(venue: VenueWorld, flow: Any, *topics: str, seconds: float = 5) -> list[Any]:
    """All messages of the topics that the flow brings about."""

    async def main() -> list[Any]:
        async with Bot() as bot:
            socket = await bot.private(*topics)
            doing = asyncio.create_task(flow(bot))
            messages = await socket.everything(seconds)
            await doing
            return messages

    return list(venue.run(main()))


def told(messages: list[Any]) -> list[str]:
    """`order/Filled`, `position/0.003` and the like."""
    shown = []
    for message in messages:
        row = message["data"][0]
        detail = row.get("orderStatus") or row.get("execQty") or row.get("size")
        shown.append("/".join(part for part in (message["topic"], detail) if part))
    return shown


def test_a_market_order_brings_one_message_of_each_topic(make_world: MakeWorld) -> None:
    venue = make_world(mark=Constant(Decimal("99501.4")))
    order, execution, position, wallet = watch(venue, lambda bot: bot.create(), *ALL)
    assert told([order, execution, position, wallet]) == [
        "order/Filled",
        "execution/0.003",
        "position/0.003",
        "wallet",
    ]
    now_ms = START_NS // MS
    for message, fields in (
        (order, ORDER),
        (execution, EXECUTION),
        (position, POSITION),
        (wallet, WALLET),
    ):
        assert set(message) == {"id", "topic", "creationTime", "data"}
        assert message["creationTime"] == now_ms
        (row,) = message["data"]
        assert set(row) == set(fields.split())

    # The values of the captured message, at the same price and with the same fees.
    row = order["data"][0]
    expected = {
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "positionIdx": 0,
        "cancelType": "UNKNOWN",
        "rejectReason": "EC_NoError",
        "timeInForce": "IOC",
        "qty": "0.003",
        "avgPrice": "99500",
        "leavesQty": "0.000",
        "cumExecQty": "0.003",
        "cumExecValue": "298.5",
        "cumExecFee": "0.164175",
        "cumFeeDetail": {"USDT": "0.164175"},
        "closedPnl": "0",
        "stopOrderType": "",
        "triggerPrice": "",
        "triggerBy": "",
    }
    assert {name: row[name] for name in expected} == expected
    row = execution["data"][0]
    expected = {
        "closedSize": "0",
        "execFee": "0.164175",
        "execPrice": "99500",
        "execType": "Trade",
        "execValue": "298.5",
        "feeRate": "0.00055",
        "markPrice": "99501.4",
        "leavesQty": "0",
        "isMaker": False,
        "isLeverage": "0",
        "stopOrderType": "UNKNOWN",
        "orderId": order["data"][0]["orderId"],
    }
    assert {name: row[name] for name in expected} == expected
    assert execution["id"] == order["id"]
    assert order["id"].endswith(f"_BTCUSDT_{row['seq']}")
    row = position["data"][0]
    expected = {
        "side": "Buy",
        "entryPrice": "99500",
        "leverage": "10",
        "positionValue": "298.5",
        "unrealisedPnl": "0.0042",
        "curRealisedPnl": "-0.164175",
        "seq": execution["data"][0]["seq"],
    }
    assert {name: row[name] for name in expected} == expected
    (coin,) = wallet["data"][0]["coin"]
    assert (coin["walletBalance"], coin["availableToWithdraw"]) == ("9999.835825", "")


def test_several_fills_of_one_order_share_a_message(make_world: MakeWorld) -> None:
    # The best level offers two contracts.
    messages = watch(make_world(), lambda bot: bot.create(symbol="ETHUSDT", qty="3"), *ALL)
    assert told(messages) == ["order/Filled", "execution/2", "position/3", "wallet"]
    assert [row["execQty"] for row in messages[1]["data"]] == ["2", "1"]


def test_a_limit_order_is_new_then_cancelled_and_the_position_is_told_each_time(
    make_world: MakeWorld,
) -> None:
    venue = make_world()

    async def flow(bot: Bot) -> None:
        order = await bot.create(orderType="Limit", price="99000")
        await asyncio.sleep(1)
        await bot.post("/v5/order/cancel", category="linear", symbol="BTCUSDT", orderId=order)

    messages = watch(venue, flow, *ALL)
    assert told(messages) == ["order/New", "position/0", "order/Cancelled", "position/0"]
    row = messages[1]["data"][0]
    assert (row["side"], row["entryPrice"], row["liqPrice"]) == ("", "0", "")
    assert messages[2]["data"][0]["cancelType"] == "CancelByUser"


def test_a_post_only_order_that_would_take_is_acknowledged_and_then_cancelled(
    make_world: MakeWorld,
) -> None:
    order = {"orderType": "Limit", "price": "99600", "timeInForce": "PostOnly"}
    messages = watch(make_world(), lambda bot: bot.create(**order), "order")
    assert told(messages) == ["order/Cancelled"]
    assert messages[0]["data"][0]["rejectReason"] == "EC_PostOnlyWillTakeLiquidity"


def test_a_triggered_stop_goes_through_triggered_to_filled_with_the_same_id(
    make_world: MakeWorld,
) -> None:
    path = Points(points=((START_NS, Decimal("99499.90")), (START_NS + 2 * S, Decimal("98999.90"))))

    async def flow(bot: Bot) -> None:
        await bot.create()
        await asyncio.sleep(0.5)
        await bot.create(
            side="Sell",
            triggerPrice="99000",
            triggerDirection=2,
            reduceOnly=True,
            orderLinkId="stop-1",
        )

    messages = watch(make_world(btc=path), flow, "order")
    assert told(messages) == [
        "order/Filled",
        "order/Untriggered",
        "order/Triggered",
        "order/Filled",
    ]
    stop = [message["data"][0] for message in messages[1:]]
    assert len({row["orderId"] for row in stop}) == 1
    assert {row["orderLinkId"] for row in stop} == {"stop-1"}
    assert [row["cumExecQty"] for row in stop] == ["0.000", "0.000", "0.003"]
    assert stop[0]["triggerPrice"] == "99000"


def test_a_conditional_order_cancelled_before_its_trigger_is_deactivated(
    make_world: MakeWorld,
) -> None:
    async def flow(bot: Bot) -> None:
        order = await bot.create(triggerPrice="100000", triggerDirection=1)
        await bot.post("/v5/order/cancel", category="linear", symbol="BTCUSDT", orderId=order)

    assert told(watch(make_world(), flow, "order"))[-1] == "order/Deactivated"


def test_a_stop_that_goes_with_its_position_is_told_after_the_fill_that_closed_it(
    make_world: MakeWorld,
) -> None:
    async def flow(bot: Bot) -> None:
        await bot.create(stopLoss="99000")
        await asyncio.sleep(1)
        await bot.create(side="Sell", reduceOnly=True)

    messages = watch(make_world(), flow, "order", "position")
    orders = [message for message in messages if message["topic"] == "order"]
    assert told(orders) == [
        "order/Filled",
        "order/Untriggered",
        "order/Filled",
        "order/Deactivated",
    ]
    assert orders[1]["data"][0]["stopOrderType"] == "StopLoss"
    assert orders[3]["data"][0]["cancelType"] == "CancelByTpSlTsClear"
    positions = [message["data"][0] for message in messages if message["topic"] == "position"]
    stops = [(row["size"], row["stopLoss"]) for row in positions]
    assert ("0.003", "99000") in stops
    assert stops[-1] == ("0", "0")


def test_a_change_of_leverage_tells_the_position(make_world: MakeWorld) -> None:
    async def flow(bot: Bot) -> None:
        values = {"category": "linear", "symbol": "BTCUSDT"}
        await bot.post("/v5/position/set-leverage", **values, buyLeverage="5", sellLeverage="5")

    (message,) = watch(make_world(), flow, *ALL)
    assert message["topic"] == "position"
    assert message["data"][0]["leverage"] == "5"


def test_prices_alone_tell_nothing(make_world: MakeWorld) -> None:
    path = Points(points=tuple((START_NS + n * S, Decimal("99499.90") + n) for n in range(100)))
    messages = watch(make_world(btc=path), lambda bot: bot.create(), *ALL, seconds=60)
    assert len(messages) == 4


def test_the_part_of_one_category_carries_its_own_topic(make_world: MakeWorld) -> None:
    topics = ("order.linear", "execution.fast.linear", "position.spot", "execution.option")
    messages = watch(make_world(), lambda bot: bot.create(orderLinkId="own"), *topics)
    order, execution = messages
    assert order["topic"] == "order.linear"
    assert set(execution) == {"topic", "creationTime", "data"}
    assert execution["topic"] == "execution.fast.linear"
    (row,) = execution["data"]
    assert set(row) == set(FAST.split())
    assert (row["orderLinkId"], row["isMaker"]) == ("own", False)


def test_a_makers_link_id_is_not_in_the_fast_executions(make_world: MakeWorld) -> None:
    path = Points(points=((START_NS, Decimal("99499.90")), (START_NS + 2 * S, Decimal("98999.90"))))
    order = {"orderType": "Limit", "price": "99400", "orderLinkId": "own"}
    messages = watch(make_world(btc=path), lambda bot: bot.create(**order), "execution.fast")
    (row,) = messages[0]["data"]
    assert (row["orderLinkId"], row["isMaker"]) == ("", True)


def test_nothing_of_the_past_is_told_to_a_new_subscriber(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[Any]:
        async with Bot() as bot:
            first = await bot.private("order")
            await bot.create()
            await first.receive()
            await first.raw.close()
            second = await bot.private(*ALL)
            return await second.everything(60)

    assert venue.run(main()) == []


def test_after_unsubscribing_nothing_more_is_told(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[Any]:
        async with Bot() as bot:
            socket = await bot.private("order", "wallet")
            assert (await socket.ask(op="unsubscribe", args=["order"]))["success"]
            await bot.create()
            return await socket.everything(5)

    assert told(venue.run(main())) == ["wallet"]


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
