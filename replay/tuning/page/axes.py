"""Where on an axis a value of a study stands: numbers, durations in seconds, else side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from replay.tuning.values import as_typed, same
from scenarios.study import Parameter
from scenarios.units import NS_PER_S, parse_duration

_LEVELS = 12
"""Of more different numbers than that, as a random search tries them, ranges are made."""
RANGES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """An axis with places on it, in order."""

    title: str
    labels: tuple[str, ...]
    at: tuple[float, ...] | None
    """Where each is; None where they are no numbers."""
    log: bool = False


def axis_of(name: str, values: Sequence[Any]) -> Axis:
    """Values in the order of the study; durations are put on an axis of seconds."""
    for number, unit in ((_number, ""), (_seconds, ", s")):
        at = [number(value) for value in values]
        known = [each for each in at if each is not None]
        if len(known) == len(at):
            return Axis(title=f"{name}{unit}", labels=_texts(values), at=tuple(known))
    return Axis(title=name, labels=_texts(values), at=None)


class Levels:
    """The values of a parameter that were tried, as few enough places to be compared."""

    def __init__(self, name: str, parameter: Parameter, values: Sequence[Any]) -> None:
        distinct = list({same(value): value for value in values}.values())
        numbers = [_number(value) for value in distinct]
        known = [each for each in numbers if each is not None]
        self._edges: list[float] = []
        self._places: dict[str, int] = {}
        if parameter.values is None and len(known) > _LEVELS:
            self._edges = _edges(min(known), max(known), parameter.log)
            self.axis = _ranges(name, self._edges, parameter.log)
            return
        if len(known) == len(distinct):
            distinct.sort(key=float)
        self.axis = axis_of(name, distinct)
        self._places = {same(value): place for place, value in enumerate(distinct)}

    def place(self, value: Any) -> int:
        """Which of the places a value belongs to."""
        if not self._edges:
            return self._places[same(value)]
        inner = self._edges[1:-1]
        return sum(float(value) >= edge for edge in inner)


def _edges(low: float, high: float, log: bool) -> list[float]:
    if log:
        ends = math.log(low), math.log(high)
        return [math.exp(each) for each in _evenly(*ends)]
    return _evenly(low, high)


def _evenly(low: float, high: float) -> list[float]:
    return [low + (high - low) * step / RANGES for step in range(RANGES + 1)]


def _ranges(name: str, edges: Sequence[float], log: bool) -> Axis:
    pairs = list(pairwise(edges))
    middles = [math.sqrt(a * b) if log else (a + b) / 2 for a, b in pairs]
    labels = tuple(f"{low:.3g} to {high:.3g}" for low, high in pairs)
    return Axis(title=name, labels=labels, at=tuple(middles), log=log)


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(as_typed(value) for value in values)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        found = float(str(value))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _seconds(value: Any) -> float | None:
    try:
        return parse_duration(value, signed=True) / NS_PER_S
    except ValueError:
        return None
