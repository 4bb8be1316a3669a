"""What a benchmark reports, and how ratios are measured."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

clock = time.perf_counter
"""The real clock, taken before any world is entered: a world replaces the names modules hold, so
measured code is timed from outside or through `real_clock`."""


class RealClock:
    """Keeps the real function where no world looks for it: inside an object."""

    def __init__(self) -> None:
        self.read = time.perf_counter


real_clock = RealClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of `build/bench.json`."""

    name: str
    value: float
    unit: str
    target: float | None
    better: str
    """`lower` or `higher`."""

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.value <= self.target if self.better == "lower" else self.value >= self.target

    def as_row(self) -> dict[str, object]:
        return asdict(self)


def seconds(action: Callable[[], object]) -> float:
    """Real seconds of one call, with the garbage collector out of the way."""
    gc.collect()
    gc.disable()
    try:
        before = real_clock.read()
        action()
        return real_clock.read() - before
    finally:
        gc.enable()


def median_ratio(one: Callable[[], float], other: Callable[[], float], rounds: int = 7) -> float:
    """The median of `one() / other()`, each pair measured back to back, in alternating order."""
    ratios = []
    for number in range(rounds):
        if number % 2:
            below = other()
            above = one()
        else:
            above = one()
            below = other()
        ratios.append(above / below)
    return statistics.median(ratios)
