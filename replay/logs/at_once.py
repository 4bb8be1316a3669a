"""Blocks of lines as logging writes them, read as arrays: fast, and the same as line by line.

Only what stands in a block in exactly one form is read so. Anything else in it (a note, a shortened
line, a range, a wrong encoding) gives None, and the block is read line by line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from replay.clocktime import NS_PER_MS, NS_PER_S
from replay.logs.calendar import Calendar, day_ns
from replay.logs.encodings import suspicious
from replay.logs.files import Block
from replay.logs.lines import LEVELS, YEARS, Record, record

Numbers: TypeAlias = npt.NDArray[np.int64]
Bytes: TypeAlias = npt.NDArray[np.uint8]

_DATED, _UNDATED = b"0000-00-00 00:00:00,000 - ", b"00:00:00,000 - "
"""Stamps as logging writes them; 0 stands for a digit."""
_HEAD = re.compile(rf"(\S+) - ({LEVELS}) - ")
_ARROW = "←".encode()


@dataclass(frozen=True, slots=True)
class Columns:
    """The records of a block; what is the same for all of them is left out."""

    time_ns: Numbers
    heads: list[tuple[str, str]]
    """Each logger and level there is."""
    codes: Numbers
    """Which of the heads, by record."""
    messages: list[str]
    lines: Numbers
    starts: Numbers
    """Where in the block's bytes the first line of each record begins, and where it ends."""
    ends: Numbers


def columns(block: Block, calendar: Calendar) -> Columns | None:
    """The block's records, or None; then nothing has changed in `calendar`."""
    raw = block.raw
    if b"<-" in raw or _ARROW in raw:
        return None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    if len(text) < len(raw) and suspicious(raw, text):
        return None
    letters = np.frombuffer(raw, np.uint8)
    ends = np.append(np.flatnonzero(letters == ord("\n")), len(raw))
    starts = np.concatenate(([0], ends[:-1] + 1))
    template = _DATED if raw[4:5] == b"-" else _UNDATED
    begun, stamps = _stamped(letters, starts, ends, template)
    if not len(begun) or begun[0] != 0:
        return None
    after = starts[begun] + len(template)
    told = _told(letters, after)
    if (told > ends[begun]).any():
        return None
    spans = zip(after.tolist(), told.tolist(), strict=True)
    heads = [raw[start:end] for start, end in spans]
    known = {head: code for code, head in enumerate(sorted(set(heads)))}
    named = [_HEAD.fullmatch(head.decode(errors="replace")) for head in known]
    if not all(named):
        return None
    places = _places(letters, text)
    spans = zip(places(told), places(ends[begun]), strict=True)
    messages = [text[start:end].strip() for start, end in spans]
    if not _join(messages, text, places, np.append(starts, len(raw) + 1), begun):
        return None
    times_ns = _times_ns(stamps, calendar, block)
    if times_ns is None:
        return None
    return Columns(
        time_ns=times_ns,
        heads=[(found[1], found[2]) for found in named if found is not None],
        codes=np.fromiter(map(known.__getitem__, heads), np.int64, len(heads)),
        messages=messages,
        lines=begun + block.first,
        starts=starts[begun],
        ends=ends[begun],
    )


def _stamped(
    letters: Bytes, starts: Numbers, ends: Numbers, template: bytes
) -> tuple[Numbers, Bytes]:
    """The numbers, from 0, of the lines that begin with a stamp, and the stamps' digits by place
    (what is no digit has a value, but no sense)."""
    lines = np.flatnonzero(ends - starts >= len(template))
    begun = starts[lines]
    places = np.empty((len(template), len(lines)), dtype=np.uint8)
    fits = np.ones(len(lines), dtype=bool)
    for place, sign in enumerate(template):
        column = letters[begun + place]
        if sign == ord("0"):
            digits = column - np.uint8(ord("0"))
            fits &= digits <= 9
            places[place] = digits
        elif sign == ord(","):
            fits &= (column == ord(",")) | (column == ord("."))
        else:
            fits &= column == sign
    if fits.all():
        return lines, places
    return lines[fits], places[:, fits]


def _told(letters: Bytes, after: Numbers) -> Numbers:
    """Where the message begins: behind the second ` - ` from `after` on."""
    dashes = np.flatnonzero(letters == ord("-"))
    inside = dashes[(dashes > 0) & (dashes < len(letters) - 1)]
    spaced = (letters[inside - 1] == ord(" ")) & (letters[inside + 1] == ord(" "))
    nowhere = len(letters) + 1
    found = np.append(inside[spaced], [nowhere, nowhere])
    following = np.searchsorted(found, after + 1)
    return found[np.minimum(following + 1, len(found) - 1)] + 2


def _places(letters: Bytes, text: str) -> Callable[[Numbers], list[int]]:
    """From where a letter is in the bytes to where it is in the text."""
    if len(letters) == len(text):
        return lambda at: at.tolist()
    # Each letter's bytes after its first one have no place of their own.
    others = np.flatnonzero((letters & 0xC0) == 0x80)
    return lambda at: (at - np.searchsorted(others, at)).tolist()


def _join(
    messages: list[str],
    text: str,
    places: Callable[[Numbers], list[int]],
    starts: Numbers,
    begun: Numbers,
) -> bool:
    """Adds the lines between the records to the messages, as reading line by line does; False if
    one of them continues nothing."""
    following = np.append(begun[1:], len(starts) - 1)
    longer = np.flatnonzero(following - begun > 1)
    spans = zip(places(starts[begun[longer] + 1]), places(starts[following[longer]]), strict=True)
    for number, (start, end) in zip(longer.tolist(), spans, strict=True):
        own = [line for line in text[start : end - 1].split("\n") if line.strip()]
        if not own:
            continue
        above = Record(number=0, source="", texts=[messages[number]], level="INFO")
        if not all(record(0, line) is None and above.continued(line) for line in own):
            return False
        messages[number] = above.message
    return True


def _times_ns(stamps: Bytes, calendar: Calendar, block: Block) -> Numbers | None:
    """Of stamps, one column of digits each; None if one of them is no time of day, or no
    day of `YEARS`."""
    digits = stamps.astype(np.int64)
    clock = digits[-len(_UNDATED) :]
    hours, minutes = clock[0] * 10 + clock[1], clock[3] * 10 + clock[4]
    seconds = clock[6] * 10 + clock[7]
    if (hours > 23).any() or (minutes > 59).any() or (seconds > 59).any():
        return None
    of_day_ns = (hours * 3600 + minutes * 60 + seconds) * NS_PER_S
    of_day_ns += (clock[9] * 100 + clock[10] * 10 + clock[11]) * NS_PER_MS
    if len(stamps) == len(_UNDATED):
        calendar.enter(block.file)
        line = block.first
        return np.array([calendar.time_ns("", each, line) for each in of_day_ns.tolist()])
    days = ((digits[0] * 10 + digits[1]) * 10 + digits[2]) * 10 + digits[3]
    if (days < YEARS[0]).any() or (days > YEARS[1]).any():
        return None
    days = (days * 100 + digits[5] * 10 + digits[6]) * 100 + digits[8] * 10 + digits[9]
    changes = np.append(0, np.flatnonzero(np.diff(days)) + 1)
    try:
        midnights = [day_ns(_iso(number)) for number in days[changes].tolist()]
    except ValueError:
        return None
    calendar.enter(block.file)
    calendar.dated_ns(midnights[-1], int(of_day_ns[-1]))
    lengths = np.diff(np.append(changes, len(days)))
    times: Numbers = np.repeat(midnights, lengths) + of_day_ns - calendar.utc_offset_s * NS_PER_S
    return times


def _iso(day: int) -> str:
    return f"{day // 10_000:04d}-{day // 100 % 100:02d}-{day % 100:02d}"
