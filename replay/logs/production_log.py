"""A production log as far as it says something known: its lines by milestone, in its order.

The forms in which it may come are those of `replay.logs.lines`. Only what a pattern matches is
kept; of the rest, the first `KEPT` lines and how many there are. So memory does not grow with the
length of a log, but with what it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date as Date
from pathlib import Path

from replay.logs import milestones
from replay.logs import rows as log_rows
from replay.logs.lines import Record
from replay.logs.milestones import MilestonePatterns
from replay.logs.reader import KEPT, Reading
from replay.logs.rows import Rows
from replay.result import Milestone

HOST = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line, its continuation lines joined to its text by line breaks."""

    number: int  # in its file, from 1
    time_ns: int | None  # None in a log without times
    text: str
    source: str  # as pasted, first line only
    end_ns: int | None = None
    exact_ns: int = 0  # to what the time is given
    logger: str = ""
    level: str = ""
    note: str = ""  # what somebody remarked on it
    file: str = ""
    milestone: str | None = None
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionLog:
    """What a log says (`lines`), and what nothing could be made of (`unread`).

    `lines` holds every line with a milestone, and the first `KEPT` of those without one.
    """

    lines: tuple[LogLine, ...]
    unread: tuple[str, ...]
    """`14: the line`, with its file's name before it where there are several: what could not be
    read, or was read and has no known milestone. The first `KEPT` of either."""
    unread_count: int = 0
    """How many there are in all."""
    timed: bool = True
    """Whether its lines have times. Where none has, their order is all that is known."""
    notes: tuple[str, ...] = ()
    """What was put right, and else a person should be told."""

    @classmethod
    def nothing(cls) -> ProductionLog:
        """Where there is no log, or nobody asks for it."""
        return cls(lines=(), unread=())

    @property
    def named(self) -> tuple[LogLine, ...]:
        """The lines with a milestone, in the order of the log."""
        return tuple(line for line in self.lines if line.milestone is not None)

    def told_unread(self) -> tuple[str, ...]:
        """`unread`, and how many there are beyond it."""
        more = self.unread_count - len(self.unread)
        return (*self.unread, f"and {more:,} more") if more > 0 else self.unread

    def milestones(self) -> tuple[Milestone, ...]:
        """By time. What was pasted twice, in whatever forms, appears once, with all groups read.
        A log without times has none; see `named`."""
        found = [_milestone(line, line.time_ns) for line in self.named if line.time_ns is not None]
        merged: list[Milestone] = []
        places: dict[tuple[str, int, int | None], list[int]] = {}
        for new in sorted(found, key=lambda one: one.time_ns):
            at_once = places.setdefault((new.name, new.time_ns, new.end_ns), [])
            place = next((i for i in at_once if _agree(merged[i], new)), None)
            if place is None:
                at_once.append(len(merged))
                merged.append(new)
            else:
                merged[place] = _union(merged[place], new)
        return tuple(merged)


def read(
    path: Path,
    date: Date | None = None,
    utc_offset_s: int = 0,
    *,
    patterns: MilestonePatterns | None = None,
) -> ProductionLog:
    """Reads a log whose clock times are local time, `utc_offset_s` from UTC, by `patterns`, or
    those of this package. `date` is the day of its first line, if neither its lines nor its name
    tell.

    Raises `InputError` as `replay.logs.rows.rows`.
    """
    reading = Reading()
    found = log_rows.rows(path, reading, date=date, utc_offset_s=utc_offset_s)
    return _log(found, reading, patterns)


def parse(
    text: str,
    date: Date | None = None,
    utc_offset_s: int = 0,
    *,
    patterns: MilestonePatterns | None = None,
) -> ProductionLog:
    """As `read`, of a text."""
    reading = Reading()
    found = log_rows.rows_of(text, reading, date=date, utc_offset_s=utc_offset_s)
    return _log(found, reading, patterns)


def _log(
    found: Iterable[Rows], reading: Reading, patterns: MilestonePatterns | None
) -> ProductionLog:
    known = milestones.known() if patterns is None else patterns
    lines: list[LogLine] = []
    unmatched: list[LogLine] = []
    count = 0
    for rows in found:
        for place, (text, logger) in enumerate(zip(rows.messages, rows.loggers, strict=True)):
            match = known.find(text, logger)
            if match is not None:
                line = _line(rows.record(place), text)
                lines.append(replace(line, milestone=match.name, groups=match.groups))
                continue
            count += 1
            if count <= KEPT:
                unmatched.append(_line(rows.record(place), text))
                lines.append(unmatched[-1])
    shown = [(line.file, line.number, line.source.strip()) for line in unmatched]
    order = {name: place for place, name in enumerate(reading.files)}
    shown = sorted([*shown, *reading.unread_lines], key=lambda each: (order[each[0]], each[1]))
    several = len(reading.files) > 1
    return ProductionLog(
        lines=tuple(lines),
        unread=tuple(
            f"{name}:{number}: {source}" if several else f"{number}: {source}"
            for name, number, source in shown
        ),
        unread_count=count + reading.unread,
        timed=reading.timed,
        notes=tuple(reading.notes()),
    )


def _line(record: Record, text: str) -> LogLine:
    return LogLine(
        number=record.number,
        time_ns=record.time_ns,
        end_ns=record.end_ns,
        exact_ns=record.exact_ns,
        text=text,
        source=record.source,
        logger=record.logger,
        level=record.level,
        note=record.note,
        file=record.file,
    )


def _milestone(line: LogLine, time_ns: int) -> Milestone:
    assert line.milestone is not None
    return Milestone(
        name=line.milestone,
        time_ns=time_ns,
        host=HOST,
        text=line.text,
        groups=line.groups,
        end_ns=line.end_ns,
        exact_ns=line.exact_ns,
        line=line.number,
    )


def _agree(one: Milestone, other: Milestone) -> bool:
    return all(other.groups.get(key, value) == value for key, value in one.groups.items())


def _union(one: Milestone, other: Milestone) -> Milestone:
    # The form that let more be read is the log's own; the other one is somebody's summary of it.
    text = other.text if len(other.groups) > len(one.groups) else one.text
    return replace(one, text=text, groups={**one.groups, **other.groups})
