"""What a venue is put into, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import simpy

from simulator.exchange.behaviour import Behaviour
from simulator.exchange.exchange import Exchange
from simulator.randomness import Streams
from simulator.wire.credentials import Credentials


def _nobody(secret: str) -> None:
    """Has no record from which a secret would have to be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The model behind the façade, and all that is not the venue's own."""

    env: simpy.Environment
    exchange: Exchange
    """On which nobody has traded yet."""
    name: str
    behaviour: Behaviour = field(default_factory=Behaviour)
    streams: Streams
    accounts: Sequence[Credentials]
    record: Callable[..., None]
    """Hears, as `record(kind, **fields)`, of everything that crosses the wire, redacted."""
    hide: Callable[[str], None] = _nobody
    """Hears of every secret that the venue gives out, since clients may log what they get."""
