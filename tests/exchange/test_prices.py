"""Price paths: what they say about any time, and that asking changes nothing."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.exchange import Constant, Points, Quotes, RandomWalk
from simulator.exchange.walk import CHUNKS_KEPT
from tests.exchange.made import PROPERTY, SECOND_NS, START_NS, D, after

DAY_S = 86_400


def bound(path: Points | RandomWalk | Constant, seed: int = 1) -> Quotes:
    return path.bind(random.Random(seed), START_NS)


def test_a_constant_price_never_changes() -> None:
    quotes = bound(Constant(D("0.02")))
    assert quotes.price_at(after(0)) == quotes.price_at(after(1e6)) == D("0.02")
    assert quotes.next_change_ns(after(0)) is None


STEPS = Points(((after(10), D("0.02")), (after(20), D("0.03")), (after(30), D("0.01"))))


def test_a_step_path_holds_each_price_until_the_next_point() -> None:
    quotes = bound(STEPS)
    moments = (0, 10, 19.999999999, 20, 29, 30, 1000)
    assert [str(quotes.price_at(after(each))) for each in moments] == [
        "0.02",
        "0.02",
        "0.02",
        "0.03",
        "0.03",
        "0.01",
        "0.01",
    ]


def test_a_step_path_changes_at_its_points() -> None:
    quotes = bound(STEPS)
    assert [quotes.next_change_ns(after(each)) for each in (0, 10, 20, 30)] == [
        after(10),
        after(20),
        after(30),
        None,
    ]


def test_a_linear_path_moves_every_interval() -> None:
    points = ((after(0), D("0.02")), (after(4), D("0.04")))
    quotes = bound(Points(points, linear=True))
    assert [quotes.price_at(after(each)) for each in (0, 1, 1.9, 2, 3, 4, 5)] == [
        D("0.02"),
        D("0.025"),
        D("0.025"),
        D("0.03"),
        D("0.035"),
        D("0.04"),
        D("0.04"),
    ]
    assert quotes.next_change_ns(after(1.9)) == after(2)
    assert quotes.next_change_ns(after(3)) == after(4)
    assert quotes.next_change_ns(after(4)) is None


def test_a_linear_path_reaches_a_point_between_two_intervals() -> None:
    points = ((after(0), D("0.02")), (after(2.5), D("0.03")))
    quotes = bound(Points(points, linear=True))
    assert quotes.next_change_ns(after(2)) == after(2.5)
    assert quotes.price_at(after(2.5)) == D("0.03")


@pytest.mark.parametrize("linear", [False, True])
def test_the_range_of_a_path_finds_the_peak_between_its_ends(linear: bool) -> None:
    points = (
        (after(0), D("0.02")),
        (after(10), D("0.05")),
        (after(20), D("0.01")),
        (after(30), D("0.03")),
    )
    found = bound(Points(points, linear=linear)).range(after(5), after(31))
    assert (found.high, found.low, found.close) == (D("0.05"), D("0.01"), D("0.03"))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Points(()), "points: at least one is needed"),
        (lambda: Points(((5, D(1)), (5, D(2)))), "points: times must ascend, 5 follows 5"),
        (lambda: Points(((5, D(-1)),)), "price must be above 0, was -1"),
        (lambda: Points(((5, D(1)),), interval_ns=0), "interval_ns must be above 0, was 0"),
        (lambda: Constant(D(0)), "price must be above 0, was 0"),
        (lambda: RandomWalk(D(1), sigma=-0.1), "sigma must be a share per second"),
        (lambda: RandomWalk(D(1), interval_ns=-1), "interval_ns must be above 0, was -1"),
    ],
)
def test_a_path_that_makes_no_sense_is_refused(make: object, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        make()  # type: ignore[operator]


def test_a_walk_starts_at_its_price_and_moves_every_interval() -> None:
    quotes = bound(RandomWalk(D("100"), sigma=0.001, interval_ns=SECOND_NS))
    assert quotes.price_at(START_NS) == D("100")
    assert quotes.next_change_ns(START_NS) == after(1)
    assert quotes.price_at(after(0.999)) == D("100")
    prices = [quotes.price_at(after(each)) for each in range(200)]
    assert len(set(prices)) > 190


def test_a_walk_spreads_as_its_sigma_says() -> None:
    quotes = bound(RandomWalk(D("100"), sigma=0.001))
    prices = [float(quotes.price_at(after(each))) for each in range(5001)]
    changes = [later / earlier - 1 for earlier, later in pairwise(prices)]
    mean = sum(changes) / len(changes)
    deviation = math.sqrt(sum((change - mean) ** 2 for change in changes) / len(changes))
    assert deviation == pytest.approx(0.001, rel=0.05)
    assert abs(mean) < 4 * 0.001 / math.sqrt(5000)


def test_a_walk_with_longer_intervals_spreads_with_the_square_root_of_time() -> None:
    quotes = bound(RandomWalk(D("100"), sigma=0.001, interval_ns=4 * SECOND_NS))
    prices = [float(quotes.price_at(after(4 * each))) for each in range(3001)]
    changes = [later / earlier - 1 for earlier, later in pairwise(prices)]
    deviation = math.sqrt(sum(change**2 for change in changes) / len(changes))
    assert deviation == pytest.approx(0.002, rel=0.05)


def test_a_walk_has_a_past_in_coarser_steps() -> None:
    quotes = bound(RandomWalk(D("100"), sigma=0.001))
    assert quotes.price_at(START_NS - 1) != quotes.price_at(START_NS - 16 * SECOND_NS)
    assert quotes.next_change_ns(START_NS - 1) == START_NS
    assert quotes.next_change_ns(after(-40)) == after(-30)
    assert quotes.next_change_ns(after(-3 * DAY_S)) == after(-3 * DAY_S + 900)


@given(moments=st.lists(st.integers(-3 * DAY_S, DAY_S // 8), min_size=1, max_size=6))
@PROPERTY
def test_a_price_does_not_depend_on_what_was_asked_before(moments: list[int]) -> None:
    path = RandomWalk(D("100"), sigma=0.0005)
    asked_in_turn = bound(path)
    for moment in moments:
        assert asked_in_turn.price_at(after(moment)) == bound(path).price_at(after(moment))


def test_another_seed_walks_another_way() -> None:
    path = RandomWalk(D("100"))
    assert bound(path, 1).price_at(after(100)) != bound(path, 2).price_at(after(100))


@pytest.mark.parametrize(
    ("start_s", "end_s"),
    [
        (0, 3000),
        (100, 101),
        (900, 1024),
        (900, 2500),
        (-7200, 100),
        (-200_000, -150_000),
        (-180_000, 60),
        (1024, 3072),
    ],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_range_of_a_walk_is_that_of_its_prices(start_s: int, end_s: int, seed: int) -> None:
    quotes = bound(RandomWalk(D("100"), sigma=0.0005), seed)
    prices: list[Decimal] = []
    now_ns: int | None = after(start_s)
    while now_ns is not None and now_ns < after(end_s):
        prices.append(quotes.price_at(now_ns))
        now_ns = quotes.next_change_ns(now_ns)
    expected = (prices[0], max(prices), min(prices), prices[-1])
    assert quotes.range(after(start_s), after(end_s)) == expected


def test_a_walk_of_a_month_keeps_a_few_chunks_only() -> None:
    quotes = bound(RandomWalk(D("100"), interval_ns=60 * SECOND_NS))
    for hour in range(24 * 30):
        quotes.price_at(after(hour * 3600))
    tier = quotes._walk._future  # type: ignore[attr-defined]
    assert len(tier._chunks) <= CHUNKS_KEPT
    assert len(tier._starts) <= 24 * 30 * 60 // 1024 + 2


def test_a_wild_walk_stays_above_zero() -> None:
    quotes = bound(RandomWalk(D("0.00000005"), sigma=0.09))
    found = quotes.range(after(-DAY_S), after(20_000))
    assert found.low > 0
