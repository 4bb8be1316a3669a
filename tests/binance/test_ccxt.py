"""An unmodified ccxt at production URLs, from loading markets to the user stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import ccxt.async_support
import ccxt.pro
import pytest

from simulator.binance import NOVEMBER_2026, OCTOBER_2025_ALGO, Profile
from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule, LimitRule
from simulator.exchange.prices import Points
from tests.binance.conftest import API_KEY, SECRET, START_NS, S
from tests.venue_world import MakeWorld, VenueWorld

SYMBOL = "SKL/USDT:USDT"


def run(venue: VenueWorld, flow: Callable[[Any], Awaitable[Any]], pro: bool = False) -> Any:
    """Runs the flow with a client made, and closed, inside the world."""

    async def main() -> Any:
        library = ccxt.pro if pro else ccxt.async_support
        client = library.binanceusdm({"apiKey": API_KEY, "secret": SECRET})
        try:
            return await flow(client)
        finally:
            await client.close()

    return venue.run(main())


@pytest.mark.parametrize("profile", [OCTOBER_2025_ALGO, NOVEMBER_2026])
def test_the_whole_trading_flow(make_world: MakeWorld, profile: Profile) -> None:
    venue = make_world(profile=profile)

    async def flow(client: Any) -> None:
        await client.load_markets()
        assert (await client.fetch_balance())["USDT"]["free"] == 10_000
        assert (await client.set_leverage(10, SYMBOL))["leverage"] == 10
        order = await client.create_order(SYMBOL, "market", "buy", 1000)
        assert (order["status"], order["filled"]) == ("closed", 1000)
        assert order["average"] == (0.02001 if profile.order_reply_average else None)
        fetched = await client.fetch_order(order["id"], SYMBOL)
        assert (fetched["average"], fetched["cost"]) == (0.02001, 20.01)

        (position,) = await client.fetch_positions([SYMBOL])
        assert (position["side"], position["contracts"]) == ("long", 1000)
        assert position["entryPrice"] == 0.02001

        stop = await client.create_order(
            SYMBOL, "market", "sell", 1000, None, {"stopLossPrice": 0.019, "reduceOnly": True}
        )
        assert (stop["status"], stop["triggerPrice"]) == ("open", 0.019)
        (listed,) = await client.fetch_open_orders(SYMBOL, params={"trigger": True})
        assert listed["id"] == stop["id"]
        assert await client.fetch_open_orders(SYMBOL) == []
        with pytest.raises(ccxt.OrderNotFound):
            await client.fetch_order(stop["id"], SYMBOL)
        await client.cancel_order(stop["id"], SYMBOL, {"trigger": True})
        assert await client.fetch_open_orders(SYMBOL, params={"trigger": True}) == []

        limit = await client.create_order(SYMBOL, "limit", "sell", 1000, 0.021)
        assert (await client.cancel_order(limit["id"], SYMBOL))["status"] == "canceled"
        closing = await client.create_order(
            SYMBOL, "market", "sell", 1000, None, {"reduceOnly": True}
        )
        assert closing["filled"] == 1000
        assert await client.fetch_positions([SYMBOL]) == []
        assert [trade["side"] for trade in await client.fetch_my_trades(SYMBOL)] == [
            "buy",
            "sell",
        ]

    run(venue, flow)
    paths = [each["path"] for each in venue.of("request")]
    assert "/sapi/v1/capital/config/getall" in paths
    assert "/sapi/v1/margin/allPairs" in paths


def test_with_both_services_a_raw_stop_at_the_plain_endpoint_triggers_like_in_2025(
    make_world: MakeWorld,
) -> None:
    path = Points(points=((START_NS, Decimal("0.02000")), (START_NS + 20 * S, Decimal("0.01890"))))
    venue = make_world(paths={"SKLUSDT": path})

    async def flow(client: Any) -> None:
        await client.load_markets()
        await client.create_order(SYMBOL, "market", "buy", 1000)
        raw = await client.fapiPrivatePostOrder(
            {
                "symbol": "SKLUSDT",
                "side": "SELL",
                "type": "STOP_MARKET",
                "stopPrice": "0.01900",
                "closePosition": "true",
            }
        )
        (listed,) = await client.fetch_open_orders(SYMBOL)
        assert (listed["id"], listed["triggerPrice"]) == (str(raw["orderId"]), 0.019)
        await asyncio.sleep(30)
        stop = await client.fetch_order(raw["orderId"], SYMBOL)
        assert (stop["status"], stop["filled"], stop["average"]) == ("closed", 1000, 0.0189)
        assert stop["info"]["origType"] == "STOP_MARKET"
        assert await client.fetch_positions([SYMBOL]) == []

    run(venue, flow)


def test_market_data_parses(make_world: MakeWorld) -> None:
    venue = make_world()

    async def flow(client: Any) -> None:
        market = (await client.load_markets())[SYMBOL]
        assert (market["precision"]["amount"], market["precision"]["price"]) == (1.0, 0.00001)
        assert market["limits"]["cost"]["min"] == 5
        assert (await client.fetch_ticker(SYMBOL))["last"] == 0.02
        assert (await client.fetch_order_book(SYMBOL, 5))["asks"][0][0] == 0.02001
        assert len(await client.fetch_ohlcv(SYMBOL, "1m", limit=3)) == 3
        assert (await client.fetch_mark_price(SYMBOL))["markPrice"] == 0.02
        assert (await client.fetch_trades(SYMBOL, limit=1)) is not None
        assert (await client.fetch_time()) == int(venue.world.env.now) // 1_000_000

    run(venue, flow)


ERRORS = [
    ({"amount": 0.4}, ccxt.InvalidOrder),  # below one step, refused by ccxt itself
    ({"amount": 1_000_000_000}, ccxt.BadRequest),  # -4005
    ({"amount": 100}, ccxt.InvalidOrder),  # -4164
    ({"amount": 10_000_000, "type": "limit", "price": 0.021}, ccxt.InsufficientFunds),  # -2019
    ({"params": {"reduceOnly": True}}, ccxt.InvalidOrder),  # -2022
    ({"side": "sell", "params": {"stopLossPrice": 0.03}}, ccxt.OrderImmediatelyFillable),  # -2021
    ({"type": "STOP_MARKET", "params": {}}, ccxt.InvalidOrder),  # -4120
]


@pytest.mark.parametrize(("changes", "expected"), ERRORS)
def test_refusals_become_the_classes_ccxt_has_for_production(
    make_world: MakeWorld, changes: dict[str, Any], expected: type[Exception]
) -> None:
    venue = make_world(profile=NOVEMBER_2026)

    async def flow(client: Any) -> None:
        order = {"symbol": SYMBOL, "type": "market", "side": "buy", "amount": 1000} | changes
        with pytest.raises(expected) as caught:
            await client.create_order(**order)
        assert type(caught.value) is expected

    run(venue, flow)


def test_a_margin_type_set_already_is_the_class_made_for_it(make_world: MakeWorld) -> None:
    venue = make_world()

    async def flow(client: Any) -> None:
        await client.load_markets()
        with pytest.raises(ccxt.MarginModeAlreadySet):
            await client.set_margin_mode("cross", SYMBOL)

    run(venue, flow)


def test_limits_and_bans_are_ddos_protection(make_world: MakeWorld) -> None:
    limits = (LimitRule(name="REQUEST_WEIGHT", limit=3, interval_ns=60 * S),)
    venue = make_world(behaviour=Behaviour(limits=limits))

    async def flow(client: Any) -> str:
        for _ in range(3):
            await client.fetch_time()
        with pytest.raises(ccxt.DDoSProtection) as caught:
            await client.fetch_time()
        return str(caught.value)

    assert "-1003" in run(venue, flow)


def test_an_unknown_execution_status_is_a_time_out_and_the_order_exists(
    make_world: MakeWorld,
) -> None:
    body = (
        '{"code":-1007,"msg":"Timeout waiting for response from backend server. '
        'Send status unknown; execution status unknown."}'
    )
    rule = FaultRule(
        name="unknown",
        endpoint="POST /fapi/v1/order",
        kind=FaultKind.ERROR_AFTER,
        status=408,
        body=body,
    )
    venue = make_world(behaviour=Behaviour(faults=(rule,)))

    async def flow(client: Any) -> float:
        with pytest.raises(ccxt.RequestTimeout):
            await client.create_order(SYMBOL, "market", "buy", 1000)
        (position,) = await client.fetch_positions([SYMBOL])
        return position["contracts"]

    assert run(venue, flow) == 1000


def test_watched_orders_arrive_as_new_and_closed(make_world: MakeWorld) -> None:
    venue = make_world(profile=NOVEMBER_2026)

    async def flow(client: Any) -> list[tuple[str, float]]:
        await client.load_markets()
        seen = []

        async def watch() -> None:
            while len(seen) < 2:
                for order in await client.watch_orders(SYMBOL):
                    seen.append((order["status"], order["filled"]))

        watching = asyncio.create_task(watch())
        await asyncio.sleep(1)
        await client.create_order(SYMBOL, "market", "buy", 1000)
        await asyncio.wait_for(watching, 30)
        return seen

    assert run(venue, flow, pro=True)[-1] == ("closed", 1000)


def test_watched_positions_and_balance_follow_a_fill(make_world: MakeWorld) -> None:
    venue = make_world(profile=NOVEMBER_2026)

    async def flow(client: Any) -> tuple[list[Any], Any]:
        await client.load_markets()
        client.options["watchPositions"] = {"fetchPositionsSnapshot": False}
        positions = asyncio.create_task(client.watch_positions([SYMBOL]))
        await asyncio.sleep(1)
        await client.create_order(SYMBOL, "market", "sell", 1000)
        return await asyncio.wait_for(positions, 30), await client.fetch_balance()

    ((position,), balance) = run(venue, flow, pro=True)
    assert (position["side"], position["contracts"]) == ("short", 1000)
    assert balance["USDT"]["used"] == 1.0


def test_public_streams_reach_ccxt_pro(make_world: MakeWorld) -> None:
    path = Points(
        points=tuple(
            (START_NS + n * S // 4, Decimal("0.02000") + n % 7 * Decimal("0.00001"))
            for n in range(400)
        )
    )
    venue = make_world(profile=NOVEMBER_2026, paths={"SKLUSDT": path})

    async def flow(client: Any) -> None:
        await client.load_markets()
        assert (await client.watch_mark_price(SYMBOL))["markPrice"] > 0.02
        assert (await client.watch_ticker(SYMBOL))["last"] >= 0.02
        book = await client.watch_order_book(SYMBOL)
        for _ in range(5):
            book = await client.watch_order_book(SYMBOL)
        assert book["bids"][0][0] < book["asks"][0][0]
        assert (await client.watch_trades(SYMBOL))[0]["price"] > 0
        assert len(await client.watch_ohlcv(SYMBOL, "1m")) >= 1

    run(venue, flow, pro=True)
