"""A world with a bot and a venue, and servers for the venue made of the libraries' public API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from simulator import World
from simulator.distributions import Fixed

START = "2025-10-28T22:34:00+04:00"
ONE_WAY_NS = 175_000_000

T = TypeVar("T")


@pytest.fixture
def world() -> Iterator[World]:
    with World(seed=1, start=START) as world:
        world.host("bot")
        world.host("venue", names=("fapi.binance.com", "fstream.binance.com"))
        world.network.link("bot", "venue", latency=Fixed(ONE_WAY_NS))
        yield world


def on_the_bot(world: World, script: Callable[[], T]) -> T:
    """Runs blocking code inside a coroutine of the bot's."""

    async def main() -> T:
        return script()

    return world.run_until(world.hosts["bot"].start(main()))


def elapsed_s(world: World) -> float:
    return world.env.elapsed_ns / 1e9
