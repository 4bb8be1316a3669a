"""A venue at another time: every moment in it is later, and nothing else is different."""

from __future__ import annotations

from typing import Any

from scenarios.markets import Venue
from scenarios.moved import moved
from scenarios.types import Frame
from scenarios.units import parse_start

START = parse_start("2025-10-28T22:34:00+04:00")
HOUR_NS = 3_600_000_000_000
DURING = {"since": "22:34:00", "until": "+1 h"}
POINTS = {"points": [["+0 s", 1], ["+10 s", 2]]}
VENUE = {
    "profile": "2026-11",
    "balance": 1000,
    "instruments": {
        "SKLUSDT": {"tick_size": "0.01", "step_size": 1, "price": POINTS, "mark_price": POINTS},
        "BTCUSDT": {"tick_size": "0.1", "step_size": 1, "price": {"constant": 60_000}},
    },
    "behaviour": {
        "latency": [{"request": "5 ms", **DURING}],
        "visibility": [{"window": "order", "lag": "1 s", **DURING}, {"window": "*", "lag": "1 s"}],
        "faults": [{"name": "a", "endpoint": "GET /a", "kind": "reset", **DURING}],
    },
}


def leaves(tree: Any, path: str = "") -> dict[str, Any]:
    match tree:
        case dict():
            parts = tree.items()
        case list() | tuple():
            parts = enumerate(tree)
        case _:
            return {path: tree}
    return {
        place: leaf for key, each in parts for place, leaf in leaves(each, f"{path}/{key}").items()
    }


def test_every_moment_is_moved_and_nothing_else() -> None:
    venue = Venue.model_validate(VENUE, context=Frame(start=START))
    before, after = leaves(venue.model_dump()), leaves(moved(venue, HOUR_NS).model_dump())
    assert list(before) == list(after)
    changed = {place for place in before if before[place] != after[place]}
    assert {after[place] - before[place] for place in changed} == {HOUR_NS}
    moments = {
        place for place, leaf in before.items() if isinstance(leaf, int) and leaf >= START.ns
    }
    assert changed == moments
    assert len(moments) == 2 * 2 + 3 * 2  # two paths of two points, three rules with a span


def test_these_are_all_the_moments_that_a_venue_can_have() -> None:
    """A new one has to be moved as well."""
    parts = Venue.model_json_schema()["$defs"]
    with_moments = {
        f"{part}.{name}"
        for part, schema in parts.items()
        for name, described in schema.get("properties", {}).items()
        if "'+12.5 s'" in str(described)
    }
    rules = ("Fault", "LatencyRule", "VisibilityRule")
    spans = {f"{rule}.{end}" for rule in rules for end in ("since", "until")}
    assert with_moments == {"Price.points", *spans}
