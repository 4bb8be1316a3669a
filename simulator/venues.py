"""The venues there are, by name.

A venue is imported when somebody asks for it, never before: listing the options of a command must
not wait for a web server's modules.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.wire.venue import VenueKind

NAMES = ("binance", "bybit")


def kind(name: str) -> VenueKind:
    """What is known of a venue. Raises KeyError for a name that is none of `NAMES`."""
    if name not in NAMES:
        raise KeyError(name)
    found: VenueKind = import_module(f"simulator.{name}.kind").KIND
    return found
