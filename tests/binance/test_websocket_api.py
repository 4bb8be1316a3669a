"""The WebSocket API: the same endpoints, told apart by id."""

from __future__ import annotations

import json
import time
from typing import Any

import ccxt.pro

from tests.binance.clients import Bot, receive
from tests.binance.conftest import API_KEY, SECRET, sign
from tests.venue_world import MakeWorld

URL = "wss://ws-fapi.binance.com/ws-fapi/v1"


def signed(**params: object) -> dict[str, object]:
    """Sorted, joined and signed, as the general information page describes."""
    values = params | {"apiKey": API_KEY, "timestamp": int(time.time() * 1000)}
    text = "&".join(f"{name}={values[name]}" for name in sorted(values))
    return values | {"signature": sign(text).rpartition("=")[2]}


def test_an_order_is_placed_and_answered_with_its_id_and_the_limits(
    make_world: MakeWorld,
) -> None:
    venue = make_world()

    async def main() -> list[Any]:
        async with Bot() as bot:
            socket = await bot.session.ws_connect(URL)
            order = {"symbol": "SKLUSDT", "side": "BUY", "type": "MARKET", "quantity": "1000"}
            place = {"id": "a-1", "method": "order.place"}
            await socket.send_json(place | {"params": signed(**order, newOrderRespType="RESULT")})
            await socket.send_json(place | {"id": "a-2", "params": order})
            return await receive(socket, 2)

    placed, refused = venue.run(main())
    assert (placed["id"], placed["status"]) == ("a-1", 200)
    assert placed["result"]["status"] == "FILLED"
    assert [(row["rateLimitType"], row["count"]) for row in placed["rateLimits"]] == [
        ("REQUEST_WEIGHT", 0),
        ("ORDERS", 1),
        ("ORDERS", 1),
    ]
    assert (refused["id"], refused["status"]) == ("a-2", 401)
    assert refused["error"] == {"code": -2014, "msg": "API-key format invalid."}
    text = json.dumps(venue.records)
    assert API_KEY not in text
    assert "signature" not in text
    assert venue.of("request")[0]["path"] == "order.place"


def test_ccxt_pro_trades_over_it(make_world: MakeWorld) -> None:
    venue = make_world()

    async def main() -> Any:
        client = ccxt.pro.binanceusdm({"apiKey": API_KEY, "secret": SECRET})
        try:
            await client.load_markets()
            return await client.create_order_ws("SKL/USDT:USDT", "market", "buy", 1000)
        finally:
            await client.close()

    order = venue.run(main())
    assert order["id"] == "9441827301"
    assert venue.exchange.position("trader", "SKLUSDT").quantity == 1000
