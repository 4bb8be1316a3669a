"""What becomes of a profile below a scenario: what of it takes effect, and what is overruled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from scenarios.markets import LatencyRule, VenueBehaviour, VisibilityRule
from simulator.exchange.behaviour import matches

SCENARIO = "the scenario"
"""Who overrules, where it is no later profile."""

Layer: TypeAlias = tuple[str, VenueBehaviour]
"""Somebody's rules: a later profile's, or the scenario's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overruled:
    """Something of a profile that has no effect, or not always."""

    what: str
    """As `visibility order`, `link bot to fapi.binance.com`."""
    by: str
    """A later profile's name, or `SCENARIO`."""
    partly: bool = False
    """Whether it still holds for other endpoints or windows, symbols or times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """One profile below the rules of one venue."""

    venue: str
    profile: str
    effective: bool
    """Whether anything of it takes effect."""
    overruled: tuple[Overruled, ...] = ()

    @property
    def told(self) -> str:
        """For a person: `binance: calm; overruled by the scenario: visibility order`."""
        parts = [f"{self.venue}: {self.profile}{'' if self.effective else ' HAS NO EFFECT'}"]
        in_order = sorted(self.overruled, key=lambda each: (each.by, each.partly))
        for (by, partly), of in groupby(in_order, key=lambda each: (each.by, each.partly)):
            share = " in part" if partly else ""
            parts.append(f"overruled{share} by {by}: {', '.join(each.what for each in of)}")
        return "; ".join(parts)


def of_rules(behaviour: VenueBehaviour, later: Sequence[Layer]) -> Iterator[Overruled | None]:
    """One for each rule of a profile, None where nothing later overrules it.

    `later` are those whose rules win, the last one above all.
    """
    for latency in behaviour.latency:
        for half in ("request", "reply"):
            if getattr(latency, half) is not None:
                found = [
                    (by, latency.endpoint, rule.endpoint, _always(rule))
                    for by, over in later
                    for rule in over.latency
                    if getattr(rule, half) is not None
                ]
                yield _of_pattern(f"latency {latency.endpoint} ({half})", found)
    for lag in behaviour.visibility:
        found = [
            (by, lag.window, rule.window, _always(rule))
            for by, over in later
            for rule in over.visibility
        ]
        yield _of_pattern(f"visibility {lag.window}", found)
    if behaviour.limits is not None:
        yield _whole("limits", [by for by, over in later if over.limits is not None])
    for fault in behaviour.faults:
        same = [by for by, over in later if fault.name in (each.name for each in over.faults)]
        yield _whole(f"fault {fault.name}", same)


def _whole(what: str, by: Sequence[str]) -> Overruled | None:
    return Overruled(what=what, by=by[-1]) if by else None


def _of_pattern(what: str, later: Iterable[tuple[str, str, str, bool]]) -> Overruled | None:
    """By whom, the rule's own pattern, the later one's, and whether that holds always."""
    partly: Overruled | None = None
    for by, pattern, over, always in reversed(list(later)):
        if always and _covers(over, pattern):
            return Overruled(what=what, by=by)
        if partly is None and (matches(over, pattern) or matches(pattern, over)):
            partly = Overruled(what=what, by=by, partly=True)
    return partly


def _covers(pattern: str, other: str) -> bool:
    """Whether whatever fits `other` fits `pattern`. Of two patterns that is certain where this one
    has but stars: what is no name yet in the other can only be taken by a star."""
    certain = not set(pattern) & set("?[") or not set(other) & set("*?[")
    return pattern == other or (certain and matches(pattern, other))


def _always(rule: LatencyRule | VisibilityRule) -> bool:
    return rule.symbol is None and rule.since is None and rule.until is None
