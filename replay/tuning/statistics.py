"""Estimates with intervals: Wilson's for rates, the bootstrap for times and amounts, pairs for
differences.

Everything is seeded by what is asked, so that the same rows give the same intervals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

_RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with the interval that it lies in, and how many runs it comes from."""

    value: float
    low: float
    high: float
    runs: int

    def excludes(self, value: float) -> bool:
        """Whether the interval lies on one side of a value."""
        return value < self.low or value > self.high


def rate(hits: int, runs: int, confidence: float) -> Estimate:
    """The share of runs with a hit, with Wilson's interval."""
    from scipy.stats import binomtest  # takes a second, before which one wants to see progress

    found = binomtest(hits, runs).proportion_ci(confidence, method="wilson")
    return Estimate(hits / runs, float(found.low), float(found.high), runs)


def mean(values: Numbers, confidence: float) -> Estimate:
    """The mean, with the bootstrap's percentile interval. Runs without a value (NaN) are left out;
    where all are, nothing is known, from 0 runs."""
    return _bootstrapped(values, None, confidence)


def quantile(values: Numbers, share: float, confidence: float) -> Estimate:
    """A quantile, with the bootstrap's percentile interval; of NaN as for `mean`."""
    return _bootstrapped(values, share, confidence)


def _bootstrapped(values: Numbers, share: float | None, confidence: float) -> Estimate:
    values = values[~np.isnan(values)]
    if not len(values):
        return Estimate(math.nan, math.nan, math.nan, 0)
    value = float(np.mean(values) if share is None else np.quantile(values, share))
    if np.all(values == values[0]):
        return Estimate(value, value, value, len(values))
    draws = np.random.default_rng(len(values))  # det-ok: seeded by what is asked
    stats = np.empty(_RESAMPLES)
    at_once = max(1, 4_000_000 // len(values))
    for start in range(0, _RESAMPLES, at_once):
        count = min(at_once, _RESAMPLES - start)
        drawn = values[draws.integers(0, len(values), (count, len(values)))]
        stats[start : start + count] = (
            drawn.mean(axis=1) if share is None else np.quantile(drawn, share, axis=1)
        )
    low, high = np.quantile(stats, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(value, float(low), float(high), len(values))


def difference(ours: Numbers, theirs: Numbers, confidence: float) -> Estimate:
    """The mean of `ours - theirs`, run by run: each pair had the same circumstances and seed.

    What both have in common cancels out, so that far fewer runs tell them apart. A pair counts if
    both have a value.
    """
    return mean(ours - theirs, confidence)
