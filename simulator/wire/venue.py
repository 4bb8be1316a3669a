"""What a venue is to whoever sets one up: the façade, and the facts about it that come before.

A package that brings one module with a `KIND` is all that a further venue needs to be known.
"""

from __future__ import annotations

import ssl as ssl_module
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import simpy

from simulator.exchange.behaviour import Behaviour
from simulator.exchange.exchange import Exchange
from simulator.exchange.faults import Faults
from simulator.exchange.listings import Listing
from simulator.exchange.orders import Order
from simulator.exchange.visibility import Visibility
from simulator.randomness import Streams
from simulator.wire.calls import Answer, Call
from simulator.wire.credentials import Credentials


class Venue(Protocol):
    """A venue over its exchange."""

    name: str
    exchange: Exchange
    faults: Faults

    async def start(
        self, *, host: str = ..., port: int = ..., ssl: ssl_module.SSLContext | None = ...
    ) -> None:
        """Serves REST and streams on one port of the running loop."""

    async def stop(self) -> None:
        """Closes every connection and the port."""

    @property
    def port(self) -> int:
        """The port it serves; of use after `start(port=0)`."""

    def answer(self, call: Call[Any]) -> Answer:
        """Carries a parsed request out at once: no network, no delay, no fault, no record."""


class MakeExchange(Protocol):
    """Makes the model with what is the venue's own: fees, order ids, what it takes first."""

    def __call__(
        self,
        env: simpy.Environment,
        listings: Sequence[Listing],
        *,
        streams: Streams,
        name: str,
        visibility: Visibility,
    ) -> Exchange: ...


class MakeVenue(Protocol):
    """Puts the façade before an exchange. `record(kind, **fields)` hears of everything that
    crosses the wire, redacted; `hide(text)` of every secret that the venue gives out.

    Raises ValueError for a behaviour that names unknown settings or faults that cannot be.
    """

    def __call__(
        self,
        env: simpy.Environment,
        exchange: Exchange,
        *,
        profile: str,
        behaviour: Behaviour,
        streams: Streams,
        accounts: Sequence[Credentials],
        record: Callable[..., None],
        hide: Callable[[str], None],
        name: str,
    ) -> Venue: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueKind:
    """What is known of a venue before there is one."""

    hosts: tuple[str, ...]
    """The names it answers at in production."""
    profiles: tuple[str, ...]
    windows: tuple[str, ...]
    """Queries whose answers can lag."""
    events: tuple[str, ...]
    """Stream events that can lag."""
    settings: type[Any]
    """A dataclass that `wire.settings.read_settings` reads."""
    make_exchange: MakeExchange
    make_venue: MakeVenue
    order_id: Callable[[int], str]
    """An order's id as clients know it."""
    own_making: Callable[[Order], bool]
    """Whether the venue made the order itself, so that no client was told its id."""
