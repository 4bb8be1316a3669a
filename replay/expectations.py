"""What one scenario says must, or must not, happen: pure functions from what was seen to findings.

Every function on a milestone takes `where` and `text`, and counts only the occurrences whose groups
have those values (numbers compared as numbers) and whose text the regular expression `text` matches
somewhere. Of several occurrences, the one nearest to what is expected is judged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from replay.clocktime import clock_time, milliseconds, seconds
from replay.result import Finding, Milestone

Milestones = Sequence[Milestone]
Where = Mapping[str, str]

_ANY: Where = MappingProxyType({})


def happened(
    milestones: Milestones,
    name: str,
    *,
    where: Where = _ANY,
    text: str = "",
    utc_offset_s: int = 0,
) -> Finding:
    """The milestone happened, whenever."""
    label = f"{_subject(name, where, text)} happens"
    found = _occurrences(milestones, name, where, text)
    if not found:
        return _finding(label, held=False, evidence=_missing(milestones, name))
    return _finding(
        label, held=True, evidence=_told(found[0], utc_offset_s), time_ns=found[0].time_ns
    )


def at(
    milestones: Milestones,
    name: str,
    *,
    when_ns: int,
    tolerance_ns: int,
    where: Where = _ANY,
    text: str = "",
    utc_offset_s: int = 0,
) -> Finding:
    """The milestone happened at `when_ns` since the epoch, give or take `tolerance_ns`."""
    label = f"{_subject(name, where, text)} at {clock_time(when_ns, utc_offset_s)}"
    found = _occurrences(milestones, name, where, text)
    if not found:
        return _finding(label, held=False, evidence=_missing(milestones, name))
    nearest = min(found, key=lambda one: abs(one.time_ns - when_ns))
    difference_ns = nearest.time_ns - when_ns
    told = (
        f"at {clock_time(nearest.time_ns, utc_offset_s)}, "
        f"{milliseconds(difference_ns)} (within {_span(tolerance_ns)})"
    )
    held = abs(difference_ns) <= tolerance_ns
    return _finding(
        label, held=held, evidence=told, time_ns=nearest.time_ns, measured_ns=difference_ns
    )


def after(
    milestones: Milestones,
    name: str,
    *,
    reference: str,
    distance_ns: int = 0,
    tolerance_ns: int = 0,
    where: Where = _ANY,
    text: str = "",
    utc_offset_s: int = 0,
) -> Finding:
    """It happened `distance_ns` after the first `reference`, give or take `tolerance_ns`."""
    label = f"{_subject(name, where, text)} {_span(distance_ns)} after {reference}"
    origin = _first(milestones, reference)
    found = _occurrences(milestones, name, where, text)
    if not found or origin is None:
        lacking = name if not found else reference
        return _finding(label, held=False, evidence=_missing(milestones, lacking))
    due_ns = origin.time_ns + distance_ns
    chosen = min(found, key=lambda one: abs(one.time_ns - due_ns))
    held = abs(chosen.time_ns - due_ns) <= tolerance_ns
    told = f"{_gap(origin, chosen, utc_offset_s)} (within {_span(tolerance_ns)})"
    apart_ns = chosen.time_ns - origin.time_ns
    return _finding(label, held=held, evidence=told, time_ns=chosen.time_ns, measured_ns=apart_ns)


def follows(
    milestones: Milestones,
    name: str,
    *,
    reference: str,
    at_most_ns: int | None = None,
    where: Where = _ANY,
    text: str = "",
    utc_offset_s: int = 0,
) -> Finding:
    """It happened after the first `reference`, `at_most_ns` later if that is given."""
    limit = "" if at_most_ns is None else f" at most {_span(at_most_ns)}"
    label = f"{_subject(name, where, text)}{limit} after {reference}"
    origin = _first(milestones, reference)
    found = _occurrences(milestones, name, where, text)
    if not found or origin is None:
        lacking = name if not found else reference
        return _finding(label, held=False, evidence=_missing(milestones, lacking))
    later = [one for one in found if one.time_ns >= origin.time_ns]
    chosen = later[0] if later else found[-1]
    held = bool(later) and (at_most_ns is None or chosen.time_ns - origin.time_ns <= at_most_ns)
    told = _gap(origin, chosen, utc_offset_s)
    apart_ns = chosen.time_ns - origin.time_ns
    return _finding(label, held=held, evidence=told, time_ns=chosen.time_ns, measured_ns=apart_ns)


def never(
    milestones: Milestones,
    name: str,
    *,
    where: Where = _ANY,
    text: str = "",
    utc_offset_s: int = 0,
) -> Finding:
    """The milestone did not happen."""
    label = f"never {_subject(name, where, text)}"
    found = _occurrences(milestones, name, where, text)
    if not found:
        return _finding(label, held=True, evidence="did not happen")
    return _finding(
        label, held=False, evidence=_told(found[0], utc_offset_s), time_ns=found[0].time_ns
    )


def count(
    milestones: Milestones,
    name: str,
    *,
    times: int,
    where: Where = _ANY,
    text: str = "",
    utc_offset_s: int = 0,
) -> Finding:
    """The milestone happened exactly `times` times."""
    found = _occurrences(milestones, name, where, text)
    told = f"{len(found)} times"
    if found:
        first, last = (clock_time(one.time_ns, utc_offset_s) for one in (found[0], found[-1]))
        told += f", from {first} to {last}"
    label = f"{_subject(name, where, text)} {times} times"
    return _finding(label, held=len(found) == times, evidence=told)


def positions(
    end_positions: Mapping[str, Decimal], expected: Mapping[str, Decimal]
) -> tuple[Finding, ...]:
    """The venue holds these signed quantities at the end; symbols not named are not judged."""
    return tuple(
        _finding(
            f"{symbol} position {quantity:f} at the end",
            held=end_positions.get(symbol, Decimal(0)) == quantity,
            evidence=f"the venue holds {end_positions.get(symbol, Decimal(0)):f}",
        )
        for symbol, quantity in expected.items()
    )


def _finding(
    name: str,
    *,
    held: bool,
    evidence: str,
    time_ns: int | None = None,
    measured_ns: int | None = None,
) -> Finding:
    return Finding(
        kind="expectation",
        name=name,
        held=held,
        evidence=evidence,
        time_ns=time_ns,
        measured_ns=measured_ns,
    )


def _subject(name: str, where: Where, text: str) -> str:
    groups = ", ".join(f"{key}={value}" for key, value in where.items())
    subject = f"{name} ({groups})" if groups else name
    return f"{subject} saying /{text}/" if text else subject


def _occurrences(milestones: Milestones, name: str, where: Where, text: str) -> list[Milestone]:
    found = [
        one
        for one in milestones
        if one.name == name
        and all(_equal(one.groups.get(key), value) for key, value in where.items())
        and re.search(text, one.text)
    ]
    return sorted(found, key=lambda one: one.time_ns)


def _first(milestones: Milestones, name: str) -> Milestone | None:
    return next(iter(_occurrences(milestones, name, _ANY, "")), None)


def _equal(found: str | None, wanted: str) -> bool:
    if found is None:
        return False
    try:
        return Decimal(found) == Decimal(wanted)
    except InvalidOperation:
        return found == wanted


def _missing(milestones: Milestones, name: str) -> str:
    other = _first(milestones, name)
    if other is None:
        return f"{name} did not happen"
    groups = ", ".join(f"{key}={value}" for key, value in other.groups.items())
    return f"{name} happened otherwise: {groups or _one_line(other.text)}"


def _gap(origin: Milestone, chosen: Milestone, utc_offset_s: int) -> str:
    first, second = (clock_time(one.time_ns, utc_offset_s) for one in (origin, chosen))
    return f"{milliseconds(chosen.time_ns - origin.time_ns)}, from {first} to {second}"


def _told(milestone: Milestone, utc_offset_s: int) -> str:
    return f"at {clock_time(milestone.time_ns, utc_offset_s)}: {_one_line(milestone.text)}"


def _one_line(text: str) -> str:
    return text.split("\n", 1)[0].strip()


def _span(duration_ns: int) -> str:
    if abs(duration_ns) >= 1_000_000_000:
        return seconds(duration_ns)
    return milliseconds(duration_ns).removeprefix("+")
