"""What changed between a baseline and the runs of now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from replay.ci.attempt import Attempt
from replay.ci.baseline import Baseline, Entry, entry_of
from replay.ci.figures import WITHOUT_STOP_LOSS
from replay.invariants import NO_UNPROTECTED_POSITION

_NOTABLE_MS = Decimal(1)
_NOTABLE_SHARE = Decimal("0.01")
"""A figure that moved by as much, or by this part of what it was, is told on its own."""

Kind = Literal["run", "seed", "outcome", "finding", "milestone", "figure", "digest"]
_SHORT_DIGEST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is not as it was."""

    scenario: str
    version: str
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All changes, in the order of scenarios and versions, and how many runs have none."""

    changes: tuple[Change, ...]
    identical: int

    def of(self, scenario: str, version: str) -> tuple[Change, ...]:
        """The changes of one run."""
        return tuple(
            each for each in self.changes if (each.scenario, each.version) == (scenario, version)
        )


def compare(
    baseline: Baseline, attempts: Sequence[Attempt], *, covers: Callable[[str], bool]
) -> Comparison:
    """What is not as in the baseline. `covers` says of a scenario whether everything there is of
    it was asked for: what the baseline has more is gone then, and else nothing is said of it."""
    before = baseline.runs()
    changes: list[Change] = []
    identical = 0
    for attempt in attempts:
        old = before.pop((attempt.scenario, attempt.version), None)
        found = [
            Change(scenario=attempt.scenario, version=attempt.version, kind=kind, text=told)
            for kind, told in _of_run(old, attempt)
        ]
        changes += found
        identical += not found
    unread = {each.scenario for each in attempts if not each.version}
    changes += (
        Change(scenario=scenario, version=version, kind="run", text="gone, was in the baseline")
        for scenario, version in before
        if covers(scenario) and scenario not in unread
    )
    return Comparison(changes=tuple(changes), identical=identical)


def lines(comparison: Comparison) -> list[str]:
    """The comparison as text, one line for each change."""
    told = [
        f"{' '.join(filter(None, (each.scenario, each.version)))}: {each.text}"
        for each in comparison.changes
    ]
    changed = len({(each.scenario, each.version) for each in comparison.changes})
    return [*told, f"runs changed: {changed}, identical: {comparison.identical}"]


def _of_run(old: Entry | None, attempt: Attempt) -> Iterator[tuple[Kind, str]]:
    new = entry_of(attempt)
    if new is None:
        was = f"was {old.outcome}, " if old is not None else ""
        yield "outcome", f"{was}now {attempt.outcome}: {attempt.complaints[0]}"
    elif old is None:
        yield "run", f"new, {new.outcome}"
    elif old != new:
        yield from _changed(old, new)


def _changed(old: Entry, new: Entry) -> Iterator[tuple[Kind, str]]:
    told = [
        *(_simple("seed", old.seed, new.seed)),
        *(_simple("outcome", old.outcome, new.outcome)),
        *(("outcome", text) for text in _mapped(old.outcomes, new.outcomes, " ends ")),
        *(("finding", text) for text in _mapped(old.findings, new.findings, ": ")),
        *(("milestone", text) for text in _milestones(old.milestones, new.milestones)),
        *(("figure", text) for text in _figures(old, new)),
    ]
    yield from told
    if old.digest != new.digest and not told:
        was, now = (each.digest[:_SHORT_DIGEST] for each in (old, new))
        yield "digest", f"only the digest changed, {was} -> {now}"


def _simple(kind: Kind, old: object, new: object) -> Iterator[tuple[Kind, str]]:
    if old != new:
        yield kind, f"{kind} {old} -> {new}"


def _mapped(old: Mapping[str, str], new: Mapping[str, str], verb: str) -> Iterator[str]:
    """In the order of the new ones, then those that are gone."""
    for name, now in new.items():
        was = old.get(name)
        if was is None:
            yield f"{name}{verb}{now} (was not asked for)"
        elif was != now:
            yield f"{name}{verb}{was} -> {now}"
    for name, was in old.items():
        if name not in new:
            yield f"{name}: is not asked for any more (was {was})"


def _milestones(old: Mapping[str, int], new: Mapping[str, int]) -> Iterator[str]:
    for name in sorted({**old, **new}):
        was, now = old.get(name, 0), new.get(name, 0)
        if not was:
            yield f"{name} happens now{_times(now)}"
        elif not now:
            yield f"{name} happens no more (was{_times(was) or ' once'})"
        elif was != now:
            yield f"{name} {was} -> {now} times"


def _times(count: int) -> str:
    return f" {count} times" if count > 1 else ""


def _figures(old: Entry, new: Entry) -> Iterator[str]:
    """Those that moved, the same move under several names once; the least moves only counted.
    A figure that is new or gone comes with a milestone or finding that is, and is not told."""
    moved: dict[tuple[Decimal, Decimal], list[str]] = {}
    for name, now in new.figures_ms.items():
        was = old.figures_ms.get(name, now)
        if was != now:
            moved.setdefault((was, now), []).append(name)
    small = 0
    for (was, now), names in moved.items():
        if not _notable(was, now):
            small += len(names)
            continue
        first, *others = sorted(names, key=lambda name: name in new.findings)
        also = f" (also: {'; '.join(others)})" if others else ""
        yield f"{first} {_ms(was)} -> {_ms(now)}{_limit(names, old, new)}{also}"
    if small:
        yield f"{small} figures moved by less than {_ms(_NOTABLE_MS)} and {_NOTABLE_SHARE:%}"


def _notable(was: Decimal, now: Decimal) -> bool:
    return abs(now - was) >= min(_NOTABLE_MS, abs(was) * _NOTABLE_SHARE)


def _limit(names: Sequence[str], old: Entry, new: Entry) -> str:
    """What the expectations, or the invariant, that a figure is measured for say of it."""
    rules = [name for name in names if name in new.findings]
    if any(name.endswith(WITHOUT_STOP_LOSS) for name in names):
        # The invariant speaks of all symbols: if one breaks it, another may be within it.
        symbols = sum(name.endswith(WITHOUT_STOP_LOSS) for name in new.figures_ms)
        if symbols == 1 or new.findings.get(NO_UNPROTECTED_POSITION, "").startswith("held"):
            rules.append(NO_UNPROTECTED_POSITION)
    now = {rule: new.findings[rule] for rule in rules if rule in new.findings}
    if not now:
        return ""
    still = "still " if all(old.findings.get(rule) == state for rule, state in now.items()) else ""
    held = all(state.startswith("held") for state in now.values())
    return f", {still}{'within' if held else 'beyond'} its limit"


def _ms(value: Decimal) -> str:
    """`1,980 ms`, `0.25 ms`."""
    shown = f"{value:,.6f}".rstrip("0").rstrip(".")
    return f"{shown} ms"
