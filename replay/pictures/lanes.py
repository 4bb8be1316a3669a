"""Which lanes a picture has, from top to bottom, and how spans on one lie side by side."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

BOT = "bot"
NETWORK = "network"


class Place(Enum):
    """A kind of lane, by the order in which a host's lanes come; the value is its name."""

    PRODUCTION = "production log"
    MILESTONES = "milestones"
    LOG = "log"
    STALLS = "stands still"
    WIRE = "sends and hears"
    TRAVEL = "on the way"
    CONNECTIONS = "connections"
    REST = "REST"
    SOCKET = "WebSocket API"
    USER = "user stream"
    MARKET = "market stream"
    FAULTS = "faults"
    OTHER = "other"
    ORDERS = "orders"
    RESTING = "resting orders"
    POSITIONS = "positions"
    STREAMS = "stream connections"


TRUTH = (Place.ORDERS, Place.RESTING, Place.POSITIONS)
_ORDER = {place: number for number, place in enumerate(Place)}

Key = tuple[str, Place]
"""A host and a kind of lane."""


def in_order(keys: Iterable[Key], hosts: Sequence[str]) -> list[Key]:
    """From top to bottom: by host, in the order of `hosts`, then as the places come."""
    return sorted(
        dict.fromkeys(keys), key=lambda key: (hosts.index(key[0]), key[0], _ORDER[key[1]])
    )


def rows(spans: Iterable[tuple[int, int]]) -> Iterator[int]:
    """For each span, sorted by start, the lowest row that is free then."""
    free: list[int] = []
    busy: list[tuple[int, int]] = []
    opened = 0
    for start_ns, end_ns in spans:
        while busy and busy[0][0] <= start_ns:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            row = heapq.heappop(free)
        else:
            row, opened = opened, opened + 1
        # What lasts no time still takes its place, or two at one moment would hide each other.
        heapq.heappush(busy, (max(end_ns, start_ns + 1), row))
        yield row
