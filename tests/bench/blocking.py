"""A client that blocks: one signed query with `requests`, in the world and over loopback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import requests

from simulator import World
from simulator.exchange.orders import OrderRequest, OrderType, Side
from tests.bench.figures import Figure, median_ratio, real_clock
from tests.bench.rest import HEADERS, PATH, SYMBOL, signed_query
from tests.bench.venues import add_binance

REQUESTS = 500
WARM_UP = 50

SERVER = """
import asyncio, sys
from aiohttp import web

async def main():
    body = sys.stdin.buffer.read()
    async def handler(request):
        return web.Response(body=body, content_type="application/json")
    server = web.Server(handler, access_log=None)
    listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
"""The cheapest server there is: a handler that returns fixed bytes."""


def _ask(session: requests.Session, url: str, times: int) -> str:
    """The same request `times` times on one connection; the last body."""
    body = ""
    for _ in range(times):
        reply = session.get(url, headers=HEADERS)
        assert reply.status_code == 200, reply.text
        body = reply.text
    return body


def _in_the_world() -> tuple[float, str]:
    with World() as world:
        exchange = add_binance(world, [SYMBOL])
        request = OrderRequest(
            symbol=SYMBOL, side=Side.BUY, type=OrderType.MARKET, quantity=Decimal(308)
        )
        order = exchange.place("bot", request)
        query = signed_query(order.order_id, world.env.now // 1_000_000)
        url = f"https://fapi.binance.com{PATH}?{query}"

        def script() -> tuple[float, str]:
            with requests.Session() as session:
                _ask(session, url, WARM_UP)
                before = real_clock.read()
                body = _ask(session, url, REQUESTS)
                return real_clock.read() - before, body

        async def main() -> tuple[float, str]:
            return script()

        return world.run_until(world.host("bot").start(main()))


@contextmanager
def _bare_server(body: str) -> Iterator[str]:
    """A server in a process of its own, and where it is."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            server.stdin.write(body)
            server.stdin.close()
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


def _over_loopback(base: str) -> float:
    url = f"{base}{PATH}?{signed_query(1, 1)}"
    with requests.Session() as session:
        _ask(session, url, WARM_UP)
        before = real_clock.read()
        _ask(session, url, REQUESTS)
        return real_clock.read() - before


def figures() -> Iterator[Figure]:
    _, body = _in_the_world()
    with _bare_server(body) as base:
        yield Figure(
            name="blocking_request_ratio",
            value=median_ratio(lambda: _in_the_world()[0], lambda: _over_loopback(base)),
            unit="x",
            target=1.0,
            better="lower",
        )
