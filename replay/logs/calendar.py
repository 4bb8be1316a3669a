"""Gives every line of a log its day, and with it its moment."""

from __future__ import annotations

import re
from datetime import date as Date
from pathlib import Path

from replay.clocktime import NS_PER_S
from replay.logs.lines import YEARS
from simulator.errors import InputError

_DAY_NS = 86_400 * NS_PER_S
_HALF_A_DAY_NS = _DAY_NS // 2
_AROUND_MIDNIGHT_NS = 300 * NS_PER_S
"""So far from midnight, lines of two threads may stand in the wrong order."""
_IN_NAME = re.compile(r"(?<!\d)(20[0-9]{2})([-_.]?)([0-9]{2})\2([0-9]{2})(?!\d)")


class Calendar:
    """Goes through a log line by line.

    A line without a date is of `date`, else of the date in its file's name, else of the day of the
    line before; where the clock goes back by more than half a day, the next day has begun.
    """

    def __init__(self, date: Date | None, utc_offset_s: int) -> None:
        """Raises InputError for a day that no log is of."""
        self.utc_offset_s = utc_offset_s
        self._offset_ns = utc_offset_s * NS_PER_S
        if date is not None and not YEARS[0] <= date.year <= YEARS[1]:
            raise InputError(
                f"{date}: the day of a log must lie in the years from {YEARS[0]} to {YEARS[1]}; "
                f"give the day of its first line"
            )
        self._given = date is not None
        self._midnight_ns = None if date is None else day_ns(date.isoformat())
        self._latest_ns = -1
        self._turned = False
        self._file: Path | None = None

    def enter(self, file: Path) -> None:
        """The lines that follow are those of `file`. A day that was given is that of the first
        line of all, whatever the files are called."""
        if file == self._file:
            return
        self._file = file
        if not self._given and (named := day_in_name(file.name)) is not None:
            self._midnight_ns, self._latest_ns, self._turned = day_ns(named), -1, False

    def time_ns(self, date: str, of_day_ns: int, line: int) -> int:
        """The moment, in UTC since the epoch, of the line with this number. Raises InputError where
        nothing tells its day."""
        if date:
            return self.dated_ns(day_ns(date), of_day_ns)
        if self._midnight_ns is None:
            raise InputError(
                f"{self._file}:{line}: the line has no date, and neither has the file's name; "
                f"give the day of the first line"
            )
        if of_day_ns < self._latest_ns - _HALF_A_DAY_NS:
            self._midnight_ns += _DAY_NS
            self._turned = True
        elif self._turned and self._late_for_yesterday(of_day_ns):
            return self._midnight_ns - _DAY_NS + of_day_ns - self._offset_ns
        self._latest_ns = of_day_ns
        return self._midnight_ns + of_day_ns - self._offset_ns

    def dated_ns(self, midnight_ns: int, of_day_ns: int) -> int:
        """As `time_ns`, of a line with a date: its midnight since the epoch, as if in UTC."""
        self._midnight_ns, self._latest_ns, self._turned = midnight_ns, of_day_ns, False
        return midnight_ns + of_day_ns - self._offset_ns

    def end_ns(self, end_of_day_ns: int, of_day_ns: int, time_ns: int) -> int:
        """The end of a range that began at `time_ns`, which was `of_day_ns`."""
        end_ns = time_ns - of_day_ns + end_of_day_ns
        return end_ns + _DAY_NS if end_ns < time_ns else end_ns

    def _late_for_yesterday(self, of_day_ns: int) -> bool:
        return self._latest_ns < _AROUND_MIDNIGHT_NS and of_day_ns > _DAY_NS - _AROUND_MIDNIGHT_NS


def day_in_name(name: str) -> str | None:
    """The day, `2025-10-28`, that a file's name speaks of, if it does."""
    for found in _IN_NAME.finditer(name):
        day = f"{found[1]}-{found[3]}-{found[4]}"
        try:
            Date.fromisoformat(day)
        except ValueError:
            continue
        return day
    return None


def day_ns(date: str) -> int:
    """Nanoseconds from the epoch to the midnight with which a day begins, as if it were in UTC.
    Raises ValueError for what is no day."""
    return (Date.fromisoformat(date).toordinal() - Date(1970, 1, 1).toordinal()) * _DAY_NS
