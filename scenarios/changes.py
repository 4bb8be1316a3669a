"""A scenario with something else at a place: `venues.bybit.behaviour.visibility[0].lag`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scenarios.document import Document
from scenarios.errors import Problem
from scenarios.types import nearest

_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def change(document: Document, changes: Mapping[str, Any]) -> list[Problem]:
    """Puts each value where its path says; the problems with the paths themselves.

    What is on the way has to be there; the last key of a mapping may be a new one.
    """
    return [
        problem
        for path, value in changes.items()
        for problem in [_put(document, path, value)]
        if problem is not None
    ]


def _put(document: Document, path: str, value: Any) -> Problem | None:
    parts: list[str | int] = [int(index) if index else key for index, key in _PART.findall(path)]
    place = document.data
    for depth, part in enumerate(parts):
        last = depth == len(parts) - 1
        if not _leads_on(place, part, last=last):
            return _problem(document, path, parts[:depth], place)
        if last:
            place[part] = value
        else:
            place = place[part]
    return None


def _leads_on(place: Any, part: str | int, *, last: bool) -> bool:
    if isinstance(part, int):
        return isinstance(place, list) and part < len(place)
    return isinstance(place, dict) and (last or part in place)


def _problem(document: Document, path: str, before: list[str | int], place: Any) -> Problem:
    if isinstance(place, dict):
        cure = nearest(path, [str(key) for key in place])
    elif isinstance(place, list):
        cure = f"the list there has {len(place)} entries, from [0] on"
    else:
        cure = "there is a single value before it"
    return Problem(
        file=document.file,
        line=document.line(tuple(before)),
        key=path,
        value="",
        rule="no such place to change",
        cure=cure,
    )
