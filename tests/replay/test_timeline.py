"""A run beside the log, row by row."""

from __future__ import annotations

from dataclasses import replace

from replay import timeline
from replay.result import Milestone
from tests.replay.made import MS, clock, milestone


def told(virtual: tuple[Milestone, ...], production: tuple[Milestone, ...]) -> list[str]:
    """The rows, each as `name` with the difference in ms, or with the side that is missing."""
    shown = []
    for row in timeline.rows(virtual, production):
        apart = "log only" if row.virtual is None else "run only"
        if row.difference_ns is not None:
            apart = str(row.difference_ns / MS)
        shown.append(f"{row.name} {apart}")
    return shown


def ticks(*seconds: int, symbol: str = "SKLUSDT") -> tuple[Milestone, ...]:
    return tuple(
        milestone("mark_price_update", f"22:34:{second}.109", symbol=symbol) for second in seconds
    )


def test_what_both_have_stands_in_one_row_with_the_difference() -> None:
    assert told(
        (milestone("leverage_set", "22:34:11.901"),),
        (milestone("leverage_set", "22:34:11.898"),),
    ) == ["leverage_set 3.0"]


def test_what_only_one_side_has_stands_at_its_own_time() -> None:
    assert told(
        (milestone("pre_registered", "22:34:12.250"), milestone("position_active", "22:34:13")),
        (
            milestone("ws_update_skipped", "22:34:12.248"),
            milestone("pre_registered", "22:34:12.250"),
        ),
    ) == ["ws_update_skipped log only", "pre_registered 0.0", "position_active run only"]


def test_of_several_candidates_the_nearest_is_the_counterpart() -> None:
    assert told(
        (milestone("order_fetched", "22:34:12.600"), milestone("order_fetched", "22:34:14.001")),
        (milestone("order_fetched", "22:34:14.000"),),
    ) == ["order_fetched run only", "order_fetched 1.0"]


def test_another_symbol_or_amount_is_no_counterpart() -> None:
    ours = milestone("ws_position_update", "22:34:12.246", symbol="SKLUSDT", amount="308")
    same = milestone("ws_position_update", "22:34:12.250", symbol="SKLUSDT", amount="308.0")
    closed = milestone("ws_position_update", "22:34:12.246", symbol="SKLUSDT", amount="0.0")
    other = milestone("ws_position_update", "22:34:12.246", symbol="VELVETUSDT", amount="308.0")
    assert told((ours,), (same,)) == ["ws_position_update -4.0"]
    for stranger in (closed, other):
        assert sorted(told((ours,), (stranger,))) == [
            "ws_position_update log only",
            "ws_position_update run only",
        ]


def test_mark_prices_are_told_in_one_row_with_their_number_and_the_last() -> None:
    [row] = timeline.rows(ticks(13, 14, 15, 16), ())
    assert row.virtual is not None
    assert (row.virtual.count, row.virtual.time_ns, row.virtual.last_ns) == (
        4,
        clock("22:34:13.109"),
        clock("22:34:16.109"),
    )


def test_mark_prices_before_and_after_something_else_are_told_apart() -> None:
    between = milestone("verification_timeout", "22:34:14.500")
    rows = timeline.rows((*ticks(13, 14), between, *ticks(15, 16, 17)), ())
    counts = [row.virtual.count for row in rows if row.virtual is not None]
    assert counts == [2, 1, 3]


def test_mark_prices_of_two_symbols_do_not_mix() -> None:
    rows = timeline.rows((*ticks(13, 14, 15), *ticks(13, 14, symbol="RADUSDT")), ())
    found = [(row.milestone.groups["symbol"], row.virtual.count) for row in rows if row.virtual]
    assert found == [("SKLUSDT", 3), ("RADUSDT", 2)]


def test_a_range_of_the_log_and_its_single_lines_are_one_row_from_the_exact_first() -> None:
    ranged = replace(milestone("mark_price_update", "22:34:13"), end_ns=clock("22:34:23"))
    [row] = timeline.rows(ticks(13, 14, 15), (ranged, *ticks(13, 14)))
    assert row.difference_ns == 0
    assert row.production is not None
    assert row.production.last_ns == clock("22:34:23")
    assert not row.production.counted


def test_no_milestone_gets_lost() -> None:
    virtual = tuple(milestone("order_fetched", f"22:34:{10 + i}") for i in range(5))
    production = tuple(milestone("order_fetched", f"22:34:{12 + i}") for i in range(7))
    rows = timeline.rows(virtual, production)
    assert sum(row.virtual is not None for row in rows) == 5
    assert sum(row.production is not None for row in rows) == 7
