"""Bybit as one of the venues that a scenario can name."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from simulator.bybit.position_stops import stop_kind
from simulator.bybit.profiles import PROFILES
from simulator.bybit.settings import Settings
from simulator.bybit.venue import Bybit
from simulator.exchange.listings import Fees
from simulator.exchange.rejections import Reason
from simulator.randomness import Streams
from simulator.wire.venue import VenueKind

_FEES = Fees(maker=Decimal("0.0002"), taker=Decimal("0.00055"))
_ACCEPTS_FIRST = frozenset({Reason.POST_ONLY_WOULD_TAKE, Reason.FILL_OR_KILL_NOT_FILLABLE})


def _order_ids(rng: random.Random) -> Iterator[int]:
    """Random UUIDs as numbers."""
    while True:
        yield UUID(bytes=rng.randbytes(16), version=4).int


def _exchange_options(streams: Streams, name: str) -> dict[str, Any]:
    """Its fees, its ids, and that orders are taken before they are tried."""
    return {
        "fees": _FEES,
        "order_ids": _order_ids(streams[f"{name}.order_ids"]),
        "accepts_first": _ACCEPTS_FIRST,
    }


KIND = VenueKind(
    hosts=Bybit.HOSTS,
    profiles=PROFILES,
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
    venue=Bybit,
    exchange_options=_exchange_options,
    order_id=lambda number: str(UUID(int=number)),
    # A position's own stops are made by the venue; only its streams and lists tell their ids.
    own_making=lambda order: stop_kind(order) is not None,
)
