"""Binance as one of the venues that a scenario can name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import simpy

from simulator.binance.profiles import PROFILES
from simulator.binance.settings import Settings
from simulator.binance.venue import Binance
from simulator.exchange.behaviour import Behaviour
from simulator.exchange.exchange import Exchange
from simulator.exchange.listings import Listing
from simulator.exchange.visibility import Visibility
from simulator.randomness import Streams
from simulator.wire.credentials import Credentials
from simulator.wire.venue import VenueKind


def _make_exchange(
    env: simpy.Environment,
    listings: Sequence[Listing],
    *,
    streams: Streams,
    name: str,
    visibility: Visibility,
) -> Exchange:
    return Exchange(env, listings, streams=streams, name=name, visibility=visibility)


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
) -> Binance:
    return Binance(
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
    hosts=Binance.HOSTS,
    profiles=tuple(PROFILES),
    windows=("order", "open_orders", "positions", "balance", "fills"),
    events=(
        "ACCOUNT_UPDATE",
        "ORDER_TRADE_UPDATE",
        "TRADE_LITE",
        "ALGO_UPDATE",
        "CONDITIONAL_ORDER_TRIGGER_REJECT",
        "ACCOUNT_CONFIG_UPDATE",
    ),
    settings=Settings,
    make_exchange=_make_exchange,
    make_venue=_make_venue,
    order_id=str,
    own_making=lambda order: False,
)
