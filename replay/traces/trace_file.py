"""Reads the trace of a run from a file: what `replay run --trace` wrote, packed by gzip or not."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from simulator.errors import InputError

_GZIP = b"\x1f\x8b"
_CURE = "name a file that `replay run --trace FILE` wrote"


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceFile:
    """The lines of a trace, and the same as entries."""

    lines: tuple[str, ...]
    entries: tuple[Mapping[str, Any], ...]


def read(file: Path) -> TraceFile:
    """Raises InputError, with the line, for a file that is no trace."""
    lines: list[str] = []
    entries: list[Mapping[str, Any]] = []
    try:
        for number, line in enumerate(_lines(file), 1):
            entries.append(_entry(file, number, line))
            lines.append(line)
    except (OSError, EOFError, UnicodeDecodeError) as error:  # a gzip that is cut ends in EOFError
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{file}: cannot be read: {why}; {_CURE}") from error
    return TraceFile(lines=tuple(lines), entries=tuple(entries))


def _lines(file: Path) -> Iterator[str]:
    with file.open("rb") as opened:
        packed = opened.read(len(_GZIP)) == _GZIP
    opener = gzip.open if packed else open
    with opener(file, "rt", encoding="utf-8", newline="\n") as text:
        for line in text:
            yield line.removesuffix("\n")


def _entry(file: Path, number: int, line: str) -> Mapping[str, Any]:
    try:
        entry: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{file}:{number}: no JSON: {error}; {_CURE}") from error
    match entry:
        case {"t": int(), "host": str(), "kind": str()}:
            found: Mapping[str, Any] = entry
            return found
    shown = line if len(line) <= 60 else f"{line[:60]}…"
    raise InputError(f"{file}:{number}: {shown} is no entry with `t`, `host` and `kind`; {_CURE}")
