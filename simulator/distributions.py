"""Durations drawn from a distribution: latencies, lags, stalls. All in integer nanoseconds."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from dataclasses import dataclass
from typing import Protocol


class Distribution(Protocol):
    """A non-negative duration, drawn anew at each use."""

    def draw_ns(self, rng: random.Random) -> int:
        """One duration in nanoseconds, at least 0."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same duration; draws nothing from the stream."""

    value_ns: int

    def draw_ns(self, rng: random.Random) -> int:
        return self.value_ns


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any duration from `low_ns` to `high_ns`, both included."""

    low_ns: int
    high_ns: int

    def draw_ns(self, rng: random.Random) -> int:
        return rng.randint(self.low_ns, self.high_ns)


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Half of the draws lie below `median_ns`; `sigma` is that of the logarithm."""

    median_ns: int
    sigma: float

    def draw_ns(self, rng: random.Random) -> int:
        return round(self.median_ns * math.exp(self.sigma * rng.gauss(0.0, 1.0)))


@dataclass(frozen=True, slots=True)
class Empirical:
    """Measured points `(share of the draws at or below, duration)`, linear in between.

    The shares ascend to 1.0; below the first share its duration is drawn.
    """

    points: tuple[tuple[float, int], ...]

    def draw_ns(self, rng: random.Random) -> int:
        share = rng.random()
        index = bisect_right(self.points, (share, math.inf))
        if index == 0:
            return self.points[0][1]
        if index == len(self.points):
            return self.points[-1][1]
        (low_share, low_ns), (high_share, high_ns) = self.points[index - 1], self.points[index]
        return low_ns + round((high_ns - low_ns) * (share - low_share) / (high_share - low_share))


ZERO = Fixed(0)
