"""Two lists of moments are paired without crossing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.forensics.alignment import Pair, align
from replay.timeline import Moment, fold
from simulator.errors import InputError
from tests.replay.made import milestone


def moments(*told: tuple[str, str] | tuple[str, str, dict[str, str]]) -> list[Moment]:
    """Moments of `(name, clock time)` or `(name, clock time, groups)`."""
    return fold(milestone(each[0], each[1], **(each[2] if len(each) > 2 else {})) for each in told)


def paired(pairs: tuple[Pair, ...]) -> list[tuple[str, bool, bool]]:
    return [(pair.name, pair.run is not None, pair.in_order) for pair in pairs]


def test_what_both_have_in_the_same_order_is_paired_whatever_stands_between() -> None:
    log = moments(("leverage_set", "22:34:11.898"), ("pre_registered", "22:34:12.250"))
    run = moments(
        ("leverage_set", "22:34:11.900"),
        ("order_placed", "22:34:12.100"),
        ("pre_registered", "22:34:12.250"),
    )
    pairs, additional = align(log, run, timed=True)
    assert paired(pairs) == [("leverage_set", True, True), ("pre_registered", True, True)]
    assert [each.milestone.name for each in additional] == ["order_placed"]


def test_what_stands_elsewhere_is_paired_and_said_to_be_out_of_order() -> None:
    log = moments(
        ("leverage_set", "22:34:11"), ("order_placed", "22:34:12"), ("pre_registered", "22:34:13")
    )
    run = moments(
        ("pre_registered", "22:34:10"), ("leverage_set", "22:34:11"), ("order_placed", "22:34:12")
    )
    pairs, additional = align(log, run, timed=True)
    assert paired(pairs) == [
        ("leverage_set", True, True),
        ("order_placed", True, True),
        ("pre_registered", True, False),
    ]
    assert additional == ()


def test_of_two_that_would_do_the_nearer_in_time_is_taken() -> None:
    log = moments(("order_fetched", "22:34:12.700"))
    run = moments(("order_fetched", "22:34:11.000"), ("order_fetched", "22:34:12.600"))
    (pair,), _ = align(log, run, timed=True)
    assert pair.run is not None
    assert pair.run.time_ns == run[1].time_ns


def test_of_two_that_would_do_the_one_that_tells_the_same_is_taken_though_farther() -> None:
    log = moments(("order_fetched", "22:34:12.700", {"id": "7"}))
    run = moments(
        ("order_fetched", "22:34:12.650", {"id": "8"}), ("order_fetched", "22:34:20", {"id": "7"})
    )
    (pair,), _ = align(log, run, timed=True)
    assert pair.run is not None
    assert pair.run.milestone.groups["id"] == "7"


def test_without_times_the_order_and_the_values_decide() -> None:
    told = [{"counted": str(each)} for each in (2, 2, 3)]
    log = moments(*(("wave_counter", f"00:00:0{n}", each) for n, each in enumerate(told)))
    run = moments(
        *(
            ("wave_counter", f"17:06:0{n}", {"counted": str(each)})
            for n, each in enumerate((0, 1, 2, 2, 2, 3, 3))
        )
    )
    pairs, additional = align(log, run, timed=False)
    assert [pair.differing for pair in pairs] == [(), (), ()]
    assert len(additional) == 4


def test_another_symbol_is_never_a_counterpart() -> None:
    log = moments(("leverage_set", "22:34:12", {"symbol": "SKLUSDT"}))
    run = moments(("leverage_set", "22:34:12", {"symbol": "RADUSDT"}))
    (pair,), _ = align(log, run, timed=True)
    assert pair.run is None


def test_values_are_compared_as_numbers_and_what_only_the_log_tells_is_untold() -> None:
    log = moments(("order_fetched", "22:34:12", {"filled": "308.0", "status": "closed"}))
    run = moments(("order_fetched", "22:34:12", {"filled": "308", "id": "1"}))
    (pair,), _ = align(log, run, timed=True)
    assert pair.differing == ()
    assert pair.untold == ("status",)


def test_too_many_moments_are_refused_with_the_cure() -> None:
    many = moments(("leverage_set", "22:34:12")) * 5_000
    with pytest.raises(InputError, match=r"5,000 moments of the log .* cut the log"):
        align(many, many, timed=True)


NAMES = st.sampled_from(["a", "b", "c"])


@given(st.lists(NAMES, max_size=7), st.lists(NAMES, max_size=7))
def test_no_other_way_without_crossing_pairs_more(log: list[str], run: list[str]) -> None:
    """The reference: the longest common subsequence, by its definition."""
    ours = moments(*((name, f"22:34:{second:02}") for second, name in enumerate(log)))
    theirs = moments(*((name, f"22:34:{second:02}") for second, name in enumerate(run)))
    pairs, additional = align(ours, theirs, timed=True)

    def longest(i: int, j: int) -> int:
        if i == len(log) or j == len(run):
            return 0
        if log[i] == run[j]:
            return 1 + longest(i + 1, j + 1)
        return max(longest(i + 1, j), longest(i, j + 1))

    in_order = [pair for pair in pairs if pair.run is not None and pair.in_order]
    assert len(in_order) == longest(0, 0)
    places = [theirs.index(pair.run) for pair in in_order if pair.run is not None]
    assert places == sorted(places)
    assert sum(pair.run is not None for pair in pairs) + len(additional) == len(run)
