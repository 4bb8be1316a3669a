"""Intervals that are known from elsewhere, and how often they hold what was planted."""

from __future__ import annotations

import numpy as np
import pytest

from replay.tuning.statistics import difference, mean, quantile, rate


@pytest.mark.parametrize(
    ("hits", "runs", "low", "high"),
    [
        # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3: Wilson's score.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_rates_have_wilsons_interval(hits: int, runs: int, low: float, high: float) -> None:
    found = rate(hits, runs, 0.95)
    assert found.value == hits / runs
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)
    assert found.runs == runs


def test_the_interval_of_a_mean_holds_the_planted_one_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(7)
    held = 0
    for _ in range(200):
        found = mean(random.exponential(2.0, 100), 0.9)
        held += found.low <= 2.0 <= found.high
    assert 165 <= held <= 193  # 90% of 200, and what a skewed distribution costs


def test_the_interval_of_a_quantile_holds_the_planted_one_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(8)
    planted = 2.0 * np.log(10)  # of the exponential distribution, at 0.9
    held = 0
    for _ in range(100):
        found = quantile(random.exponential(2.0, 400), 0.9, 0.9)
        held += found.low <= planted <= found.high
    assert held >= 80


def test_pairs_tell_apart_what_their_means_do_not() -> None:
    random = np.random.default_rng(9)
    common = random.exponential(5.0, 60)  # the night that both have
    ours, theirs = common + 0.2 + random.normal(0, 0.1, 60), common
    apart = difference(ours, theirs, 0.99)
    assert apart.excludes(0.0)
    assert apart.low < 0.2 < apart.high
    assert mean(ours, 0.99).low < mean(theirs, 0.99).high  # each by itself: no difference


def test_the_same_values_have_the_same_interval() -> None:
    values = np.random.default_rng(1).exponential(1.0, 500)
    assert mean(values, 0.95) == mean(values.copy(), 0.95)


def test_what_never_varies_has_no_width() -> None:
    assert mean(np.full(9, 3.5), 0.95) == quantile(np.full(9, 3.5), 0.5, 0.95)
    assert mean(np.full(9, 3.5), 0.95).low == 3.5
