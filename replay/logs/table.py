"""A log as a table of pandas: streamed in chunks, or read whole.

| column | holds |
|---|---|
| `time` | the moment, with the log's offset from UTC; NaT in a log without times |
| `end` | of a range, else NaT |
| `exact_ns` | to what the time is given, in nanoseconds |
| `logger`, `level` | empty where a line does not name them |
| `message` | continuation lines joined by line breaks |
| `note` | somebody's remark |
| `file`, `line` | where it stands, lines counted from 1 |

Rows are in the order of the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date as Date
from datetime import timedelta, timezone
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import union_categoricals

from replay.clocktime import NS_PER_MS
from replay.logs import at_once, files, reader
from replay.logs.calendar import Calendar
from replay.logs.files import Block
from replay.logs.lines import Record
from replay.logs.reader import Reading

COLUMNS = ("time", "end", "exact_ns", "logger", "level", "message", "note", "file", "line")
_CATEGORIES = ("logger", "level", "file")
_NAT = np.iinfo(np.int64).min


def read_table(
    path: Path, *, date: Date | None = None, utc_offset_s: int = 0
) -> tuple[pd.DataFrame, Reading]:
    """The whole log, and what came of reading it. Raises InputError, as `chunks`."""
    reading = Reading()
    found = list(chunks(path, reading, date=date, utc_offset_s=utc_offset_s))
    return joined(found), reading


def joined(found: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Chunks as one table; there must be at least one."""
    if len(found) == 1:
        return found[0]
    columns = {
        name: union_categoricals([chunk[name] for chunk in found], sort_categories=True)
        if name in _CATEGORIES
        else pd.concat([chunk[name] for chunk in found], ignore_index=True)
        for name in COLUMNS
    }
    return pd.DataFrame(columns, copy=False)


def chunks(
    path: Path, reading: Reading, *, date: Date | None = None, utc_offset_s: int = 0
) -> Iterator[pd.DataFrame]:
    """The log in tables of some megabytes, none of them empty; `reading` is kept up to date.

    Dates and what is raised are as in `replay.logs.rows.rows`.
    """
    calendar = Calendar(date, utc_offset_s)

    def timed(block: Block) -> pd.DataFrame:
        found = at_once.columns(block, calendar)
        if found is None:
            return _of_records(reader.timed_records(block, calendar, reading), utc_offset_s)
        reading.rows += len(found.lines)
        return _of_columns(found, block.file.name, utc_offset_s)

    def untimed(block: Block) -> pd.DataFrame:
        return _of_records(reader.untimed_records(block, reading), utc_offset_s)

    for chunk in reader.pieces(lambda: files.blocks(files.parts(path)), reading, timed, untimed):
        if len(chunk):
            yield chunk
    reader.require_rows(path, reading)


def _of_records(records: Sequence[Record], utc_offset_s: int) -> pd.DataFrame:
    """Records that were read line by line."""
    return pd.DataFrame(
        {
            "time": _moments([each.time_ns for each in records], utc_offset_s),
            "end": _moments([each.end_ns for each in records], utc_offset_s),
            "exact_ns": np.array([each.exact_ns for each in records], dtype=np.int64),
            "logger": _categories([each.logger for each in records]),
            "level": _categories([each.level for each in records]),
            "message": pd.array([each.message for each in records], dtype="str"),
            "note": pd.array([each.note for each in records], dtype="str"),
            "file": _categories([each.file for each in records]),
            "line": np.array([each.number for each in records], dtype=np.int64),
        },
    )


def _of_columns(found: at_once.Columns, file: str, utc_offset_s: int) -> pd.DataFrame:
    count = len(found.lines)
    return pd.DataFrame(
        {
            "time": _zoned(found.time_ns, utc_offset_s),
            "end": _zoned(np.full(count, _NAT), utc_offset_s),
            "exact_ns": np.full(count, NS_PER_MS),
            "logger": _coded([logger for logger, _ in found.heads], found.codes),
            "level": _coded([level for _, level in found.heads], found.codes),
            "message": pd.array(found.messages, dtype="str"),
            "note": pd.array(np.full(count, "", dtype=object), dtype="str"),
            "file": _coded([file], np.zeros(count, dtype=np.int64)),
            "line": found.lines,
        },
        copy=False,
    )


def _moments(times_ns: Sequence[int | None], utc_offset_s: int) -> pd.DatetimeIndex:
    return _zoned(
        np.array([_NAT if each is None else each for each in times_ns], dtype=np.int64),
        utc_offset_s,
    )


def _zoned(times_ns: npt.NDArray[np.int64], utc_offset_s: int) -> pd.DatetimeIndex:
    zone = timezone(timedelta(seconds=utc_offset_s))
    return pd.DatetimeIndex(times_ns.view("M8[ns]"), tz="UTC").tz_convert(zone)


def _categories(words: Sequence[str]) -> pd.Categorical[str]:
    return pd.Categorical(list(words), categories=pd.Index(sorted(set(words)), dtype="str"))


def _coded(words: Sequence[str], codes: npt.NDArray[np.int64]) -> pd.Categorical[str]:
    """`words[code]` of every code."""
    known = sorted(set(words))
    places = np.array([known.index(word) for word in words], dtype=np.int32)
    return pd.Categorical.from_codes(places[codes], categories=pd.Index(known, dtype="str"))
