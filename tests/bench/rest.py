"""A whole exchange against an empty server: one signed query, in the world and over loopback."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Iterator
from decimal import Decimal

import aiohttp
from aiohttp import web

from simulator import World
from simulator.exchange.orders import OrderRequest, OrderType, Side
from tests.bench.figures import Figure, median_ratio, real_clock
from tests.bench.venues import API_KEY, SECRET, add_binance

REQUESTS = 2_000
WARM_UP = 200
SYMBOL = "SKLUSDT"
PATH = "/fapi/v1/order"
HEADERS = {"X-MBX-APIKEY": API_KEY}


def signed_query(order_id: int, now_ms: int) -> str:
    """What ccxt sends: parameters, the receive window, the signature last."""
    text = f"symbol={SYMBOL}&orderId={order_id}&timestamp={now_ms}&recvWindow=10000"
    return (
        f"{text}&signature={hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()}"
    )


async def _ask(base: str, order_id: int, now_ms: int, times: int) -> str:
    """The same signed request `times` times on one connection; the last body."""
    body = ""
    url = f"{base}{PATH}?{signed_query(order_id, now_ms)}"
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        for _ in range(times):
            async with session.get(url) as reply:
                body = await reply.text()
                assert reply.status == 200, body
    return body


def _in_the_world() -> tuple[float, str]:
    with World() as world:
        exchange = add_binance(world, [SYMBOL])
        order = exchange.place(
            "bot",
            OrderRequest(
                symbol=SYMBOL, side=Side.BUY, type=OrderType.MARKET, quantity=Decimal(308)
            ),
        )
        bot = world.host("bot")
        now_ms = world.env.now // 1_000_000
        base = "https://fapi.binance.com"
        world.run_until(bot.start(_ask(base, order.order_id, now_ms, WARM_UP)))
        task = bot.start(_ask(base, order.order_id, now_ms, REQUESTS))
        before = real_clock.read()
        body = world.run_until(task)
        return real_clock.read() - before, body


async def _over_loopback(body: bytes) -> float:
    """The cheapest server there is: a handler that returns fixed bytes."""

    async def handler(request: web.BaseRequest) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    server = web.Server(handler, access_log=None)
    listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    base = f"http://{host}:{port}"
    await _ask(base, 1, 1, WARM_UP)
    before = real_clock.read()
    await _ask(base, 1, 1, REQUESTS)
    took = real_clock.read() - before
    listener.close()
    await server.shutdown()
    return took


def figures() -> Iterator[Figure]:
    _, body = _in_the_world()
    yield Figure(
        name="rest_vs_loopback",
        value=median_ratio(
            lambda: _in_the_world()[0], lambda: asyncio.run(_over_loopback(body.encode()))
        ),
        unit="x",
        target=1.0,
        better="lower",
    )
