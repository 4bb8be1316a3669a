"""Exceptions that the bot logged below the level it prints: there in a trace, not in its log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from replay.result import HiddenException


def hidden_exceptions(
    entries: Iterable[Mapping[str, Any]], start_ns: int
) -> tuple[HiddenException, ...]:
    """One for each type, message and place, with how often it came, in order of appearance."""
    found: dict[tuple[str, ...], HiddenException] = {}
    for entry in entries:
        error = entry.get("exception")
        if entry["kind"] != "log" or not entry.get("hidden") or error is None:
            continue
        key = (error["type"], error["message"], error["place"], entry["logger"], entry["level"])
        before = found.get(key)
        if before is not None:
            found[key] = replace(before, count=before.count + 1)
            continue
        found[key] = HiddenException(
            type=error["type"],
            message=error["message"],
            place=error["place"],
            level=entry["level"],
            logger=entry["logger"],
            count=1,
            first_ns=start_ns + entry["t"],
        )
    return tuple(found.values())
