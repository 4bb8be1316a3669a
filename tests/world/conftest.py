"""A world with a bot and a venue, and servers for the venue made of the libraries' public API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator import World
from simulator.distributions import Fixed

START = "2025-10-28T22:34:00+04:00"
ONE_WAY_NS = 175_000_000


@pytest.fixture
def world() -> Iterator[World]:
    with World(seed=1, start=START) as world:
        world.host("bot")
        world.host("venue", names=("fapi.binance.com", "fstream.binance.com"))
        world.network.link("bot", "venue", latency=Fixed(ONE_WAY_NS))
        yield world
