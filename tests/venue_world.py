"""A world with one venue at its production names, and a bot's machine beside it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from simulator.exchange.exchange import Exchange
from simulator.wire.venue import Venue
from simulator.world import World

Records = list[tuple[str, dict[str, Any]]]


@dataclass
class VenueWorld:
    """What a test has of it; `records` is what crossed the wire."""

    world: World
    exchange: Exchange
    venue: Venue
    records: Records

    def run(self, main: Coroutine[Any, Any, Any]) -> Any:
        """Runs the bot's coroutine to its end."""
        return self.world.run_until(self.world.hosts["bot"].start(main))

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The records of one kind."""
        return [fields for each, fields in self.records if each == kind]


MakeWorld = Callable[..., VenueWorld]


@contextmanager
def one_at_a_time() -> Iterator[Callable[[int], World]]:
    """Enters a world that starts at a moment, until the test ends or enters another."""
    with ExitStack() as entered:

        def enter(start_ns: int) -> World:
            entered.close()
            return entered.enter_context(World(seed=1, start=start_ns))

        yield enter


def opened(
    world: World, exchange: Exchange, venue: Venue, records: Records, names: tuple[str, ...]
) -> VenueWorld:
    """The venue serves at its names, and the bot's machine is there."""
    host = world.host("venue", names=names)
    world.host("bot")
    world.run_until(host.start(venue.start()))
    return VenueWorld(world, exchange, venue, records)
