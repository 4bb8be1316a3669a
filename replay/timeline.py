"""Lays what a run did beside what the production log says, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from replay.clocktime import NS_PER_S
from replay.result import Milestone

REPEATED = "mark_price_update"  # one a second for hours: told in one row as long as nothing else is
_IDENTITY = ("symbol", "amount")  # groups in which two sides of one row must not contradict


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One milestone, or several of a kind in a row: the first and the last, and how many."""

    milestone: Milestone
    last_ns: int
    count: int
    counted: bool = (
        True  # False where a log gives a range, so that nobody knows how many there were
    )

    @property
    def time_ns(self) -> int:
        """When it happened, or began to."""
        return self.milestone.time_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What happened, as the run has it, as production had it, or both."""

    name: str
    virtual: Moment | None
    production: Moment | None

    @property
    def time_ns(self) -> int:
        """Where the row stands: by virtual time if it has one."""
        moment = self.virtual or self.production
        assert moment is not None  # a row has at least one side
        return moment.time_ns

    @property
    def difference_ns(self) -> int | None:
        """Virtual minus production time; None where one of them is missing."""
        if self.virtual is None or self.production is None:
            return None
        return self.virtual.time_ns - self.production.time_ns

    @property
    def milestone(self) -> Milestone:
        """The run's own milestone, or production's where the run has none."""
        moment = self.virtual or self.production
        assert moment is not None
        return moment.milestone


def rows(virtual: Iterable[Milestone], production: Iterable[Milestone]) -> tuple[Row, ...]:
    """All milestones of both sides by time, each with its counterpart where there is one.

    Of the pairs that could be made, those nearest in time are. No milestone is left out.
    """
    ours, theirs = fold(virtual), fold(production)
    pairs = _pairs(ours, theirs)
    found = [
        Row(name=one.milestone.name, virtual=one, production=_get(theirs, pairs.get(i)))
        for i, one in enumerate(ours)
    ]
    paired = list(pairs.values())
    found += [
        Row(name=one.milestone.name, virtual=None, production=one)
        for j, one in enumerate(theirs)
        if j not in paired
    ]
    return tuple(sorted(found, key=lambda row: row.time_ns))


def fold(milestones: Iterable[Milestone]) -> list[Moment]:
    """By time, with what repeats taken together until something else happens in between."""
    moments: list[Moment] = []
    running: list[int] = []  # moments that a repetition may still join, one for each symbol
    for milestone in sorted(milestones, key=lambda one: one.time_ns):
        last_ns = milestone.time_ns if milestone.end_ns is None else milestone.end_ns
        moment = Moment(
            milestone=milestone, last_ns=last_ns, count=1, counted=milestone.end_ns is None
        )
        if milestone.name != REPEATED:
            running = []
            moments.append(moment)
            continue
        place = next((i for i in running if _alike(moments[i].milestone, milestone)), None)
        if place is None:
            running.append(len(moments))
            moments.append(moment)
        else:
            moments[place] = _joined(moments[place], moment)
    return moments


def _joined(one: Moment, other: Moment) -> Moment:
    first = one.milestone
    # "22:34:13-23" begins somewhere in second 13; a line with milliseconds knows better.
    if first.end_ns is not None and other.time_ns // NS_PER_S == first.time_ns // NS_PER_S:
        first = other.milestone
    return replace(
        one,
        milestone=first,
        last_ns=max(one.last_ns, other.last_ns),
        count=one.count + other.count if one.counted else other.count,
        counted=one.counted and other.counted,
    )


def _pairs(ours: Sequence[Moment], theirs: Sequence[Moment]) -> dict[int, int]:
    candidates = sorted(
        (abs(one.time_ns - other.time_ns), i, j)
        for i, one in enumerate(ours)
        for j, other in enumerate(theirs)
        if one.milestone.name == other.milestone.name and _alike(one.milestone, other.milestone)
    )
    pairs: dict[int, int] = {}
    taken: dict[int, int] = {}
    for _, i, j in candidates:
        if i not in pairs and j not in taken:
            pairs[i] = j
            taken[j] = i
    return pairs


def _alike(one: Milestone, other: Milestone) -> bool:
    return all(
        _equal(one.groups[key], other.groups[key])
        for key in _IDENTITY
        if key in one.groups and key in other.groups
    )


def _equal(one: str, other: str) -> bool:
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return one == other


def _get(moments: Sequence[Moment], place: int | None) -> Moment | None:
    return None if place is None else moments[place]
