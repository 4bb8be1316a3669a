"""What a venue is to whoever sets one up: the façade, and the facts about it that come before.

A package that brings one module with a `KIND` is all that a further venue needs to be known.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import simpy

from simulator.exchange.exchange import Exchange
from simulator.exchange.faults import Faults
from simulator.exchange.listings import Listing
from simulator.exchange.orders import Order
from simulator.exchange.visibility import Visibility
from simulator.randomness import Streams
from simulator.wire.calls import Answer, Call
from simulator.wire.carrier import Outcome
from simulator.wire.rules import Rules
from simulator.wire.surroundings import Surroundings


class Venue(Protocol):
    """A venue over its exchange."""

    name: str
    exchange: Exchange
    faults: Faults
    rules: Rules
    """Takes further rules while it serves."""

    @property
    def read(self) -> Callable[..., Call[Any]]:
        """A request with its parameters, as `wire.calls.Service.read`; then `answer` it."""

    @property
    def course(self) -> Callable[[Call[Any]], Generator[int, None, Outcome]]:
        """What becomes of a parsed request, with delays and faults, as `Carrier.course`."""

    @property
    def start(self) -> Callable[..., Coroutine[Any, Any, None]]:
        """Serves REST and streams, as `wire.server.Server.start`."""

    @property
    def stop(self) -> Callable[[], Coroutine[Any, Any, None]]:
        """Closes every connection and the port."""

    @property
    def weight_used(self) -> int:
        """What all requests so far have cost of the limits by IP; a request where the venue counts
        no weights."""

    @property
    def port(self) -> int:
        """The port it serves; of use after `start(port=0)`."""

    def answer(self, call: Call[Any]) -> Answer:
        """Carries a parsed request out at once: no network, no delay, no fault, no record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueKind:
    """What is known of a venue before there is one, and how to make one."""

    hosts: tuple[str, ...]
    """The names it answers at in production."""
    profiles: Mapping[str, Any]
    """Its API as it was at a date, by name."""
    windows: tuple[str, ...]
    """Queries whose answers can lag."""
    events: tuple[str, ...]
    """Stream events that can lag."""
    settings: type[Any]
    """A dataclass that `wire.settings.read_settings` reads."""
    venue: Callable[[Surroundings, Any], Venue]
    """The façade; takes its surroundings and its profile."""
    exchange_options: Callable[[Streams, str], Mapping[str, Any]]
    """What is the venue's own about its model: fees, order ids, what it takes first. Of the
    streams and the venue's name."""
    order_id: Callable[[int], str]
    """An order's id as clients know it."""
    own_making: Callable[[Order], bool]
    """Whether the venue made the order itself, so that no client was told its id."""

    def make_exchange(
        self,
        env: simpy.Environment,
        listings: Sequence[Listing],
        *,
        streams: Streams,
        name: str,
        visibility: Visibility,
    ) -> Exchange:
        """The model, with what is the venue's own."""
        options = self.exchange_options(streams, name)
        return Exchange(env, listings, streams=streams, name=name, visibility=visibility, **options)

    def make_venue(self, around: Surroundings, profile: str) -> Venue:
        """The façade before an exchange on which nobody has traded yet.

        Raises KeyError for an unknown profile, ValueError for a behaviour that names unknown
        settings or faults that cannot be.
        """
        return self.venue(around, self.profiles[profile])
