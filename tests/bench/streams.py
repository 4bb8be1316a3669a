"""The cost of one delivered mark price message, with few symbols and with many."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator

import aiohttp

from simulator import World
from tests.bench.figures import Figure, real_clock
from tests.bench.venues import add_binance

MESSAGES = 6_000
COUNTS = (1, 100, 500)
ROUNDS = 5


async def _listen(symbols: list[str]) -> float:
    """Real seconds for `MESSAGES` messages, once every symbol has sent its first."""
    names = [f"{symbol.lower()}@markPrice@1s" for symbol in symbols]
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect("wss://fstream.binance.com/ws") as socket,
    ):
        await socket.send_str(json.dumps({"method": "SUBSCRIBE", "params": names, "id": 1}))
        assert json.loads(await socket.receive_str()) == {"result": None, "id": 1}
        for _ in symbols:
            await socket.receive_str()
        before = real_clock.read()
        for _ in range(MESSAGES):
            await socket.receive_str()
        return real_clock.read() - before


def _message_us(count: int) -> float:
    """Real microseconds per message delivered to a client, all symbols on one connection."""
    symbols = [f"S{number}USDT" for number in range(count)]
    with World() as world:
        add_binance(world, symbols)
        return world.run_until(world.host("bot").start(_listen(symbols))) / MESSAGES * 1e6


def figures() -> Iterator[Figure]:
    measured: dict[int, list[float]] = {count: [] for count in COUNTS}
    for _ in range(ROUNDS):
        for count in COUNTS:
            measured[count].append(_message_us(count))
    for count, values in measured.items():
        yield Figure(
            name=f"ws_message_us_{count}",
            value=statistics.median(values),
            unit="us",
            target=None,
            better="lower",
        )
    for count in COUNTS[1:]:
        ratios = [many / one for many, one in zip(measured[count], measured[1], strict=True)]
        yield Figure(
            name=f"ws_message_growth_{count}",
            value=statistics.median(ratios),
            unit="x",
            target=1.1,
            better="lower",
        )
