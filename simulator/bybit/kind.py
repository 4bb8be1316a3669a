"""Bybit as one of the venues that a scenario can name."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from uuid import UUID

import simpy

from simulator.bybit.position_stops import stop_kind
from simulator.bybit.profiles import PROFILES
from simulator.bybit.settings import Settings
from simulator.bybit.venue import Bybit
from simulator.exchange.behaviour import Behaviour
from simulator.exchange.exchange import Exchange
from simulator.exchange.listings import Fees, Listing
from simulator.exchange.rejections import Reason
from simulator.exchange.visibility import Visibility
from simulator.randomness import Streams
from simulator.wire.credentials import Credentials
from simulator.wire.venue import VenueKind

FEES = Fees(maker=Decimal("0.0002"), taker=Decimal("0.00055"))
ACCEPTS_FIRST = frozenset({Reason.POST_ONLY_WOULD_TAKE, Reason.FILL_OR_KILL_NOT_FILLABLE})


def order_ids(rng: random.Random) -> Iterator[int]:
    """Random UUIDs as numbers."""
    while True:
        yield UUID(bytes=rng.randbytes(16), version=4).int


def make_exchange(
    env: simpy.Environment,
    listings: Sequence[Listing],
    *,
    streams: Streams,
    name: str,
    visibility: Visibility,
) -> Exchange:
    """The model as this venue has it: its fees, its ids, and orders taken before they are tried."""
    return Exchange(
        env,
        listings,
        streams=streams,
        name=name,
        visibility=visibility,
        fees=FEES,
        order_ids=order_ids(streams[f"{name}.order_ids"]),
        accepts_first=ACCEPTS_FIRST,
    )


def _make_venue(
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
) -> Bybit:
    return Bybit(
        env,
        exchange,
        profile=PROFILES[profile],
        behaviour=behaviour,
        streams=streams,
        accounts=accounts,
        record=record,
        hide=hide,
        name=name,
    )


KIND = VenueKind(
    hosts=Bybit.HOSTS,
    profiles=tuple(PROFILES),
    windows=(
        "order",
        "order_history",
        "open_orders",
        "positions",
        "entry_price",
        "balance",
        "fills",
    ),
    events=("order", "execution", "execution.fast", "position", "wallet"),
    settings=Settings,
    make_exchange=make_exchange,
    make_venue=_make_venue,
    order_id=lambda number: str(UUID(int=number)),
    # A position's own stops are made by the venue; only its streams and lists tell their ids.
    own_making=lambda order: stop_kind(order) is not None,
)
