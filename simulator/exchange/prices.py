"""Price paths: what a symbol costs at any time, past and future.

A path is data; `bind` makes of it a quote source for one market. A quote depends on the time
alone, never on who asked before.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple, Protocol

from simulator.exchange.exact import SMALLEST, eight_decimals
from simulator.exchange.walk import SECOND_NS, Walk


class Range(NamedTuple):
    """First, highest, lowest and last price of a span of time."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class Quotes(Protocol):
    """A path bound to a market: prices with 8 decimals, not yet on the market's tick."""

    def price_at(self, now_ns: int) -> Decimal:
        """The price at that time."""

    def next_change_ns(self, now_ns: int) -> int | None:
        """The next time after `now_ns` at which the price may differ; None: never again."""

    def range(self, start_ns: int, end_ns: int) -> Range:
        """Prices from `start_ns` up to, but without, `end_ns`."""


class PricePath(Protocol):
    """A path as data."""

    def bind(self, rng: random.Random, origin_ns: int) -> Quotes:
        """Quotes along this path; `rng` is the market's own stream, `origin_ns` its start."""


@dataclass(frozen=True, slots=True)
class Constant:
    """The same price for ever."""

    price: Decimal

    def __post_init__(self) -> None:
        _check_price(self.price)

    def bind(self, rng: random.Random, origin_ns: int) -> Quotes:
        return self

    def price_at(self, now_ns: int) -> Decimal:
        return self.price

    def next_change_ns(self, now_ns: int) -> int | None:
        return None

    def range(self, start_ns: int, end_ns: int) -> Range:
        return Range(self.price, self.price, self.price, self.price)


@dataclass(frozen=True, slots=True)
class Points:
    """Prices at given times, in nanoseconds since the epoch, ascending.

    Before the first point its price holds, after the last one that. In between the price stays
    until the next point, or, with `linear`, moves towards it every `interval_ns`.
    """

    points: tuple[tuple[int, Decimal], ...]
    linear: bool = False
    interval_ns: int = SECOND_NS

    def __post_init__(self) -> None:
        if not self.points:
            raise ValueError("points: at least one is needed, there was none")
        if self.interval_ns <= 0:
            raise ValueError(f"interval_ns must be above 0, was {self.interval_ns}")
        for _, price in self.points:
            _check_price(price)
        times = [time_ns for time_ns, _ in self.points]
        for earlier, later in pairwise(times):
            if later <= earlier:
                raise ValueError(f"points: times must ascend, {later} follows {earlier}")

    def bind(self, rng: random.Random, origin_ns: int) -> Quotes:
        return self

    def price_at(self, now_ns: int) -> Decimal:
        index = self._index(now_ns)
        if index < 0:
            return self.points[0][1]
        start_ns, price = self.points[index]
        if not self.linear or index + 1 == len(self.points):
            return price
        end_ns, target = self.points[index + 1]
        passed_ns = (now_ns - start_ns) // self.interval_ns * self.interval_ns
        return eight_decimals(price + (target - price) * passed_ns / (end_ns - start_ns))

    def next_change_ns(self, now_ns: int) -> int | None:
        index = self._index(now_ns)
        if index + 1 >= len(self.points):
            return None
        next_ns = self.points[index + 1][0]
        if not self.linear or index < 0:
            return next_ns
        start_ns = self.points[index][0]
        steps = (now_ns - start_ns) // self.interval_ns + 1
        return min(start_ns + steps * self.interval_ns, next_ns)

    def range(self, start_ns: int, end_ns: int) -> Range:
        first, last = self.price_at(start_ns), self.price_at(end_ns - 1)
        prices = [first, last]
        # Between two points a path only rises or only falls: its ends are its extremes.
        for time_ns, price in self.points[self._index(start_ns) + 1 :]:
            if time_ns >= end_ns:
                break
            prices += (self.price_at(time_ns - 1), price)
        return Range(first, max(prices), min(prices), last)

    def _index(self, now_ns: int) -> int:
        """Of the last point at or before `now_ns`, -1 before the first."""
        return bisect_right(self.points, now_ns, key=_time_of) - 1


@dataclass(frozen=True, slots=True)
class RandomWalk:
    """A geometric random walk that takes a step every `interval_ns`.

    `sigma` is the standard deviation of the relative change over one second; over a minute it is
    `sigma * 60 ** 0.5`. `start` is the price at the market's origin; the walk has a past as well,
    in coarser steps (see `Walk`), so that a client can ask for candles from before the run.
    """

    start: Decimal
    sigma: float = 0.0001
    interval_ns: int = SECOND_NS

    def __post_init__(self) -> None:
        _check_price(self.start)
        if self.interval_ns <= 0:
            raise ValueError(f"interval_ns must be above 0, was {self.interval_ns}")
        if not 0 <= self.sigma < 0.1:
            raise ValueError(
                f"sigma must be a share per second, at least 0 and below 0.1, was {self.sigma}"
            )

    def bind(self, rng: random.Random, origin_ns: int) -> Quotes:
        walk = Walk(
            seed=rng.getrandbits(64),
            sigma=self.sigma,
            interval_ns=self.interval_ns,
            origin_ns=origin_ns,
        )
        return _WalkQuotes(self.start, walk)


class _WalkQuotes:
    """A walk's levels as prices."""

    __slots__ = ("_start", "_walk")

    def __init__(self, start: Decimal, walk: Walk) -> None:
        self._start = start / Walk.SCALE
        self._walk = walk

    def price_at(self, now_ns: int) -> Decimal:
        return self._price(self._walk.level_at(now_ns))

    def next_change_ns(self, now_ns: int) -> int | None:
        return self._walk.next_change_ns(now_ns)

    def range(self, start_ns: int, end_ns: int) -> Range:
        high, low = self._walk.extremes(start_ns, end_ns)
        return Range(
            self.price_at(start_ns), self._price(high), self._price(low), self.price_at(end_ns - 1)
        )

    def _price(self, level: int) -> Decimal:
        return max(SMALLEST, eight_decimals(self._start * level))


class Steered:
    """Quotes that follow a path up to a moment, and prices that were set by hand from then on."""

    __slots__ = ("_before", "_set")

    def __init__(self, before: Quotes, now_ns: int, price: Decimal) -> None:
        """Raises ValueError for a price that is not above 0."""
        earlier: tuple[tuple[int, Decimal], ...] = ()
        if isinstance(before, Steered):
            earlier = tuple(point for point in before._set.points if point[0] < now_ns)
            before = before._before
        self._before: Quotes = before
        self._set: Points = Points((*earlier, (now_ns, price)))

    def price_at(self, now_ns: int) -> Decimal:
        path = self._before if now_ns < self._since_ns else self._set
        return path.price_at(now_ns)

    def next_change_ns(self, now_ns: int) -> int | None:
        if now_ns >= self._since_ns:
            return self._set.next_change_ns(now_ns)
        next_ns = self._before.next_change_ns(now_ns)
        return self._since_ns if next_ns is None else min(next_ns, self._since_ns)

    def range(self, start_ns: int, end_ns: int) -> Range:
        since_ns = self._since_ns
        if end_ns <= since_ns:
            return self._before.range(start_ns, end_ns)
        later = self._set.range(max(start_ns, since_ns), end_ns)
        if start_ns >= since_ns:
            return later
        sooner = self._before.range(start_ns, since_ns)
        high, low = max(sooner.high, later.high), min(sooner.low, later.low)
        return Range(sooner.open, high, low, later.close)

    @property
    def _since_ns(self) -> int:
        return self._set.points[0][0]


def _time_of(point: tuple[int, Decimal]) -> int:
    return point[0]


def _check_price(price: Decimal) -> None:
    if not price > 0:
        raise ValueError(f"price must be above 0, was {price}")
