"""What a log says, in figures: how often each milestone, and what no pattern matches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple, TypeVar

from replay.clocktime import NS_PER_MS, NS_PER_S
from replay.logs.milestones import MilestonePatterns
from replay.logs.rows import Rows
from replay.logs.shapes import shape

Key = TypeVar("Key")

SHAPES = 10_000
"""So many shapes are told apart; lines of further ones are counted together."""


class Where(NamedTuple):
    """Where a line stands, and when it was written."""

    time_ns: int | None
    file: str
    number: int


@dataclass(slots=True)
class Tally:
    """How many lines of a kind there are, and the first and the last of them."""

    count: int
    first: Where
    last: Where

    def add(self, where: Where) -> None:
        """One more. By time where lines have one, whatever order they were pasted in."""
        self.count += 1
        if (where.time_ns or 0) >= (self.last.time_ns or 0):
            self.last = where
        elif (where.time_ns or 0) < (self.first.time_ns or 0):
            self.first = where


@dataclass(slots=True)
class Summary:
    """Filled while a log is read."""

    milestones: dict[str, Tally] = field(default_factory=dict)
    """By name."""
    unmatched: dict[tuple[str, str], Tally] = field(default_factory=dict)
    """By logger and shape."""
    beyond: int = 0
    """Lines without a milestone whose shape came when there were `SHAPES` already."""

    @property
    def by_count(self) -> list[tuple[str, str, Tally]]:
        """Logger, shape and tally of what no pattern matches, most frequent first."""
        found = [(logger, shape, tally) for (logger, shape), tally in self.unmatched.items()]
        return sorted(found, key=lambda each: (-each[2].count, each[0], each[1]))

    @property
    def unmatched_lines(self) -> int:
        """How many lines have no milestone."""
        return self.beyond + sum(tally.count for tally in self.unmatched.values())


def summarise(found: Iterable[Rows], patterns: MilestonePatterns) -> Summary:
    """Counts the rows; memory does not grow with their number."""
    summary = Summary()
    for rows in found:
        columns = zip(rows.messages, rows.loggers, rows.times_ns, rows.numbers, strict=True)
        for text, logger, time_ns, number in columns:
            where = Where(time_ns, rows.file, number)
            match = patterns.find(text, logger)
            if match is not None:
                _count(summary.milestones, match.name, where)
                continue
            key = (logger, shape(text))
            if key in summary.unmatched or len(summary.unmatched) < SHAPES:
                _count(summary.unmatched, key, where)
            else:
                summary.beyond += 1
    return summary


def _count(tallies: dict[Key, Tally], key: Key, where: Where) -> None:
    tally = tallies.get(key)
    if tally is None:
        tallies[key] = Tally(count=1, first=where, last=where)
    else:
        tally.add(where)


def moment(where: Where, utc_offset_s: int) -> str:
    """When a line was written, `2025-10-28 22:34:12.246` in the log's own time; of a log without
    times, where it stands."""
    if where.time_ns is None:
        return place(where)
    seconds, of_second_ns = divmod(where.time_ns, NS_PER_S)
    zone = timezone(timedelta(seconds=utc_offset_s))
    at = datetime.fromtimestamp(seconds, UTC).astimezone(zone)
    return f"{at:%Y-%m-%d %H:%M:%S}.{of_second_ns // NS_PER_MS:03}"


def place(where: Where) -> str:
    """`bot.log:14`."""
    return f"{where.file}:{where.number}"
