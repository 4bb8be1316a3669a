"""Lays the moments of a log beside those of a run, keeping the order of both.

Of all ways to pair them without crossing, the one that pairs most is taken; among those, the one
whose pairs say the same; among those, the one whose pairs are nearest in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from replay.clocktime import NS_PER_MS
from replay.timeline import REPEATED, Moment
from simulator.errors import InputError

_PAIRED = 1_000_000_000_000
_OTHER_VALUE = 1_000_000_000
_FAR_MS = 100_000_000
"""Beyond a day nothing is nearer than anything else."""
_MOST_CELLS = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A moment of the log, and its counterpart in the run if there is one."""

    log: Moment
    run: Moment | None
    in_order: bool = True
    """Whether the run has it where the log has it, among all the others."""

    @property
    def name(self) -> str:
        return self.log.milestone.name

    @property
    def differing(self) -> tuple[tuple[str, str, str], ...]:
        """Name, log's value and run's value of what both tell and tell differently.

        What a market does is not asked: `mark_price_update` may show any price.
        """
        if self.run is None or self.name == REPEATED:
            return ()
        there = self.run.milestone.groups
        return tuple(
            (key, value, there[key])
            for key, value in self.log.milestone.groups.items()
            if key in there and not _equal(value, there[key])
        )

    @property
    def untold(self) -> tuple[str, ...]:
        """The names of what the log tells and the run does not."""
        if self.run is None or self.name == REPEATED:
            return ()
        there = self.run.milestone.groups
        return tuple(key for key in self.log.milestone.groups if key not in there)


def _equal(one: str, other: str) -> bool:
    """Whether two values are the same number, or the same text."""
    if one == other:
        return True
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False


def align(
    log: Sequence[Moment], run: Sequence[Moment], *, timed: bool
) -> tuple[tuple[Pair, ...], tuple[Moment, ...]]:
    """A pair for every moment of the log, and what the run has beyond them.

    Without times (`timed` False) only the order and the values decide. Raises InputError when there
    are more moments than can be laid side by side.
    """
    if len(log) * len(run) > _MOST_CELLS:
        raise InputError(
            f"{len(log):,} moments of the log and {len(run):,} of the run are too many to compare; "
            "cut the log to the minutes of the incident"
        )
    found = _best(log, run, timed)
    free = [j for j in range(len(run)) if j not in set(found.values())]
    pairs: list[Pair] = []
    for i, moment in enumerate(log):
        if i in found:
            pairs.append(Pair(log=moment, run=run[found[i]]))
            continue
        j = _nearest(moment, run, free, timed)
        if j is None:
            pairs.append(Pair(log=moment, run=None))
        else:
            free.remove(j)
            pairs.append(Pair(log=moment, run=run[j], in_order=False))
    return tuple(pairs), tuple(run[j] for j in free)


def _best(log: Sequence[Moment], run: Sequence[Moment], timed: bool) -> dict[int, int]:
    """The best pairs that do not cross: by dynamic programming, from the end to the beginning."""
    scores = [[0] * (len(run) + 1) for _ in range(len(log) + 1)]
    for i in range(len(log) - 1, -1, -1):
        below, row = scores[i + 1], scores[i]
        for j in range(len(run) - 1, -1, -1):
            best = max(below[j], row[j + 1])
            worth = _worth(log[i], run[j], timed)
            row[j] = best if worth is None else max(best, worth + below[j + 1])
    found: dict[int, int] = {}
    i = j = 0
    while i < len(log) and j < len(run):
        worth = _worth(log[i], run[j], timed)
        if worth is not None and scores[i][j] == worth + scores[i + 1][j + 1]:
            found[i] = j
            i, j = i + 1, j + 1
        elif scores[i][j] == scores[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _worth(one: Moment, other: Moment, timed: bool) -> int | None:
    """How well two moments pair; None where they cannot."""
    if not _alike(one, other):
        return None
    differing = len(Pair(log=one, run=other).differing)
    far = min(abs(one.time_ns - other.time_ns) // NS_PER_MS, _FAR_MS) if timed else 0
    return _PAIRED - differing * _OTHER_VALUE - far


def _alike(one: Moment, other: Moment) -> bool:
    first, second = one.milestone, other.milestone
    if first.name != second.name:
        return False
    mine, theirs = first.groups.get("symbol"), second.groups.get("symbol")
    return mine is None or theirs is None or mine == theirs


def _nearest(moment: Moment, run: Sequence[Moment], free: list[int], timed: bool) -> int | None:
    able = [j for j in free if _alike(moment, run[j])]
    if not able:
        return None
    return min(able, key=lambda j: -(_worth(moment, run[j], timed) or 0))


def with_truth(moment: Moment, **groups: str) -> Moment:
    """A moment that tells more: what a run's milestone does not say and its end shows."""
    milestone = moment.milestone
    told = {**groups, **milestone.groups}
    return replace(moment, milestone=replace(milestone, groups=told))
