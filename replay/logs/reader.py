"""Blocks of a log as records, line by line: what all forms of a log have in common.

`replay.logs.rows` and `replay.logs.table` read logs by it, wherever `replay.logs.at_once` cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from replay.logs.calendar import Calendar
from replay.logs.encodings import Repairs, decoded
from replay.logs.files import Block
from replay.logs.lines import Record, record, untimed_record
from simulator.errors import InputError

KEPT = 1_000
"""So many of the lines that cannot be read are kept; all are counted."""

Piece = TypeVar("Piece")
_Begin = Callable[[int, str], Record | None]


@dataclass(slots=True)
class Reading:
    """What came of reading a log, beside its records."""

    files: list[str] = field(default_factory=list)
    """Their names, oldest first."""
    rows: int = 0
    timed: bool = True
    """Whether any line has a time. Where none has, only the order is known."""
    unread: int = 0
    unread_lines: list[tuple[str, int, str]] = field(default_factory=list)
    """The first `KEPT` of them: file, number, and the line."""
    repairs: Repairs = field(default_factory=Repairs)

    def notes(self) -> list[str]:
        """What a person should be told, besides the lines that could not be read."""
        told = self.repairs.notes()
        if not self.timed:
            told.insert(0, "no line has a time; only their order is known")
        return told


def pieces(
    blocks: Callable[[], Iterable[Block]],
    reading: Reading,
    timed: Callable[[Block], Piece],
    untimed: Callable[[Block], Piece],
) -> Iterator[Piece]:
    """What `timed` makes of each block. If that is not a single row, the log is read once more:
    what `untimed` makes of them."""
    for block in blocks():
        if block.file.name not in reading.files[-1:]:
            reading.files.append(block.file.name)
        yield timed(block)
    if reading.rows:
        return
    reading.timed, reading.unread, reading.repairs = False, 0, Repairs()
    reading.unread_lines.clear()
    for block in blocks():
        yield untimed(block)


def require_rows(path: Path, reading: Reading) -> None:
    """Raises InputError where reading a log gave nothing at all."""
    if not reading.rows:
        raise InputError(f"{path}: no line could be read; name a file with the log's lines")


def timed_records(block: Block, calendar: Calendar, reading: Reading) -> list[Record]:
    """The records of a block, with their times."""
    found = _read(block, record, reading)
    calendar.enter(block.file)
    for each in found:
        assert each.of_day_ns is not None
        each.time_ns = calendar.time_ns(each.date, each.of_day_ns, each.number)
        if each.end_of_day_ns is not None:
            each.end_ns = calendar.end_ns(each.end_of_day_ns, each.of_day_ns, each.time_ns)
    return found


def untimed_records(block: Block, reading: Reading) -> list[Record]:
    """The records of a block of a log without times."""
    return _read(block, untimed_record, reading)


def _read(block: Block, begin: _Begin, reading: Reading) -> list[Record]:
    name = block.file.name
    found: list[Record] = []
    last: Record | None = None
    text = decoded(block.raw, reading.repairs)
    for number, line in enumerate(text.split("\n"), start=block.first):
        if not line.strip():
            # A program's own text may have blank lines in it; somebody's excerpt ends there.
            if last is not None and not last.level:
                last = None
            continue
        begun = begin(number, line)
        if begun is not None:
            begun.file = name
            found.append(begun)
            last = begun
        elif last is None or not last.continued(line):
            last = None
            reading.unread += 1
            if len(reading.unread_lines) < KEPT:
                reading.unread_lines.append((name, number, line.strip()))
    reading.rows += len(found)
    return found
