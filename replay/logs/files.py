"""Log files as bytes: found, unpacked, and cut into blocks of whole records.

A log is a file, a gzipped file, or a rotated set (`bot.log`, `bot.log.1`, `bot.log.2.gz`, or by day
`bot.log.2025-10-28`, `bot.log-20251028`), which is read from its oldest part to its newest. Memory
stays flat however long it is.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from replay.logs.lines import record
from simulator.errors import InputError

BLOCK = 4 << 20
"""Bytes read at a time."""
LONGEST_RECORD = 4 * BLOCK
"""Of what goes on without a record beginning, so many bytes are kept together."""

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_LOOKED_AT = 8192
"""A zero byte in so much of a file says that it is no text."""
_NUMBERED = re.compile(r"\.(\d{1,6})(?:\.gz)?")
_DATED = re.compile(r"[.-](\d{4}(-?)\d{2}\2\d{2}(?:_\d{2}(?:-\d{2}){0,2})?)(?:\.gz)?")
_BEGINS = re.compile(rb"(?:\d{4}-\d\d-\d\d[ T])?\d\d:\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines of a file, with `\\n` between them. It begins with a record, as far as can be
    told, and ends where another one begins."""

    file: Path
    first: int
    """The number of its first line in the file, from 1."""
    raw: bytes


def parts(path: Path) -> list[Path]:
    """The files of a log, oldest first: of a rotated set all, if its newest part is named.

    Raises InputError where there is no such file.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no such file"
        raise InputError(f"{path}: the log cannot be read: {what}")
    numbered: list[tuple[int, str, Path]] = []
    dated: list[tuple[str, str, Path]] = []
    for other in path.parent.iterdir():
        if not other.name.startswith(path.name) or not other.is_file():
            continue
        ending = other.name[len(path.name) :]
        if (rotated := _NUMBERED.fullmatch(ending)) is not None:
            numbered.append((-int(rotated[1]), other.name, other))
        elif (rotated := _DATED.fullmatch(ending)) is not None:
            dated.append((rotated[1].replace("-", ""), other.name, other))
    return [*(each[2] for each in (*sorted(dated), *sorted(numbered))), path]


def blocks(files: Sequence[Path]) -> Iterator[Block]:
    """The files' lines, one file after the other.

    Raises InputError for a file that cannot be read, is no text, or has a line that is longer than
    `LONGEST_RECORD`, and where all of them are empty.
    """
    empty = True
    for file in files:
        try:
            with _opened(file) as source:
                for block in _blocks(file, source):
                    empty = False
                    yield block
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{file}: the log cannot be read: {error}") from error
    # The newest file of a rotated set is empty for a while.
    if empty:
        raise InputError(f"{files[-1]}: is empty; name a file with the log's lines")


def blocks_of(text: str, file: Path) -> Iterator[Block]:
    """A text's lines as if they stood in a file."""
    return _blocks(file, io.BytesIO(text.encode()))


def _opened(file: Path) -> BinaryIO | gzip.GzipFile:
    with file.open("rb") as raw:
        packed = raw.read(len(_GZIP)) == _GZIP
    return gzip.open(file, "rb") if packed else file.open("rb")


def _blocks(file: Path, source: BinaryIO | gzip.GzipFile) -> Iterator[Block]:
    first, rest, started = 1, b"", False
    while chunk := source.read(BLOCK):
        if not started:
            started = True
            if b"\0" in chunk[:_LOOKED_AT]:
                raise InputError(
                    f"{file}: is no text but a binary file; name the log itself, saved as UTF-8"
                )
            chunk = chunk.removeprefix(_BOM)
        rest += chunk
        cut = _cut(rest, file, first)
        if cut:
            yield Block(file, first, _with_line_feeds(rest[:cut]))
            first += rest.count(b"\n", 0, cut)
            rest = rest[cut:]
    if rest:
        yield Block(file, first, _with_line_feeds(rest))


def _with_line_feeds(raw: bytes) -> bytes:
    # One byte is found far sooner than two.
    return raw.replace(b"\r\n", b"\n") if b"\r" in raw else raw


def _cut(raw: bytes, file: Path, first: int) -> int:
    """Where the last whole line that begins a record begins; 0 where more has to be read.

    What goes on for too long without a time is cut before a line that is not indented, if there is
    one. Its later lines cannot be joined to the record that they belong to.
    """
    end = raw.rfind(b"\n")
    while end > 0:
        before = raw.rfind(b"\n", 0, end)
        if _BEGINS.match(raw, before + 1):
            line = raw[before + 1 : end].decode(errors="replace")
            if before >= 0 and record(0, line) is not None:
                return before + 1
        end = before
    if len(raw) < LONGEST_RECORD:
        return 0
    end = len(raw)
    while (end := raw.rfind(b"\n", 0, end)) > 0:
        if not raw[end + 1 : end + 2].isspace() and end + 1 < len(raw):
            return end + 1
    if (end := raw.rfind(b"\n")) > 0:
        return end + 1
    raise InputError(
        f"{file}:{first}: the line is longer than {LONGEST_RECORD >> 20} MiB; is it a log?"
    )
