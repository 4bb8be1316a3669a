"""Reads a pasted production log: full lines, shortened lines, ranges, notes in between.

Forms it knows, with `.` or `,` before the milliseconds and `-` or `|` between the parts:

    22:34:12.246 - text
    22:34:12,246 - logger.name - INFO - text
    22:34:13-23  - text                        a range: from 22:34:13 to 22:34:23
    02:35:25,219 → 02:35:35,732 (10.0 seconds)
      - WebSocket: True                        indented: continues the line above
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date as Date
from pathlib import Path

from replay.clocktime import NS_PER_S
from replay.logs import milestones
from replay.result import Milestone
from simulator.errors import InputError

HOST = "production"

_TIME = r"\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?"
_LINE = re.compile(
    rf"^(?P<start>{_TIME})"
    rf"(?:\s*(?:→|->|-(?=\d))\s*(?P<end>{_TIME}|\d{{1,2}}(?::\d{{2}})?(?=\s)))?"
    r"(?:\s*[-|]\s+|\s+(?=\())(?P<text>.*)$"
)
_LOGGED = re.compile(
    r"^(?P<logger>[\w.]+) - (?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) - (?P<text>.*)$"
)
_CONTINUATION = re.compile(r"^\s+(?:\|\s*)?(?P<text>\S.*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line with a time, its continuation lines joined to its text by line breaks."""

    number: int  # in the file, from 1
    time_ns: int
    text: str
    source: str  # as pasted, first line only
    end_ns: int | None = None
    logger: str = ""
    level: str = ""
    milestone: str | None = None
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionLog:
    """What a log says (`lines`), and what nothing could be made of (`unread`)."""

    lines: tuple[LogLine, ...]
    unread: tuple[str, ...]  # "14: the line": without a time, or with one but no known milestone

    def milestones(self) -> tuple[Milestone, ...]:
        """By time. What was pasted twice, in whatever forms, appears once, with all groups read."""
        merged: list[Milestone] = []
        for line in sorted(self.lines, key=lambda line: line.time_ns):
            if line.milestone is None:
                continue
            new = Milestone(
                name=line.milestone,
                time_ns=line.time_ns,
                host=HOST,
                text=line.text,
                groups=line.groups,
                end_ns=line.end_ns,
            )
            place = next((i for i, old in enumerate(merged) if _same_event(old, new)), None)
            if place is None:
                merged.append(new)
            else:
                merged[place] = _union(merged[place], new)
        return tuple(merged)


def read(path: Path, date: Date, utc_offset_s: int) -> ProductionLog:
    """Reads a file whose clock times are those of `date` in local time, `utc_offset_s` from UTC.

    Raises `InputError` if the file cannot be read or holds no line with a time.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the log cannot be read: {error}") from error
    log = parse(text, date, utc_offset_s)
    if not log.lines:
        raise InputError(
            f"{path}: no line starts with a time; wanted lines like `22:34:12.246 - text`"
        )
    return log


def parse(text: str, date: Date, utc_offset_s: int) -> ProductionLog:
    """As `read`, of a text."""
    midnight_ns = (date.toordinal() - Date(1970, 1, 1).toordinal()) * 86_400 * NS_PER_S
    midnight_ns -= utc_offset_s * NS_PER_S
    lines: list[LogLine] = []
    unread: list[tuple[int, str]] = []
    continues: LogLine | None = None
    for number, source in enumerate(text.splitlines(), start=1):
        if not source.strip():
            continues = None
            continue
        continuation = _CONTINUATION.match(source)
        if continuation is not None and continues is not None:
            continues = replace(continues, text=f"{continues.text}\n{continuation['text']}")
            lines[-1] = continues
            continue
        continues = _timed_line(number, source, midnight_ns)
        if continues is None:
            unread.append((number, source.strip()))
        else:
            lines.append(continues)
    named = [_named(line) for line in lines]
    unread += [(line.number, line.source.strip()) for line in named if line.milestone is None]
    return ProductionLog(
        lines=tuple(named),
        unread=tuple(f"{number}: {source}" for number, source in sorted(unread)),
    )


def _timed_line(number: int, source: str, midnight_ns: int) -> LogLine | None:
    found = _LINE.match(source)
    if found is None:
        return None
    start, end, text = found["start"], found["end"], found["text"]
    logged = _LOGGED.match(text)
    return LogLine(
        number=number,
        time_ns=midnight_ns + _of_day_ns(start),
        end_ns=None if end is None else midnight_ns + _of_day_ns(_completed(end, start)),
        text=(logged["text"] if logged else text).strip(),
        logger=logged["logger"] if logged else "",
        level=logged["level"] if logged else "",
        source=source,
    )


def _completed(end: str, start: str) -> str:
    """The end of a range such as `22:34:13-23`, with what it leaves out taken from the start."""
    return start[: 8 - len(end)] + end if len(end) < 8 else end


def _of_day_ns(clock: str) -> int:
    whole, _, fraction = clock.replace(",", ".").partition(".")
    hours, minutes, seconds = (int(part) for part in whole.split(":"))
    return (hours * 3600 + minutes * 60 + seconds) * NS_PER_S + int((fraction + "0" * 9)[:9])


def _named(line: LogLine) -> LogLine:
    match = milestones.find(line.text, line.logger)
    return line if match is None else replace(line, milestone=match.name, groups=match.groups)


def _same_event(one: Milestone, other: Milestone) -> bool:
    return (
        one.name == other.name
        and one.time_ns == other.time_ns
        and one.end_ns == other.end_ns
        and all(other.groups.get(key, value) == value for key, value in one.groups.items())
    )


def _union(one: Milestone, other: Milestone) -> Milestone:
    # The form that let more be read is the log's own; the other one is somebody's summary of it.
    text = other.text if len(other.groups) > len(one.groups) else one.text
    return replace(one, text=text, groups={**one.groups, **other.groups})
