"""User data: captured bytes, the captured order, lags, listen keys and their end."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import pytest

from simulator.binance import NOVEMBER_2026, OCTOBER_2025
from simulator.distributions import Fixed
from simulator.exchange.behaviour import Behaviour, LagRule, LatencyRule
from simulator.exchange.prices import Points
from tests.binance.clients import Bot, everything, receive
from tests.binance.conftest import MS, START_NS, S
from tests.venue_world import MakeWorld

# Captured on mainnet, 2024-11-18: closing 0.002 BTC at 90853.20. The client order id is blank in
# the capture; `er` came in October 2025.
CAPTURED = [
    '{"e":"TRADE_LITE","E":1731955175166,"T":1731955175166,"s":"BTCUSDT","q":"0.002","p":"0.00",'
    '"m":false,"c":"close","S":"SELL","L":"90853.20","l":"0.002","t":5612520599,'
    '"i":482277363667}',
    '{"e":"ORDER_TRADE_UPDATE","T":1731955175166,"E":1731955175166,"o":{"s":"BTCUSDT",'
    '"c":"close","S":"SELL","o":"MARKET","f":"GTC","q":"0.002","p":"0","ap":"0","sp":"0",'
    '"x":"NEW","X":"NEW","i":482277363667,"l":"0","z":"0","L":"0","n":"0","N":"USDT",'
    '"T":1731955175166,"t":0,"b":"0","a":"0","m":false,"R":true,"wt":"CONTRACT_PRICE",'
    '"ot":"MARKET","ps":"BOTH","cp":false,"rp":"0","pP":false,"si":0,"ss":0,"V":"NONE",'
    '"pm":"NONE","gtd":0,"er":"0"}}',
    '{"e":"ACCOUNT_UPDATE","T":1731955175166,"E":1731955175166,"a":{"B":[{"a":"USDT",'
    '"wb":"640.89671759","cw":"640.89671759","bc":"0"}],"P":[{"s":"BTCUSDT","pa":"0","ep":"0",'
    '"cr":"-1.77340000","up":"0","mt":"cross","iw":"0","ps":"BOTH","ma":"USDT","bep":"0"}],'
    '"m":"ORDER"}}',
    '{"e":"ORDER_TRADE_UPDATE","T":1731955175166,"E":1731955175166,"o":{"s":"BTCUSDT",'
    '"c":"close","S":"SELL","o":"MARKET","f":"GTC","q":"0.002","p":"0","ap":"90853.20000",'
    '"sp":"0","x":"TRADE","X":"FILLED","i":482277363667,"l":"0.002","z":"0.002",'
    '"L":"90853.20","n":"0.09085320","N":"USDT","T":1731955175166,"t":5612520599,"b":"0",'
    '"a":"0","m":false,"R":true,"wt":"CONTRACT_PRICE","ot":"MARKET","ps":"BOTH","cp":false,'
    '"rp":"-1.77340000","pP":false,"si":0,"ss":0,"V":"NONE","pm":"NONE","gtd":0,"er":"0"}}',
]


def kinds(events: list[dict]) -> list[str]:
    """`ORDER_TRADE_UPDATE/TRADE/FILLED` and the like."""
    shown = []
    for event in events:
        order = event.get("o", {})
        parts = [event["e"], order.get("x"), order.get("X")]
        shown.append("/".join(part for part in parts if part))
    return shown


def test_a_market_order_brings_the_captured_bytes_in_the_captured_order(
    make_world: MakeWorld,
) -> None:
    captured_ns = 1_731_955_175_166 * MS
    path = Points(
        points=((captured_ns - 10 * S, Decimal("91739.80")), (captured_ns, Decimal("90853.20")))
    )
    venue = make_world(
        profile=OCTOBER_2025,
        paths={"BTCUSDT": path},
        start_ns=captured_ns - 10 * S,
        # The balance at the end, the loss and both fees back.
        deposit=Decimal("640.89671759") + Decimal("1.7734") + Decimal("0.1825931"),
        first_trade_id=5_612_520_598,
        next_order_id=482_277_363_666,
    )

    async def main() -> list[str]:
        async with Bot() as bot:
            key = await bot.listen_key()
            order = {"symbol": "BTCUSDT", "type": "MARKET", "quantity": "0.002"}
            await bot.call("POST", "/fapi/v1/order", **(order | {"side": "BUY"}))
            await asyncio.sleep(10)
            socket = await bot.stream(f"/ws/{key}")
            closing = {"side": "SELL", "reduceOnly": "true", "newClientOrderId": "close"}
            await bot.call("POST", "/fapi/v1/order", **(order | closing))
            return [await socket.receive_str() for _ in range(4)]

    assert venue.run(main()) == CAPTURED


def test_every_fill_brings_the_account_before_the_trade(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[dict]:
        async with Bot() as bot:
            socket = await bot.stream(f"/private/ws?listenKey={await bot.listen_key()}")
            # The first level offers 100,000.
            await bot.buy("150000")
            return await receive(socket, 7)

    events = venue.run(main())
    assert kinds(events) == [
        "TRADE_LITE",
        "TRADE_LITE",
        "ORDER_TRADE_UPDATE/NEW/NEW",
        "ACCOUNT_UPDATE",
        "ORDER_TRADE_UPDATE/TRADE/PARTIALLY_FILLED",
        "ACCOUNT_UPDATE",
        "ORDER_TRADE_UPDATE/TRADE/FILLED",
    ]
    assert [event["a"]["P"][0]["pa"] for event in (events[3], events[5])] == ["100000", "150000"]
    assert len({event["T"] for event in events}) == 1


def test_a_fill_can_reach_the_stream_before_the_rest_reply(make_world: MakeWorld) -> None:
    reply = LatencyRule(endpoint="POST /fapi/v1/order", reply=Fixed(4 * MS))
    venue = make_world(behaviour=Behaviour(latency=(reply,)))

    async def main() -> tuple[float, float]:
        async with Bot() as bot:
            socket = await bot.stream(f"/private/ws?listenKey={await bot.listen_key()}")
            loop = asyncio.get_running_loop()

            async def filled() -> float:
                await receive(socket, 4)
                return loop.time()

            watching = asyncio.create_task(filled())
            await bot.buy()
            return await watching, loop.time()

    fill_s, reply_s = venue.run(main())
    assert reply_s - fill_s == pytest.approx(0.004)


def test_each_event_type_has_its_own_lag_and_keeps_its_order(make_world: MakeWorld) -> None:
    lags = (
        LagRule(window="stream.ORDER_TRADE_UPDATE", lag=Fixed(900 * MS)),
        LagRule(window="stream.ACCOUNT_UPDATE", lag=Fixed(100 * MS)),
    )
    venue = make_world(behaviour=Behaviour(visibility=lags))

    async def main() -> tuple[list[dict], list[float]]:
        async with Bot() as bot:
            socket = await bot.stream(f"/private/ws?listenKey={await bot.listen_key()}")
            await bot.buy()
            begun = asyncio.get_running_loop().time()
            events, times = [], []
            for _ in range(4):
                events += await receive(socket, 1)
                times.append(round(asyncio.get_running_loop().time() - begun, 6))
            return events, times

    events, times = venue.run(main())
    assert kinds(events) == [
        "TRADE_LITE",
        "ACCOUNT_UPDATE",
        "ORDER_TRADE_UPDATE/NEW/NEW",
        "ORDER_TRADE_UPDATE/TRADE/FILLED",
    ]
    assert times == [0, 0.1, 0.9, 0.9]


def test_a_connection_may_ask_for_some_events_only(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[dict]:
        async with Bot() as bot:
            key = await bot.listen_key()
            socket = await bot.stream(f"/private/ws?listenKey={key}&events=ACCOUNT_UPDATE")
            await bot.buy()
            return await everything(socket, 1)

    assert kinds(venue.run(main())) == ["ACCOUNT_UPDATE"]


def test_an_unrouted_connection_is_silent_for_user_data_since_april_2026(
    make_world: MakeWorld,
) -> None:
    venue = make_world(profile=NOVEMBER_2026)

    async def main() -> tuple[list[dict], list[dict]]:
        async with Bot() as bot:
            key = await bot.listen_key()
            unrouted = await bot.stream(f"/ws/{key}")
            routed = await bot.stream(f"/private/ws/{key}")
            await bot.buy()
            return await everything(unrouted, 1), await everything(routed, 1)

    unrouted, routed = venue.run(main())
    assert unrouted == []
    assert len(routed) == 4


def test_an_algo_order_tells_its_real_order_first_then_triggered_then_finished(
    make_world: MakeWorld,
) -> None:
    path = Points(points=((START_NS, Decimal("0.02000")), (START_NS + 5 * S, Decimal("0.01890"))))
    venue = make_world(paths={"SKLUSDT": path}, profile=NOVEMBER_2026)

    async def main() -> tuple[dict, list[dict]]:
        async with Bot() as bot:
            await bot.buy()
            socket = await bot.stream(f"/private/ws?listenKey={await bot.listen_key()}")
            _, placed = await bot.call(
                "POST",
                "/fapi/v1/algoOrder",
                algoType="CONDITIONAL",
                symbol="SKLUSDT",
                side="SELL",
                type="STOP_MARKET",
                quantity="1000",
                triggerPrice="0.01900",
                reduceOnly="true",
                clientAlgoId="sl-1",
            )
            return placed, await everything(socket, 10)

    placed, events = venue.run(main())
    assert kinds(events) == [
        "ALGO_UPDATE/NEW",
        "TRADE_LITE",
        "ORDER_TRADE_UPDATE/NEW/NEW",
        "ACCOUNT_UPDATE",
        "ORDER_TRADE_UPDATE/TRADE/FILLED",
        "ALGO_UPDATE/TRIGGERED",
        "ALGO_UPDATE/FINISHED",
    ]
    child, triggered, finished = events[2]["o"], events[5]["o"], events[6]["o"]
    assert child["c"] == "sl-1"
    assert child["o"] == child["ot"] == "MARKET"
    assert triggered["aid"] == placed["algoId"] != child["i"]
    assert (triggered["ai"], triggered["ap"], triggered["aq"], triggered["act"]) == (
        str(child["i"]),
        "0",
        "0",
        "MARKET",
    )
    assert triggered["tt"] == (START_NS + 5 * S) // MS
    assert (finished["aq"], finished["ap"]) == ("1000", "0.01890")


def test_a_reduce_only_order_left_without_a_position_expires_before_the_closing_order_is_new(
    make_world: MakeWorld,
) -> None:
    # Captured on mainnet, 2022-03-08.
    venue = make_world()

    async def main() -> list[dict]:
        async with Bot() as bot:
            await bot.buy()
            take = {"type": "LIMIT", "timeInForce": "GTC", "price": "0.02100"}
            await bot.buy(side="SELL", reduceOnly="true", **take)
            socket = await bot.stream(f"/private/ws?listenKey={await bot.listen_key()}")
            await bot.buy(side="SELL")
            return await everything(socket, 1)

    events = venue.run(main())
    assert kinds(events) == [
        "ORDER_TRADE_UPDATE/EXPIRED/EXPIRED",
        "TRADE_LITE",
        "ORDER_TRADE_UPDATE/NEW/NEW",
        "ACCOUNT_UPDATE",
        "ORDER_TRADE_UPDATE/TRADE/FILLED",
    ]
    assert (events[0]["o"]["er"], events[0]["o"]["R"]) == ("4", True)


def test_a_stop_that_cannot_be_executed_is_rejected_in_the_venues_words(
    make_world: MakeWorld,
) -> None:
    path = Points(points=((START_NS, Decimal("0.02000")), (START_NS + 5 * S, Decimal("0.01890"))))
    venue = make_world(paths={"SKLUSDT": path}, profile=NOVEMBER_2026)

    async def main() -> tuple[list[dict], dict]:
        async with Bot() as bot:
            await bot.buy()
            stop = {"symbol": "SKLUSDT", "side": "SELL", "type": "STOP_MARKET"}
            terms = {"quantity": "1000", "triggerPrice": "0.01900", "reduceOnly": "true"}
            algo = {"algoType": "CONDITIONAL", "clientAlgoId": "sl-1"}
            await bot.call("POST", "/fapi/v1/algoOrder", **stop, **terms, **algo)
            await bot.buy(side="SELL", reduceOnly="true")
            socket = await bot.stream(f"/private/ws?listenKey={await bot.listen_key()}")
            events = await everything(socket, 10)
            _, order = await bot.call("GET", "/fapi/v1/algoOrder", clientAlgoId="sl-1")
            return events, order

    events, order = venue.run(main())
    (last,) = [event["o"] for event in events if event["e"] == "ALGO_UPDATE"][-1:]
    assert (last["X"], last["rm"]) == ("REJECTED", "ReduceOnly Order is rejected.")
    assert order["algoStatus"] == "REJECTED"


def test_before_the_algo_service_a_triggered_stop_expires_and_returns_as_a_market_order(
    make_world: MakeWorld,
) -> None:
    path = Points(points=((START_NS, Decimal("0.02000")), (START_NS + 5 * S, Decimal("0.01890"))))
    venue = make_world(paths={"SKLUSDT": path}, profile=OCTOBER_2025)

    async def main() -> list[dict]:
        async with Bot() as bot:
            await bot.buy()
            socket = await bot.stream(f"/ws/{await bot.listen_key()}")
            await bot.call(
                "POST",
                "/fapi/v1/order",
                symbol="SKLUSDT",
                side="SELL",
                type="STOP_MARKET",
                stopPrice="0.01900",
                closePosition="true",
            )
            return await everything(socket, 10)

    events = venue.run(main())
    orders = [event["o"] for event in events if event["e"] == "ORDER_TRADE_UPDATE"]
    assert [(o["x"], o["X"], o["o"], o["ot"], o["er"]) for o in orders] == [
        ("NEW", "NEW", "STOP_MARKET", "STOP_MARKET", "0"),
        ("EXPIRED", "EXPIRED", "STOP_MARKET", "STOP_MARKET", "8"),
        ("NEW", "NEW", "MARKET", "STOP_MARKET", "0"),
        ("TRADE", "FILLED", "MARKET", "STOP_MARKET", "0"),
    ]
    assert len({o["i"] for o in orders}) == 1


def test_cancelling_and_leverage_bring_their_events(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[dict]:
        async with Bot() as bot:
            socket = await bot.stream(f"/private/ws?listenKey={await bot.listen_key()}")
            await bot.call("POST", "/fapi/v1/leverage", symbol="SKLUSDT", leverage=7)
            order = {"symbol": "LTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
            _, placed = await bot.call(
                "POST", "/fapi/v1/order", **order, quantity="20.00", price="0.4720"
            )
            ids = {"symbol": "LTCUSDT", "orderId": placed["orderId"]}
            await bot.call("DELETE", "/fapi/v1/order", **ids)
            return await receive(socket, 3)

    events = venue.run(main())
    assert events[0]["ac"] == {"s": "SKLUSDT", "l": 7}
    assert kinds(events) == [
        "ACCOUNT_CONFIG_UPDATE",
        "ORDER_TRADE_UPDATE/NEW/NEW",
        "ORDER_TRADE_UPDATE/CANCELED/CANCELED",
    ]
    # ORDER_TRADE_UPDATE drops what TRADE_LITE pads.
    assert (events[1]["o"]["p"], events[1]["o"]["q"]) == ("0.472", "20")
    assert events[1]["o"]["b"] == "9.44000"


@pytest.mark.parametrize(("profile", "kind"), [(OCTOBER_2025, str), (NOVEMBER_2026, int)])
def test_an_expired_key_is_told_and_then_there_is_silence_without_a_close(
    make_world: MakeWorld, profile: object, kind: type
) -> None:
    venue = make_world(profile=profile)
    route = "/private" if profile is NOVEMBER_2026 else ""

    async def main() -> tuple[str, list[dict], bool]:
        async with Bot() as bot:
            key = await bot.listen_key()
            socket = await bot.stream(f"{route}/ws/{key}")
            told = await everything(socket, 3601)
            again = await bot.stream(f"{route}/ws/{await bot.listen_key()}")
            await bot.buy()
            told += await everything(socket, 5)
            assert len(await receive(again, 4)) == 4
            return key, told, socket.closed

    key, told, closed = venue.run(main())
    (event,) = told
    assert (event["e"], event["listenKey"], type(event["E"])) == ("listenKeyExpired", key, kind)
    assert int(event["E"]) == START_NS // MS + 3_600_000
    assert not closed


def test_a_deleted_key_silences_its_streams_without_a_word(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> list[dict]:
        async with Bot() as bot:
            socket = await bot.stream(f"/private/ws?listenKey={await bot.listen_key()}")
            await bot.call("DELETE", "/fapi/v1/listenKey", signed=False)
            await bot.buy()
            return await everything(socket, 4000)

    assert venue.run(main()) == []


def test_a_combined_connection_wraps_events_with_the_key(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> tuple[str, dict]:
        async with Bot() as bot:
            key = await bot.listen_key()
            socket = await bot.stream(f"/private/stream?listenKey={key}")
            await bot.buy()
            return key, json.loads(await socket.receive_str())

    key, message = venue.run(main())
    assert message["stream"] == key
    assert message["data"]["e"] == "TRADE_LITE"
