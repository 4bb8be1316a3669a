"""Fits the distributions that the simulator knows to samples that are known between bounds.

A sample between bounds counts with the probability that a distribution gives to the whole interval
(interval-censored maximum likelihood), be it narrow, of a clock's resolution, or wide, between two
queries. With few samples the result is wider than the best guess; docs/calibration.md has the rule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, special, stats

from simulator.distributions import Distribution, Empirical, Fixed, LogNormal, Uniform

FEW = 20
"""Below so many samples the upper 95% bounds of the parameters are taken, not the best guess."""
TOO_FEW = 3
"""Below so many nothing is fitted."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The shares by which samples are told of."""
_CONFIDENCE = 0.95
_LARGEST_SIGMA = 5.0
_POINTS = 20
_LEAST_SIGMA = 1e-9
_IN_DOUBT = 8.0
"""By so much must a uniform's AIC be lower: its ends are the samples' own, which flatters it."""

Bounds = tuple[int, int | None]
"""Lowest and highest nanoseconds of one sample; None knows no upper bound."""


@dataclass(frozen=True, slots=True)
class Normal:
    """Of what may be below 0, such as a lead; no distribution that a rule can have."""

    mean_ns: int
    deviation_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What comes of some samples. `distribution` is None where they do not tell of one: `why`."""

    samples: int
    censored: int
    distribution: Distribution | None
    median_ns: int
    quantiles_ns: tuple[tuple[float, int], ...]
    """Of the samples, a share and what so many of them are at or below."""
    ks: float | None = None
    """Kolmogorov-Smirnov distance of the best guess; of intervals, the least there can be."""
    p_value: float | None = None
    median_interval_ns: tuple[int, int] | None = None
    sigma_interval: tuple[float, float] | None = None
    guess: Distribution | Normal | None = None
    """The best guess, before it was widened."""
    why: str = ""

    @property
    def widened(self) -> bool:
        """Whether what is used is wider than the best guess."""
        return self.distribution is not None and self.distribution != self.guess


@dataclass(frozen=True, slots=True)
class _Shape:
    """A lognormal's parameters, and how well they are known: of the logarithm, in nanoseconds."""

    mu: float
    sigma: float
    mu_error: float
    log_sigma_error: float
    freedom: int
    exact: bool
    cost: float

    def mu_bounds(self, confidence: float) -> tuple[float, float]:
        reach = float(stats.t.ppf((1 + confidence) / 2, self.freedom)) * self.mu_error
        return self.mu - reach, self.mu + reach

    def sigma_bounds(self, confidence: float) -> tuple[float, float]:
        tails = (1 + confidence) / 2, (1 - confidence) / 2
        if self.exact:
            scaled = [self.freedom / float(stats.chi2.ppf(tail, self.freedom)) for tail in tails]
            return self.sigma * math.sqrt(scaled[0]), self.sigma * math.sqrt(scaled[1])
        reach = math.exp(float(stats.t.ppf(tails[0], self.freedom)) * self.log_sigma_error)
        return self.sigma / reach, self.sigma * reach


def fit(samples: Sequence[Bounds], *, censored: int = 0) -> Fit:
    """The distribution that samples tell of, and how well it fits; in any order.

    Of lognormal and uniform the one with the lower AIC; constant where one duration lies within
    the bounds of all; and the samples themselves where many fit neither.
    """
    ordered = sorted(samples, key=lambda each: (each[0], math.inf if each[1] is None else each[1]))
    low = np.array([each[0] for each in ordered], dtype=float)
    high = np.array([np.inf if each[1] is None else each[1] for each in ordered], dtype=float)
    middle = np.where(np.isinf(high), low, (low + high) / 2)
    seen: dict[str, Any] = {
        "samples": len(ordered),
        "censored": censored,
        "median_ns": round(float(np.median(middle))),
        "quantiles_ns": tuple(
            (share, round(float(np.quantile(middle, share)))) for share in QUANTILES
        ),
    }
    if not np.isfinite(high).any():
        return Fit(**seen, distribution=None, why="never seen, so nothing bounds it")
    if (low <= 0).all() and censored == len(ordered):
        return Fit(**seen, distribution=None, why="always seen at the first look: no lag is shown")
    if low.min() < 0:
        return _signed(low, high, middle, seen)
    if len(ordered) < TOO_FEW:
        return Fit(**seen, distribution=_anywhere(low, high), why=_few(len(ordered)))
    return _fitted(low, high, middle, seen)


def _signed(low: Any, high: Any, middle: Any, seen: dict[str, Any]) -> Fit:
    """What may be below 0 is no duration that a rule could draw."""
    why = "may be below 0: no rule can draw it"
    if len(low) < TOO_FEW or not middle.std():
        return Fit(**seen, distribution=None, why=why)
    normal = Normal(round(float(middle.mean())), round(float(middle.std(ddof=1))))
    ks, p_value = _distance(normal, low, high)
    return Fit(**seen, distribution=None, guess=normal, ks=ks, p_value=p_value, why=why)


def _fitted(low: Any, high: Any, middle: Any, seen: dict[str, Any]) -> Fit:
    """Of at least `TOO_FEW` samples."""
    count = len(low)
    few = count < FEW
    why = _few(count) if few else ""
    if low.max() <= high.min():
        guess: Distribution = Fixed(round((low.max() + high.min()) / 2))
        within = Uniform(round(low.min()), round(high[np.isfinite(high)].max()))
        if seen["censored"]:
            why = f"{why}; " if why else ""
            why += "one duration would explain all, and so would any between their bounds"
            return Fit(**seen, distribution=within, guess=guess, ks=0.0, p_value=1.0, why=why)
        used = within if few and (low < high).any() else guess
        return Fit(**seen, distribution=used, guess=guess, ks=0.0, p_value=1.0, why=why)
    shape = _shape(low, high)
    span = _Span.of(low, high)
    if shape is None or (not few and span.cost + _IN_DOUBT < shape.cost):
        guess = span.distribution
        ks, p_value = _distance(guess, low, high)
        if not few and p_value < 0.01 and np.isfinite(high).all():
            return _as_seen(middle, low, high, seen)
        used = span.widened(count) if few else guess
        return Fit(**seen, distribution=used, guess=guess, ks=ks, p_value=p_value, why=why)
    guess = LogNormal(round(math.exp(shape.mu)), _rounded(shape.sigma))
    ks, p_value = _distance(guess, low, high)
    if not few and _rejected(ks, count) and np.isfinite(high).all():
        return _as_seen(middle, low, high, seen)
    used = guess
    if few:
        # One-sided: the upper end of a 90% interval is passed once in twenty.
        mu, sigma = shape.mu_bounds(0.9)[1], shape.sigma_bounds(0.9)[1]
        used = LogNormal(round(math.exp(mu)), _rounded(min(sigma, _LARGEST_SIGMA)))
    medians, sigmas = shape.mu_bounds(_CONFIDENCE), shape.sigma_bounds(_CONFIDENCE)
    return Fit(
        **seen,
        distribution=used,
        guess=guess,
        ks=ks,
        p_value=p_value,
        median_interval_ns=(round(math.exp(medians[0])), round(math.exp(medians[1]))),
        sigma_interval=(_rounded(sigmas[0]), _rounded(min(sigmas[1], 99.0))),
        why=why,
    )


def cdf(distribution: Distribution | Normal, at_ns: Any) -> Any:
    """The share of draws at or below so many nanoseconds, an array of them."""
    at = np.asarray(at_ns, dtype=float)
    match distribution:
        case Fixed(value_ns):
            return (at >= value_ns).astype(float)
        case Uniform(low_ns, high_ns):
            return np.clip((at - low_ns) / max(high_ns - low_ns, 1), 0.0, 1.0)
        case Normal(mean_ns, deviation_ns):
            return special.ndtr((at - mean_ns) / max(deviation_ns, 1))
        case LogNormal(median_ns, sigma):
            with np.errstate(divide="ignore"):
                away = np.log(np.maximum(at, 0.0)) - math.log(max(median_ns, 1))
            return special.ndtr(away / max(sigma, _LEAST_SIGMA))
        case Empirical(points):
            shares = [share for share, _ in points]
            values = [float(ns) for _, ns in points]
            below = np.interp(at, values, shares, left=0.0, right=1.0)
            return np.where(at < values[0], 0.0, below)
    raise TypeError(f"{distribution!r} is no distribution of a profile")


def _shape(low: Any, high: Any) -> _Shape | None:
    """The lognormal of the greatest likelihood; None where there is none, or the intervals do not
    tell its parameters."""
    if high.min() <= 0 or (low <= 0).sum() > len(low) / 2:
        return None
    count = len(low)
    if (low == high).all():
        logs = np.log(low)
        sigma = float(logs.std(ddof=1))
        cost = 4 - 2 * float((stats.norm.logpdf(logs, logs.mean(), logs.std()) - logs).sum())
        error = 1 / math.sqrt(2 * (count - 1))
        mean = float(logs.mean())
        return _Shape(mean, sigma, sigma / math.sqrt(count), error, count - 1, True, cost)
    with np.errstate(divide="ignore"):
        bottom, top = np.log(np.maximum(low, 0.0)), np.log(high)
    finite = np.where(np.isinf(top), bottom, np.where(np.isinf(bottom), top, (bottom + top) / 2))
    begin = np.array([finite.mean(), math.log(max(float(finite.std()), 1e-4))])
    # Far beyond the digits that are kept, so that these are the same with every version of numpy.
    found = optimize.minimize(
        _cost,
        begin,
        args=(bottom, top),
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 2000},
    )
    errors = _errors(found.x, bottom, top)
    if errors is None or errors[1] > 1.0:
        return None
    mu, sigma = float(found.x[0]), math.exp(float(found.x[1]))
    # Maximum likelihood takes the spread too small, by as much as it is of exact samples.
    sigma *= math.sqrt(count / (count - 1))
    return _Shape(mu, sigma, errors[0], errors[1], count - 1, False, 4 + 2 * float(found.fun))


def _cost(parameters: Any, bottom: Any, top: Any) -> float:
    """The negative logarithm of the likelihood; of a sample without width, that of its density."""
    mu, sigma = parameters[0], math.exp(min(max(parameters[1], -30.0), 10.0))
    with np.errstate(invalid="ignore", over="ignore"):
        below, above = (bottom - mu) / sigma, (top - mu) / sigma
    point = bottom == top
    total = 0.0
    if point.any():
        total -= float((stats.norm.logpdf(below[point]) - math.log(sigma) - bottom[point]).sum())
    if not point.all():
        one, other = below[~point], above[~point]
        # In the upper half the tails are told apart better from above.
        upper = one > 0
        one, other = np.where(upper, -other, one), np.where(upper, -one, other)
        big, small = special.log_ndtr(other), special.log_ndtr(one)
        with np.errstate(divide="ignore"):
            total -= float((big + np.log(-np.expm1(np.minimum(small - big, -1e-300)))).sum())
    return total if math.isfinite(total) else 1e300


def _errors(best: Any, bottom: Any, top: Any) -> tuple[float, float] | None:
    """Standard errors of mu and of the logarithm of sigma, from the curvature at the best."""
    step = np.array([1e-3 * math.exp(best[1]) + 1e-9, 1e-3])
    curved = np.empty((2, 2))
    for i in range(2):
        for j in range(2):
            one, other = np.eye(2)[i] * step, np.eye(2)[j] * step
            corners = [
                best + one + other,
                best + one - other,
                best - one + other,
                best - one - other,
            ]
            costs = [_cost(corner, bottom, top) for corner in corners]
            curved[i, j] = (costs[0] - costs[1] - costs[2] + costs[3]) / (4 * step[i] * step[j])
    if not np.isfinite(curved).all() or np.linalg.det(curved) <= 0 or curved[0, 0] <= 0:
        return None
    spread = np.linalg.inv(curved)
    return float(math.sqrt(spread[0, 0])), float(math.sqrt(spread[1, 1]))


@dataclass(frozen=True, slots=True)
class _Span:
    """A uniform distribution over all there is."""

    low_ns: float
    high_ns: float
    cost: float

    @classmethod
    def of(cls, low: Any, high: Any) -> _Span:
        finite = high[np.isfinite(high)]
        least, most = float(low.min()), float(max(finite.max(), low.max()))
        width = max(most - least, 1.0)
        shares = np.where(low == high, 1.0, np.minimum(high, most) - low) / width
        return cls(least, most, 4 - 2 * float(np.log(np.maximum(shares, 1e-300)).sum()))

    @property
    def distribution(self) -> Uniform:
        return Uniform(round(self.low_ns), round(self.high_ns))

    def widened(self, count: int) -> Uniform:
        """As wide as it is with 95% confidence: range over width is Beta(n - 1, 2)."""
        width = self.high_ns - self.low_ns
        reach = (width / float(stats.beta.ppf(1 - _CONFIDENCE, count - 1, 2)) - width) / 2
        return Uniform(round(max(0.0, self.low_ns - reach)), round(self.high_ns + reach))


def _distance(distribution: Distribution | Normal, low: Any, high: Any) -> tuple[float, float]:
    """Kolmogorov-Smirnov: how far the share of samples is from the distribution's, at the most.

    Of intervals, the least distance of any samples that lie in them.
    """
    count = len(low)
    ends = np.sort(high[np.isfinite(high)])
    begins = np.sort(low)
    above = np.arange(1, len(ends) + 1) / count - cdf(distribution, ends)
    # Where the samples themselves are the distribution, it jumps where several are equal: what
    # counts is the share below, in whole nanoseconds.
    jumps = isinstance(distribution, Empirical)
    below = cdf(distribution, begins - 1 if jumps else begins) - np.arange(count) / count
    distance = max(0.0, float(above.max()), float(below.max()))
    return float(f"{distance:.3g}"), float(f"{stats.kstwo.sf(distance, count):.3g}")


def _rejected(distance: float, count: int) -> bool:
    """Whether a lognormal whose parameters are of the samples themselves is refused at 1%.

    Stephens' correction of the Kolmogorov-Smirnov test for a normal distribution with both
    parameters estimated (Stephens 1974, EDF statistics for goodness of fit, case 3).
    """
    root = math.sqrt(count)
    return distance * (root - 0.01 + 0.85 / root) > 1.035


def _as_seen(middle: Any, low: Any, high: Any, seen: dict[str, Any]) -> Fit:
    """The samples themselves, thinned to so many points."""
    count = len(middle)
    shares = [max(1 / _POINTS * step, 1 / count) for step in range(1, _POINTS)]
    points: dict[float, int] = {round(1 / (2 * count), 6): round(float(middle.min()))}
    for share in shares:
        points[round(share, 6)] = round(float(np.quantile(middle, share)))
    points[1.0] = round(float(middle.max()))
    found = Empirical(_without_repeats(sorted(points.items())))
    ks, p_value = _distance(found, low, high)
    why = "no other distribution fits; none of its draws is longer than the longest sample"
    if seen["censored"]:
        why += "; what is known between bounds only is taken at their middle"
    return Fit(**seen, distribution=found, guess=found, ks=ks, p_value=p_value, why=why)


def _without_repeats(points: Sequence[tuple[float, int]]) -> tuple[tuple[float, int], ...]:
    """Of several points with one duration, the first and the last."""
    last = len(points) - 1
    return tuple(
        point
        for place, point in enumerate(points)
        if place in (0, last) or not points[place - 1][1] == point[1] == points[place + 1][1]
    )


def _anywhere(low: Any, high: Any) -> Distribution:
    """From half the shortest to twice the longest."""
    finite = high[np.isfinite(high)]
    least, most = round(low.min() / 2), round(2 * max(finite.max(), low.max()))
    return Uniform(least, most) if most else Fixed(0)


def _few(count: int) -> str:
    samples = "1 sample" if count == 1 else f"{count} samples"
    if count < TOO_FEW:
        return f"{samples}: nothing can be fitted; from half the shortest to twice the longest"
    return f"{samples}: the upper 95% bounds of the parameters"


def _rounded(value: float) -> float:
    """Four digits: what an optimiser or a processor makes of the rest differs."""
    return float(f"{value:.4g}")
