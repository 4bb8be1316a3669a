"""Times, durations and numbers mean exactly what is written."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from scenarios.units import (
    Unusable,
    parse_date,
    parse_decimal,
    parse_distribution,
    parse_duration,
    parse_moment,
    parse_offset,
    parse_signed_duration,
    parse_start,
)
from simulator.distributions import Empirical, Fixed, LogNormal, Uniform

START = parse_start("2025-10-28T22:34:00+04:00")
START_NS = 1_761_676_440_000_000_000  # date -d '2025-10-28T22:34:00+04:00' +%s


@pytest.mark.parametrize(
    ("text", "length_ns"),
    [
        ("350 ms", 350_000_000),
        ("350ms", 350_000_000),
        ("0.35 s", 350_000_000),
        ("10 s", 10_000_000_000),
        ("2 min", 120_000_000_000),
        ("1 h", 3_600_000_000_000),
        ("1 d", 86_400_000_000_000),
        ("4 us", 4_000),
        ("7 ns", 7),
        ("0 s", 0),
    ],
)
def test_a_duration_is_whole_nanoseconds(text: str, length_ns: int) -> None:
    assert parse_duration(text) == length_ns


@pytest.mark.parametrize(
    ("value", "rule", "cure"),
    [
        (350, "must have a unit", "write 350 ms or 350 s"),
        (Decimal("0.5"), "must have a unit", "write 0.5 ms or 0.5 s"),
        ("350", "must have a unit", "write 350 ms or 350 s"),
        ("350 msec", "must be in ns, us, ms, s, min, h or d", "write a duration such as 350 ms"),
        ("-5 ms", "must be >= 0", "write a duration such as 350 ms"),
        ("0.5 ns", "must be whole nanoseconds", "round it"),
        ("soon", "must be a number and a unit", "write a duration such as 350 ms"),
        (True, "must be a duration", "write a duration such as 350 ms"),
    ],
)
def test_a_duration_that_would_have_to_be_guessed_names_the_cure(
    value: object, rule: str, cure: str
) -> None:
    with pytest.raises(Unusable) as caught:
        parse_duration(value)
    assert (caught.value.rule, caught.value.cure) == (rule, cure)


def test_a_clock_may_be_behind() -> None:
    assert parse_signed_duration("-1.5 s") == -1_500_000_000


def test_a_start_is_told_in_its_own_offset() -> None:
    assert START.ns == START_NS
    assert START.utc_offset_s == 4 * 3_600
    assert parse_start("2025-10-28T18:34:00Z").ns == START_NS


def test_a_start_without_an_offset_is_refused() -> None:
    with pytest.raises(Unusable, match="must be a time with a UTC offset"):
        parse_start("2025-10-28T22:34:00")


@pytest.mark.parametrize("text", ["2025-02-30T00:00:00Z", "2025-10-28T25:00:00Z"])
def test_a_start_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(Unusable, match="must be a day and time that exist"):
        parse_start(text)


@pytest.mark.parametrize(
    ("text", "after_start_ns"),
    [
        ("22:34:11.543", 11_543_000_000),
        ("22:35", 60_000_000_000),
        ("+12.5 s", 12_500_000_000),
        ("22:34:00", 0),
        ("01:03:00", (2 * 3_600 + 29 * 60) * 1_000_000_000),  # after midnight
    ],
)
def test_a_moment_counts_from_the_start(text: str, after_start_ns: int) -> None:
    assert parse_moment(text, START) == START_NS + after_start_ns


@pytest.mark.parametrize("text", ["24:00:00", "22:60", "22:34:60"])
def test_a_moment_is_a_time_of_day_that_exists(text: str) -> None:
    with pytest.raises(Unusable, match="must be a time of day that exists"):
        parse_moment(text, START)


def test_a_local_day_may_begin_on_another_day_of_utc() -> None:
    start = parse_start("2025-10-29T01:34:00+04:00")
    assert parse_moment("01:34:06.023", start) == start.ns + 6_023_000_000


def test_a_number_keeps_its_digits() -> None:
    assert str(parse_decimal(Decimal("0.01946"))) == "0.01946"
    assert str(parse_decimal("0.0194600")) == "0.0194600"


@pytest.mark.parametrize("value", [0.1, True, "1,5", "NaN", "Infinity", None, "٣"])
def test_a_number_is_never_a_guess(value: object) -> None:
    with pytest.raises(Unusable, match="must be a number"):
        parse_decimal(value)


def test_offsets_and_dates_are_checked() -> None:
    assert parse_offset("-03:30") == -12_600
    assert parse_date("2025-10-28").isoformat() == "2025-10-28"
    with pytest.raises(Unusable, match="must be a UTC offset"):
        parse_offset("+4")
    with pytest.raises(Unusable, match="must have a UTC offset that exists"):
        parse_offset("+15:00")
    with pytest.raises(Unusable, match="must be a day that exists"):
        parse_date("2025-02-30")


@pytest.mark.parametrize(
    ("value", "distribution"),
    [
        ("350 ms", Fixed(350_000_000)),
        ({"uniform": ["1 ms", "2 ms"]}, Uniform(1_000_000, 2_000_000)),
        (
            {"lognormal": {"median": "350 ms", "sigma": Decimal("0.3")}},
            LogNormal(350_000_000, 0.3),
        ),
        (
            {"empirical": [[Decimal("0.5"), "300 ms"], [Decimal("1.0"), "900 ms"]]},
            Empirical(((0.5, 300_000_000), (1.0, 900_000_000))),
        ),
    ],
)
def test_each_distribution_can_be_written(value: object, distribution: object) -> None:
    assert parse_distribution(value) == distribution


def test_an_empirical_distribution_draws_between_its_points() -> None:
    distribution = parse_distribution({"empirical": [[Decimal("0.5"), "1 ms"], [1, "3 ms"]]})
    draws = [distribution.draw_ns(random.Random(seed)) for seed in range(200)]
    assert min(draws) == 1_000_000  # half of the draws lie at the first point
    assert 90 < sum(draw == 1_000_000 for draw in draws) < 110
    assert max(draws) <= 3_000_000


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (350, "must have a unit"),
        ({}, "must have exactly one key"),
        ({"normal": ["1 ms"]}, "must be a known distribution"),
        ({"uniform": ["2 ms", "1 ms"]}, "the lowest must come first"),
        ({"uniform": ["2 ms"]}, "must be the lowest and the highest duration"),
        ({"lognormal": {"median": "1 ms"}}, "must have a median and a sigma"),
        ({"lognormal": {"median": "1 ms", "sigma": -1}}, "must be from 0 to 5"),
        ({"empirical": []}, "must be pairs of a share and a duration"),
        ({"empirical": [[Decimal("0.5"), "1 ms"]]}, "shares must ascend to 1.0"),
        ({"empirical": [[1, "1 ms"], [1, "2 ms"]]}, "shares must ascend above 0"),
        ({"empirical": [[Decimal("0.5"), "2 ms"], [1, "1 ms"]]}, "durations must not descend"),
    ],
)
def test_an_impossible_distribution_names_its_rule(value: object, rule: str) -> None:
    with pytest.raises(Unusable) as caught:
        parse_distribution(value)
    assert caught.value.rule == rule
