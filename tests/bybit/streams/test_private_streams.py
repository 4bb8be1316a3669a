"""Private topics: what each change brings, and to whom."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from simulator.exchange.prices import Points
from tests.bybit.streams.clients import ALL, Bot, told, watch
from tests.bybit.streams.conftest import START_NS, S
from tests.venue_world import MakeWorld

# The fields of its rows on the page of the fast execution topic.
FAST = """
    category symbol execId execPrice execQty orderId isMaker orderLinkId side execTime seq
"""


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
