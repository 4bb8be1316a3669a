"""Planted distributions are found again within the stated bounds, and few samples widen."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import stats

from replay.calibration import fitting
from replay.calibration.fitting import Bounds, Fit, fit
from simulator.distributions import Distribution, Empirical, Fixed, LogNormal, Uniform

MS = 1_000_000
MEDIAN_NS, SIGMA = 350 * MS, 0.3
REPETITIONS = 100


def draws(distribution: Distribution, count: int, seed: int) -> list[int]:
    rng = random.Random(seed)
    return [distribution.draw_ns(rng) for _ in range(count)]


def exact(values: Sequence[int]) -> list[Bounds]:
    return [(value, value) for value in values]


def to_the_millisecond(values: Sequence[int]) -> list[Bounds]:
    """As the difference of two clock times that show milliseconds."""
    found: list[Bounds] = []
    for place, value in enumerate(values):
        begin_ns = 617_001 * place
        shown = (begin_ns + value) // MS * MS - begin_ns // MS * MS
        found.append((shown - MS, shown + MS))
    return found


def between_queries(values: Sequence[int]) -> list[Bounds]:
    """As queries every 50 ms tell, the last of them after a second."""
    step = 50 * MS
    return [
        (value // step * step, value // step * step + step if value < 1000 * MS else None)
        for value in values
    ]


def planted(count: int, seen: Callable[[Sequence[int]], list[Bounds]]) -> list[Fit]:
    shape = LogNormal(MEDIAN_NS, SIGMA)
    return [fit(seen(draws(shape, count, seed))) for seed in range(REPETITIONS)]


@pytest.mark.parametrize("seen", [exact, to_the_millisecond, between_queries])
def test_a_planted_lognormal_lies_within_the_stated_intervals(
    seen: Callable[[Sequence[int]], list[Bounds]],
) -> None:
    found = planted(60, seen)
    assert sum(isinstance(each.guess, LogNormal) for each in found) >= 97
    medians = [each.median_interval_ns for each in found if each.median_interval_ns]
    sigmas = [each.sigma_interval for each in found if each.sigma_interval]
    assert sum(low <= MEDIAN_NS <= high for low, high in medians) >= 90
    assert sum(low <= SIGMA <= high for low, high in sigmas) >= 90
    # And they say something: at 60 samples, a tenth to either side of the median.
    assert max((high - low) / MEDIAN_NS for low, high in medians) < 0.25


@pytest.mark.parametrize("seen", [exact, to_the_millisecond])
@pytest.mark.parametrize("count", [3, 8, 19])
def test_few_samples_give_a_distribution_that_is_at_least_as_wide_as_the_planted_one(
    seen: Callable[[Sequence[int]], list[Bounds]], count: int
) -> None:
    found = planted(count, seen)
    assert all(each.widened and each.why.startswith(f"{count} samples") for each in found)
    used = [each.distribution for each in found if isinstance(each.distribution, LogNormal)]
    assert len(used) == REPETITIONS
    assert sum(each.median_ns >= MEDIAN_NS for each in used) >= 90
    assert sum(each.sigma >= SIGMA for each in used) >= 90


def test_what_was_widened_is_no_longer_so_with_twenty_samples() -> None:
    assert not any(each.widened for each in planted(20, exact))


def test_few_samples_without_a_shape_give_a_span_that_holds_the_planted_one() -> None:
    shape = Uniform(0, 100 * MS)  # as long as the first is 0, no lognormal
    covered = 0
    for seed in range(REPETITIONS):
        found = fit([(0, 0), *exact(draws(shape, 7, seed))])
        assert isinstance(found.distribution, Uniform)
        covered += found.distribution.high_ns >= 95 * MS
    assert covered >= 90


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([(300 * MS, 300 * MS)], Uniform(150 * MS, 600 * MS)),
        ([(300 * MS, 300 * MS), (400 * MS, 420 * MS)], Uniform(150 * MS, 840 * MS)),
    ],
)
def test_of_one_or_two_samples_nothing_is_fitted(samples: list[Bounds], expected: Uniform) -> None:
    found = fit(samples)
    assert found.distribution == expected
    assert found.guess is None
    assert found.widened
    assert "nothing can be fitted; from half the shortest to twice the longest" in found.why


def test_the_estimates_are_those_of_scipy() -> None:
    values = draws(LogNormal(MEDIAN_NS, SIGMA), 80, 1)
    sigma, _, scale = stats.lognorm.fit(values, floc=0)
    found = fit(exact(values)).guess
    assert isinstance(found, LogNormal)
    assert found.median_ns == pytest.approx(scale, rel=1e-6)
    assert found.sigma == pytest.approx(sigma * math.sqrt(80 / 79), rel=1e-3)


def test_the_estimates_between_bounds_are_those_of_scipys_censored_data() -> None:
    bounds = between_queries(draws(LogNormal(MEDIAN_NS, SIGMA), 80, 1))
    within = [(low, high) for low, high in bounds if low > 0 and high is not None]
    assert len(within) == len(bounds)
    logs = np.log(np.array(within, dtype=float))
    mu, sigma = stats.norm.fit(stats.CensoredData(interval=logs))
    found = fit(bounds).guess
    assert isinstance(found, LogNormal)
    assert found.median_ns == pytest.approx(math.exp(mu), rel=1e-3)
    assert found.sigma == pytest.approx(sigma * math.sqrt(80 / 79), rel=2e-3)


@pytest.mark.parametrize("shape", [LogNormal(MEDIAN_NS, SIGMA), Uniform(100 * MS, 300 * MS)])
def test_the_distance_is_that_of_scipys_kolmogorov_smirnov_test(shape: Distribution) -> None:
    values = draws(shape, 200, 3)
    found = fit(exact(values))
    guess = found.guess
    assert type(guess) is type(shape)
    named = (
        stats.lognorm(guess.sigma, scale=guess.median_ns)
        if isinstance(guess, LogNormal)
        else stats.uniform(min(values), max(values) - min(values))
    )
    result = stats.kstest(values, named.cdf)
    assert found.ks == pytest.approx(result.statistic, rel=6e-3)
    assert found.p_value == pytest.approx(result.pvalue, rel=1e-2)


@pytest.mark.parametrize(
    "shape",
    [
        LogNormal(MEDIAN_NS, SIGMA),
        Uniform(100 * MS, 300 * MS),
        Empirical(((0.2, 5 * MS), (0.5, 8 * MS), (1.0, 90 * MS))),
    ],
)
def test_the_share_at_or_below_is_that_of_the_simulators_own_draws(shape: Distribution) -> None:
    values = np.array(draws(shape, 20_000, 5))
    for at_ns in np.quantile(values, [0.25, 0.4, 0.6, 0.8, 0.95]):
        share = float(fitting.cdf(shape, [at_ns])[0])
        assert share == pytest.approx(float((values <= at_ns).mean()), abs=0.015)


def test_two_sorts_of_replies_are_kept_as_they_were_seen() -> None:
    values = draws(Uniform(8 * MS, 12 * MS), 90, 1) + draws(Uniform(900 * MS, 1100 * MS), 10, 2)
    found = fit(exact(values))
    assert isinstance(found.distribution, Empirical)
    assert found.distribution.points[-1] == (1.0, max(values))
    again = draws(found.distribution, 2000, 7)
    assert stats.ks_2samp(values, again).pvalue > 0.01
    assert "none of its draws is longer than the longest sample" in found.why


def test_two_durations_of_all_are_kept_as_they_were_seen_and_fit() -> None:
    values = [40 * MS] * 20 + [350 * MS] * 180
    found = fit(exact(values))
    # What lies between two points is drawn: one draw in twenty at the most.
    assert found.ks is not None
    assert found.p_value is not None
    assert found.ks <= 0.05
    assert found.p_value > 0.5
    assert isinstance(found.distribution, Empirical)
    shares = [share for share, _ in found.distribution.points]
    assert shares == [0.0025, 0.05, 0.1, 0.15, 1.0]  # 20 points, without what they repeat


def test_one_duration_of_all_is_constant() -> None:
    assert fit([(5 * MS, 5 * MS)] * 4).distribution == Fixed(5 * MS)
    assert fit([(0, 0)] * 2).distribution == Fixed(0)
    # Of few samples, anything that the clock allows.
    assert fit([(4 * MS, 6 * MS), (5 * MS, 7 * MS), (4 * MS, 6 * MS)]).distribution == Uniform(
        4 * MS, 7 * MS
    )


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        ([(500 * MS, None), (6500 * MS, None)], "never seen, so nothing bounds it"),
        ([(0, 500 * MS)] * 30, "always seen at the first look: no lag is shown"),
    ],
)
def test_what_was_never_or_always_seen_makes_no_rule(samples: list[Bounds], why: str) -> None:
    found = fit(samples, censored=len(samples))
    assert found.distribution is None
    assert found.why == why
    assert found.samples == len(samples)


def test_a_lead_that_is_a_lag_at_times_is_told_and_makes_no_rule() -> None:
    rng = random.Random(1)
    values = [round(rng.gauss(2, 10) * MS) for _ in range(100)]
    found = fit(exact(values))
    assert found.distribution is None
    assert isinstance(found.guess, fitting.Normal)
    result = stats.kstest(values, stats.norm(np.mean(values), np.std(values, ddof=1)).cdf)
    assert found.ks == pytest.approx(result.statistic, rel=6e-3)


def test_the_order_of_the_samples_changes_nothing() -> None:
    bounds = between_queries(draws(LogNormal(MEDIAN_NS, SIGMA), 40, 2))
    shuffled = random.Random(3).sample(bounds, len(bounds))
    assert fit(shuffled) == fit(bounds)
