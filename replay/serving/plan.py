"""What is served: the venues of a scenario at the present time, or two where nobody names one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from replay.default_venues import NAMES, default_part
from scenarios.moved import moved

if TYPE_CHECKING:
    from scenarios.markets import Venue
    from scenarios.schema import Scenario

_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Made by `plan`."""

    scenario: str | None
    """Its name; None for the venues that there are without one."""
    seed: int
    start_ns: int
    venues: Mapping[str, Venue]
    """By name, in the scenario's order, with every moment counted from `start_ns`."""
    left_out: tuple[str, ...] = ()
    """What else the scenario has, counted, in words."""


def plan(scenario: Scenario | None, *, start_ns: int, seed: int | None = None) -> Plan:
    """The venues as they are to be served from `start_ns` on; `seed` None takes the scenario's."""
    if scenario is None:
        return Plan(
            scenario=None,
            seed=_SEED if seed is None else seed,
            start_ns=start_ns,
            venues={name: default_part(name) for name in NAMES},
        )
    later_ns = start_ns - scenario.start.ns
    return Plan(
        scenario=scenario.name,
        seed=scenario.seed if seed is None else seed,
        start_ns=start_ns,
        venues={name: moved(each, later_ns) for name, each in scenario.venues.items()},
        left_out=tuple(_left_out(scenario)),
    )


def _left_out(scenario: Scenario) -> Iterator[str]:
    """A bot in another process has its own network, its own clock and nobody who drives it."""
    hosts = scenario.hosts.values()
    counted = {
        "links": len(scenario.links),
        "clock offsets and drifts": sum(
            bool(each.clock_offset or each.drift_ppm) for each in hosts
        ),
        "stalls of the bot": sum(len(each.stalls) for each in hosts),
        "signals": sum(each.signal is not None for each in scenario.stimulus),
        "waves": sum(each.wave is not None for each in scenario.stimulus),
        "expectations": len(scenario.expect),
    }
    return (f"{what} ({count})" for what, count in counted.items() if count)
