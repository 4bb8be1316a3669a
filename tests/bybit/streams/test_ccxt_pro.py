"""An unmodified ccxt.pro at production URLs: every stream that it can watch, and its orders."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import ccxt.pro
import pytest

from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule
from simulator.exchange.prices import Constant, Points
from tests.bybit.streams.conftest import API_KEY, SECRET, START_NS, S
from tests.venue_world import MakeWorld, VenueWorld

SYMBOL = "BTC/USDT:USDT"


def run(venue: VenueWorld, flow: Callable[[Any], Awaitable[Any]], secret: str = SECRET) -> Any:
    """Runs the flow with a client made, and closed, inside the world."""

    async def main() -> Any:
        client = ccxt.pro.bybit({"apiKey": API_KEY, "secret": secret})
        try:
            await client.load_markets()
            return await flow(client)
        finally:
            await client.close()

    return venue.run(main())


def moving() -> Points:
    """A tick up four times a second, and back after seven."""
    return Points(
        points=tuple(
            (START_NS + n * S // 4, Decimal("99499.90") + n % 7 * Decimal("0.1"))
            for n in range(4000)
        )
    )


def test_tickers_books_trades_and_candles_are_watched(make_world: MakeWorld) -> None:
    venue = make_world(btc=moving())

    async def flow(client: Any) -> None:
        first = await client.watch_ticker(SYMBOL)
        for _ in range(5):
            ticker = await client.watch_ticker(SYMBOL)
        # What a delta leaves out is kept from the snapshot.
        assert ticker["high"] == first["high"]
        assert 99499.9 <= ticker["last"] <= 99500.5
        assert (await client.watch_tickers([SYMBOL, "ETH/USDT:USDT"])) != {}
        for _ in range(20):
            book = await client.watch_order_book(SYMBOL)
        assert (len(book["bids"]), len(book["asks"])) == (50, 50)
        ask = venue.exchange.book("BTCUSDT", 1).asks[0]
        assert book["asks"][0] == [float(part) for part in ask]
        # Afterwards: ccxt keeps this topic's one level in the place of the book.
        assert (await client.watch_bids_asks([SYMBOL]))[SYMBOL]["bid"] >= 99499.9
        assert (await client.watch_trades(SYMBOL))[0]["price"] >= 99499.9
        assert len(await client.watch_ohlcv(SYMBOL, "1m")) == 1
        await client.un_watch_ticker(SYMBOL)
        await client.un_watch_order_book(SYMBOL)

    run(venue, flow)


def test_orders_trades_positions_and_balance_follow_a_fill(make_world: MakeWorld) -> None:
    venue = make_world(mark=Constant(Decimal("99500")))

    async def flow(client: Any) -> tuple[Any, ...]:
        # The first call is answered by a query; only the second subscribes.
        assert await client.watch_positions([SYMBOL]) == []
        watching = [
            asyncio.create_task(each)
            for each in (
                client.watch_orders(SYMBOL),
                client.watch_my_trades(SYMBOL),
                client.watch_positions([SYMBOL]),
                client.watch_balance(),
            )
        ]
        await asyncio.sleep(1)
        placed = await client.create_order(SYMBOL, "market", "buy", 0.003)
        told = await asyncio.wait_for(asyncio.gather(*watching), 30)
        return placed, *told

    placed, (order,), (trade,), (position,), balance = run(venue, flow)
    assert (order["id"], order["status"], order["filled"]) == (placed["id"], "closed", 0.003)
    assert (order["symbol"], order["average"]) == (SYMBOL, 99500)
    assert order["fee"]["cost"] == 0.164175
    assert (trade["order"], trade["price"], trade["amount"]) == (placed["id"], 99500, 0.003)
    assert (trade["takerOrMaker"], trade["fee"]["cost"]) == ("taker", 0.164175)
    assert (position["side"], position["contracts"]) == ("long", 0.003)
    assert position["entryPrice"] == 99500
    assert balance["USDT"]["total"] == 9999.835825


def test_a_closed_position_and_a_conditional_order_are_understood(make_world: MakeWorld) -> None:
    venue = make_world()

    async def flow(client: Any) -> tuple[Any, ...]:
        client.options["watchPositions"] = {"fetchPositionsSnapshot": False}
        await client.create_order(SYMBOL, "market", "buy", 0.003)
        orders = asyncio.create_task(client.watch_orders(SYMBOL))
        await asyncio.sleep(1)
        stop = {"stopLossPrice": 99000, "reduceOnly": True}
        await client.create_order(SYMBOL, "market", "sell", 0.003, None, stop)
        (waiting,) = await orders
        positions = asyncio.create_task(client.watch_positions([SYMBOL]))
        await asyncio.sleep(1)
        await client.create_order(SYMBOL, "market", "sell", 0.003, None, {"reduceOnly": True})
        (flat,) = await positions
        return waiting, flat

    waiting, flat = run(venue, flow)
    assert (waiting["status"], waiting["triggerPrice"]) == ("open", 99000)
    assert (flat["side"], flat["contracts"]) == (None, 0)


def test_orders_are_placed_and_cancelled_over_the_trade_socket(make_world: MakeWorld) -> None:
    venue = make_world()

    async def flow(client: Any) -> None:
        bought = await client.create_order_ws(SYMBOL, "market", "buy", 0.003)
        assert bought["id"] == (await client.fetch_my_trades(SYMBOL))[0]["order"]
        limit = await client.create_order_ws(SYMBOL, "limit", "sell", 0.003, 101000)
        cancelled = await client.cancel_order_ws(limit["id"], SYMBOL)
        assert cancelled["id"] == limit["id"]
        with pytest.raises(ccxt.OrderNotFound):
            await client.cancel_order_ws(limit["id"], SYMBOL)
        with pytest.raises(ccxt.InsufficientFunds):
            await client.create_order_ws(SYMBOL, "market", "buy", 100)
        with pytest.raises(ccxt.BadRequest):
            await client.edit_order_ws(limit["id"], SYMBOL, "limit", "sell", 0.002, 101000)

    run(venue, flow)
    assert venue.exchange.position("trader", "BTCUSDT").quantity == Decimal("0.003")


def test_a_wrong_secret_is_no_authentication_error_on_the_private_socket(
    make_world: MakeWorld,
) -> None:
    venue = make_world()

    async def main() -> None:
        client = ccxt.pro.bybit({"apiKey": API_KEY, "secret": SECRET})
        try:
            await client.load_markets()
            await client.is_unified_enabled()
            client.secret = SECRET[::-1]
            with pytest.raises(ccxt.ExchangeError) as caught:
                await client.watch_orders(SYMBOL)
            assert type(caught.value) is ccxt.ExchangeError
            with pytest.raises(ccxt.AuthenticationError):
                await client.create_order_ws(SYMBOL, "market", "buy", 0.003)
        finally:
            await client.close()

    venue.run(main())


def test_a_watched_stream_lives_for_hours_on_the_clients_pings(make_world: MakeWorld) -> None:
    venue = make_world()

    async def flow(client: Any) -> Any:
        orders = asyncio.create_task(client.watch_orders(SYMBOL))
        await asyncio.sleep(3 * 3600)
        await client.create_order(SYMBOL, "market", "buy", 0.003)
        return await orders

    (order,) = run(venue, flow)
    assert order["status"] == "closed"
    assert len(venue.of("stream_open")) == 1


def test_after_a_disconnect_the_next_call_signs_in_again(make_world: MakeWorld) -> None:
    rule = FaultRule(name="cut", endpoint="stream.order", kind=FaultKind.DISCONNECT, times=1)
    venue = make_world(behaviour=Behaviour(faults=(rule,)))

    async def flow(client: Any) -> Any:
        orders = asyncio.create_task(client.watch_orders(SYMBOL))
        await asyncio.sleep(1)
        await client.create_order(SYMBOL, "market", "buy", 0.003)
        with pytest.raises(ccxt.NetworkError):
            await orders
        orders = asyncio.create_task(client.watch_orders(SYMBOL))
        await asyncio.sleep(1)
        await client.create_order(SYMBOL, "market", "sell", 0.003, None, {"reduceOnly": True})
        return await asyncio.wait_for(orders, 30)

    (order,) = run(venue, flow)
    assert (order["side"], order["status"]) == ("sell", "closed")
