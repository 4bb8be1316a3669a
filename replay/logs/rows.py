"""A log as a stream of rows, of which only those that are wanted become records.

Most lines of a production log say nothing that is asked for, and a record costs more time than all
that is read of a row. Memory stays flat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING

from replay.logs import files, reader
from replay.logs.calendar import Calendar
from replay.logs.files import Block
from replay.logs.lines import Record, record
from replay.logs.reader import Reading

if TYPE_CHECKING:
    from replay.logs.at_once import Columns

SMALL = 64 << 10
"""Fewer bytes are read line by line sooner than NumPy, which reads them at once, is loaded."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some records of one file; each list has one entry for each of them."""

    file: str
    messages: Sequence[str]
    loggers: Sequence[str]
    times_ns: Sequence[int | None]
    numbers: Sequence[int]
    record: Callable[[int], Record]
    """The whole of the record at that place."""


def rows(
    path: Path, reading: Reading, *, date: Date | None = None, utc_offset_s: int = 0
) -> Iterator[Rows]:
    """Every record of a log, in its order; `reading` is kept up to date.

    Lines without a date are of `date`, or of the date in the file's name, or of the day of the line
    before. Clock times are `utc_offset_s` ahead of UTC.

    Raises InputError for a file that cannot be read, is empty or binary, holds nothing but blank
    lines, and for lines without a date where none is known.
    """
    calendar = Calendar(date, utc_offset_s)
    yield from _rows(lambda: files.blocks(files.parts(path)), reading, calendar)
    reader.require_rows(path, reading)


def rows_of(
    text: str,
    reading: Reading,
    *,
    name: str = "text",
    date: Date | None = None,
    utc_offset_s: int = 0,
) -> Iterator[Rows]:
    """As `rows`, of a text, which may be empty; `name` is what its file is called."""
    path = Path(name)
    return _rows(lambda: files.blocks_of(text, path), reading, Calendar(date, utc_offset_s))


def records(found: Iterable[Rows]) -> Iterator[Record]:
    """Each row as a record."""
    for each in found:
        yield from (each.record(place) for place in range(len(each.messages)))


def _rows(
    blocks: Callable[[], Iterable[Block]], reading: Reading, calendar: Calendar
) -> Iterator[Rows]:
    def timed(block: Block) -> Rows:
        found = None
        if len(block.raw) >= SMALL:
            from replay.logs import at_once

            found = at_once.columns(block, calendar)
        if found is None:
            return _of_records(block, reader.timed_records(block, calendar, reading))
        reading.rows += len(found.lines)
        return _of_columns(block, found)

    def untimed(block: Block) -> Rows:
        return _of_records(block, reader.untimed_records(block, reading))

    return reader.pieces(blocks, reading, timed, untimed)


def _of_records(block: Block, found: Sequence[Record]) -> Rows:
    return Rows(
        file=block.file.name,
        messages=[each.message for each in found],
        loggers=[each.logger for each in found],
        times_ns=[each.time_ns for each in found],
        numbers=[each.number for each in found],
        record=found.__getitem__,
    )


def _of_columns(block: Block, found: Columns) -> Rows:
    loggers = [logger for logger, _ in found.heads]
    times_ns, numbers = found.time_ns.tolist(), found.lines.tolist()

    def whole(place: int) -> Record:
        start, end = int(found.starts[place]), int(found.ends[place])
        made = record(numbers[place], block.raw[start:end].decode())
        assert made is not None
        made.texts = found.messages[place].split("\n")
        made.file, made.time_ns = block.file.name, times_ns[place]
        return made

    return Rows(
        file=block.file.name,
        messages=found.messages,
        loggers=[loggers[code] for code in found.codes.tolist()],
        times_ns=times_ns,
        numbers=numbers,
        record=whole,
    )
