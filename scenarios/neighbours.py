"""Real servers that a scenario names: a database, a cache."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field, field_validator

from scenarios.types import BOT, SIGNALS, Duration, Part, Text
from scenarios.units import Unusable
from simulator.errors import InputError
from simulator.neighbours.address import Address


class NeighbourSettings(Part):
    """A real server on this machine that the bot may talk to."""

    address: Text = Field(description='"127.0.0.1:5432", or the path of a Unix socket.')
    timeout: Duration = Field(
        default=30_000_000_000, description="How long a reply may take, in real time."
    )
    settle: Duration = Field(
        default=20_000_000,
        description="How long to look out for what nobody asked for, in real time.",
    )

    @field_validator("address")
    @classmethod
    def _on_this_machine(cls, address: str) -> str:
        try:
            Address.parse(address)
        except InputError as error:
            rule, _, cure = str(error).partition("; ")
            raise Unusable(rule, cure) from None
        return address


def with_names_of_their_own(
    neighbours: dict[str, NeighbourSettings], hosts: Iterable[str]
) -> dict[str, NeighbourSettings]:
    """The neighbours. Raises Unusable for a name that is a host's."""
    taken = (BOT, SIGNALS, *hosts)
    for name in neighbours:
        if name in taken:
            raise Unusable("is the name of a host already", "choose another one", (name,))
    return neighbours
