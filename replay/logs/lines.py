"""The forms in which log lines come, one line at a time.

With `.` or `,` before the fraction of a second and `-` or `|` between the parts:

    2025-10-28 22:34:12,246 - logger.name - INFO - text     as logging writes it
    22:34:12.246 - text                                     shortened by somebody
    22:34:13-23  - text                                     a range: from 22:34:13 to 22:34:23
    02:35:25,219 → 02:35:35,732 (10.0 seconds)
    22:34:12.9XX - text                                     to a tenth of a second
    22:34:12.246 - text  <-- a note                         somebody's note, as is `← a note`
      - WebSocket: True                                     continues the line above
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date as Date

from replay.clocktime import NS_PER_S

LEVELS = "TRACE|DEBUG|INFO|NOTICE|SUCCESS|WARNING|WARN|ERROR|CRITICAL|FATAL"
YEARS = (1900, 2099)
"""A line of another year is taken for no date: a table of pandas holds no day after 2262."""

_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.,][0-9Xx]{1,9})?"
_DATE = r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_RECORD = re.compile(
    rf"^(?:(?P<date>{_DATE})[ T])?(?P<start>{_TIME})"
    rf"(?:\s*(?:→|->|-(?=[0-9]))\s*(?P<end>{_TIME}|[0-5]?[0-9](?::[0-5][0-9])?(?=\s)))?"
    r"(?:\s*[-|]\s+|\s+(?=\())(?P<text>.*)$"
)
_LOGGED = re.compile(rf"^(?P<logger>\S+) - (?P<level>{LEVELS}) - (?P<text>.*)$")
_CONTINUATION = re.compile(r"^\s+(?:\|\s*)?(?P<text>\S.*)$")
_REMARK = re.compile(r"^(?:\.{3}|…|\(.*\)\s*$)")
"""What is left out, in somebody's words; no program's continuation begins so."""
_NOTE = re.compile(r"\s{2,}(?:<-+|←)\s*(?P<note>\S.*)$|\s+←\s*(?P<arrow>\S.*)$")


@dataclass(slots=True, kw_only=True)
class Record:
    """One line, and what the lines below it add."""

    number: int
    """In its file, from 1."""
    source: str
    """As it stands, first line only."""
    texts: list[str]
    """Its own text, and that of each line that continues it."""
    date: str = ""
    """`2025-10-28`, or empty where the line has none."""
    of_day_ns: int | None = None
    """None in a log without times."""
    end_of_day_ns: int | None = None
    exact_ns: int = 0
    """To what the time is given: 1 ms, 1 s, 100 ms for `12.9XX`; 0 where there is none."""
    logger: str = ""
    level: str = ""
    notes: list[str] = field(default_factory=list)
    file: str = ""
    time_ns: int | None = None
    """Since the epoch, once its day is known."""
    end_ns: int | None = None

    @property
    def message(self) -> str:
        """The texts, joined by line breaks."""
        return "\n".join(self.texts)

    @property
    def note(self) -> str:
        """What somebody remarked on it, joined by line breaks."""
        return "\n".join(self.notes)

    def continued(self, line: str) -> bool:
        """Takes in a line that continues it; False for one that does not.

        What a program wrote beyond its first line need not be indented (a traceback is not) and is
        kept as it is; what somebody shortened by hand is only continued by what is indented.
        """
        if _REMARK.match(line):
            return False
        text, note = _without_note(line)
        if not self.level:
            indented = _CONTINUATION.match(text)
            if indented is None:
                return False
            text = indented["text"]
        self.texts.append(text.rstrip())
        if note:
            self.notes.append(note)
        return True


def record(number: int, line: str) -> Record | None:
    """The record that a line begins; None where it does not begin with a time."""
    found = _RECORD.match(line)
    if found is None or (found["date"] and not _is_day(found["date"])):
        return None
    start, end = found["start"], found["end"]
    text, note = _without_note(found["text"])
    logged = _LOGGED.match(text)
    of_day_ns, exact_ns = _of_day(start)
    return Record(
        number=number,
        source=line,
        texts=[(logged["text"] if logged else text).strip()],
        date=found["date"] or "",
        of_day_ns=of_day_ns,
        end_of_day_ns=None if end is None else _of_day(_completed(end, start))[0],
        exact_ns=exact_ns,
        logger=logged["logger"] if logged else "",
        level=logged["level"] if logged else "",
        notes=[note] if note else [],
    )


def untimed_record(number: int, line: str) -> Record | None:
    """The record that a line begins in a log without times; None where it is indented."""
    if line[:1].isspace():
        return None
    text, note = _without_note(line)
    return Record(number=number, source=line, texts=[text.strip()], notes=[note] if note else [])


def _is_day(date: str) -> bool:
    try:
        return date[8:] <= "28" or Date.fromisoformat(date) is not None
    except ValueError:
        return False


def _without_note(text: str) -> tuple[str, str]:
    # Looked for only where there may be one: the expression takes its time over long texts.
    if "<-" not in text and "←" not in text:
        return text, ""
    found = _NOTE.search(text)
    if found is None:
        return text, ""
    return text[: found.start()], (found["note"] or found["arrow"]).strip()


def _completed(end: str, start: str) -> str:
    """The end of a range such as `22:34:13-23`, with what it leaves out taken from the start."""
    return start[: 8 - len(end)] + end if len(end) < 8 else end


def _of_day(clock: str) -> tuple[int, int]:
    """Nanoseconds since midnight, and to how many of them that is given."""
    seconds = int(clock[:2]) * 3600 + int(clock[3:5]) * 60 + int(clock[6:8])
    digits = clock[9:].rstrip("Xx")
    if not digits.isdigit():  # `9X3`, or none at all
        digits = re.split("[Xx]", digits, maxsplit=1)[0]
    return seconds * NS_PER_S + int(digits.ljust(9, "0")), 10 ** (9 - len(digits))
