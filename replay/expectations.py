"""What one scenario says must, or must not, happen: pure functions from what was seen to findings.

`times` of a milestone are looked for among all its occurrences: the one nearest to what is expected
is judged. Every function takes `where`, a regular expression that the milestone's text must match;
occurrences that do not match do not count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from replay.clocktime import clock_time, milliseconds, seconds
from replay.result import Finding, Milestone

Milestones = Sequence[Milestone]


def happened(
    milestones: Milestones, name: str, *, where: str = "", utc_offset_s: int = 0
) -> Finding:
    """The milestone happened, whenever; with `where`, with a text that matches."""
    label = f"{name} happens" if not where else f"{name} says /{where}/"
    found = _occurrences(milestones, name, where)
    if not found:
        return _finding(label, held=False, evidence=_missing(milestones, name, where))
    first = found[0]
    told = f"at {clock_time(first.time_ns, utc_offset_s)}: {_first_line(first.text)}"
    return _finding(label, held=True, evidence=told, time_ns=first.time_ns)


def at(
    milestones: Milestones,
    name: str,
    *,
    when_ns: int,
    tolerance_ns: int,
    where: str = "",
    utc_offset_s: int = 0,
) -> Finding:
    """The milestone happened at `when_ns` since the epoch, give or take `tolerance_ns`."""
    label = f"{name} at {clock_time(when_ns, utc_offset_s)}"
    found = _occurrences(milestones, name, where)
    if not found:
        return _finding(label, held=False, evidence=_missing(milestones, name, where))
    nearest = min(found, key=lambda one: abs(one.time_ns - when_ns))
    difference_ns = nearest.time_ns - when_ns
    told = (
        f"at {clock_time(nearest.time_ns, utc_offset_s)}, "
        f"{milliseconds(difference_ns)} ({_tolerance(tolerance_ns)})"
    )
    held = abs(difference_ns) <= tolerance_ns
    return _finding(label, held=held, evidence=told, time_ns=nearest.time_ns)


def after(
    milestones: Milestones,
    name: str,
    *,
    reference: str,
    distance_ns: int | None = None,
    tolerance_ns: int = 0,
    where: str = "",
    utc_offset_s: int = 0,
) -> Finding:
    """It follows the first `reference`: by `distance_ns`, or whenever if that is None."""
    by = "" if distance_ns is None else f" by {milliseconds(distance_ns).lstrip('+')}"
    label = f"{name} after {reference}{by}"
    references = _occurrences(milestones, reference, "")
    found = _occurrences(milestones, name, where)
    if not found or not references:
        lacking = (name, where) if not found else (reference, "")
        return _finding(label, held=False, evidence=_missing(milestones, *lacking))
    origin_ns = references[0].time_ns
    if distance_ns is None:
        later = [one for one in found if one.time_ns >= origin_ns]
        chosen = later[0] if later else found[-1]
        held, rule = bool(later), "any time after"
    else:
        due_ns = origin_ns + distance_ns
        chosen = min(found, key=lambda one: abs(one.time_ns - due_ns))
        held, rule = abs(chosen.time_ns - due_ns) <= tolerance_ns, _tolerance(tolerance_ns)
    told = (
        f"{reference} at {clock_time(origin_ns, utc_offset_s)}, "
        f"{name} at {clock_time(chosen.time_ns, utc_offset_s)}: "
        f"{milliseconds(chosen.time_ns - origin_ns)} ({rule})"
    )
    return _finding(label, held=held, evidence=told, time_ns=chosen.time_ns)


def never(milestones: Milestones, name: str, *, where: str = "", utc_offset_s: int = 0) -> Finding:
    """The milestone did not happen."""
    found = _occurrences(milestones, name, where)
    label = f"never {name}"
    if not found:
        return _finding(label, held=True, evidence="did not happen")
    first = found[0]
    told = f"at {clock_time(first.time_ns, utc_offset_s)}: {_first_line(first.text)}"
    return _finding(label, held=False, evidence=told, time_ns=first.time_ns)


def count(
    milestones: Milestones, name: str, *, times: int, where: str = "", utc_offset_s: int = 0
) -> Finding:
    """The milestone happened exactly `times` times."""
    found = _occurrences(milestones, name, where)
    told = f"{len(found)} times"
    if found:
        first, last = (clock_time(one.time_ns, utc_offset_s) for one in (found[0], found[-1]))
        told += f", from {first} to {last}"
    return _finding(f"{name}, {times} times", held=len(found) == times, evidence=told)


def positions(
    end_positions: Mapping[str, Decimal], expected: Mapping[str, Decimal]
) -> tuple[Finding, ...]:
    """What the venue holds at the end, one finding a symbol; symbols not named are not judged."""
    findings = []
    for symbol, quantity in expected.items():
        held_quantity = end_positions.get(symbol, Decimal(0))
        findings.append(
            _finding(
                f"position {symbol} {quantity:f} at the end",
                held=held_quantity == quantity,
                evidence=f"the venue holds {held_quantity:f}",
            )
        )
    return tuple(findings)


def _finding(name: str, *, held: bool, evidence: str, time_ns: int | None = None) -> Finding:
    return Finding(kind="expectation", name=name, held=held, evidence=evidence, time_ns=time_ns)


def _occurrences(milestones: Milestones, name: str, where: str) -> list[Milestone]:
    found = [one for one in milestones if one.name == name]
    if where:
        found = [one for one in found if re.search(where, one.text)]
    return sorted(found, key=lambda one: one.time_ns)


def _missing(milestones: Milestones, name: str, where: str) -> str:
    unmatched = _occurrences(milestones, name, "")
    if where and unmatched:
        return f"{name} happened, but with another text: {unmatched[0].text!r}"
    return f"{name} did not happen"


def _tolerance(tolerance_ns: int) -> str:
    if tolerance_ns >= 1_000_000_000:
        return f"within {seconds(tolerance_ns)}"
    return f"within {milliseconds(tolerance_ns).lstrip('+')}"


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0].strip()
