"""The figures that a baseline keeps."""

from __future__ import annotations

from dataclasses import replace

from replay import expectations, runner
from replay.ci.figures import figures
from replay.result import Verdict
from tests.replay.made import MS, OFFSET_S, S, clock, milestone, result


def test_spans_begin_and_end_with_the_milestones_of_one_symbol() -> None:
    made = result(
        milestones=(
            milestone("operation_started", "22:34:11.500", symbol="AUSDT"),
            milestone("verification_started", "22:34:12"),  # of the operation begun last
            milestone("verification_confirmed", "22:34:12.512"),
            milestone("stop_loss_placed", "22:34:13", symbol="AUSDT"),
            milestone("position_active", "22:34:14"),
            milestone("operation_started", "22:34:20", symbol="BUSDT"),
            milestone("verification_started", "22:34:21", symbol="BUSDT"),
            milestone("stop_loss_placed", "22:34:22", symbol="AUSDT"),  # a later one, of no opening
            milestone("verification_timeout", "22:34:31.500", symbol="BUSDT"),
        )
    )
    assert figures(made) == {
        "AUSDT: to active": 2500 * MS,
        "AUSDT: to stop-loss": 1500 * MS,
        "AUSDT: verification": 512 * MS,
        "BUSDT: verification": 10_500 * MS,
    }


def test_a_symbol_that_is_opened_twice_has_its_spans_numbered() -> None:
    made = result(
        milestones=tuple(
            milestone(name, f"22:3{turn}:0{turn + index}", symbol="AUSDT")
            for turn in (1, 2)
            for index, name in enumerate(("operation_started", "position_active"))
        )
    )
    assert figures(made) == {"AUSDT: to active": S, "AUSDT: to active (2)": S}


def test_an_expectation_of_a_time_gives_how_far_it_was_off() -> None:
    seen = [
        milestone("operation_started", "22:34:11.543"),
        milestone("leverage_set", "22:34:11.901"),
    ]
    at = expectations.at(
        seen,
        "leverage_set",
        when_ns=clock("22:34:11.898"),
        tolerance_ns=10 * MS,
        utc_offset_s=OFFSET_S,
    )
    late = expectations.follows(seen, "leverage_set", reference="operation_started")
    exact = expectations.after(
        seen, "leverage_set", reference="operation_started", distance_ns=300 * MS
    )
    missing = expectations.follows(seen, "position_active", reference="operation_started")
    made = replace(result(), verdict=Verdict(findings=(at, late, exact, missing)))
    assert figures(made) == {
        "leverage_set 300.0 ms after operation_started": 358 * MS,
        "leverage_set after operation_started": 358 * MS,
        "leverage_set at 22:34:11.898": 3 * MS,
    }


def test_sklusdt_has_the_figures_of_its_log() -> None:
    found = figures(runner.run("sklusdt", version="2025-10-28"))
    # verification_started 22:34:12.857, verification_timeout 22:34:23.371 in the log.
    assert abs(found["SKLUSDT: verification"] - 10_514 * MS) <= 2 * MS
    # From the fill until the close order's fill, as its finding says: 11.825 s.
    assert round(found["SKLUSDT: without stop-loss"] / S, 3) in (11.824, 11.825)


def test_a_position_that_is_protected_has_its_longest_time_without_a_stop_loss() -> None:
    result = runner.run("sklusdt", version="current")
    told = next(f for f in result.verdict.findings if f.name == "no_unprotected_position")
    assert told.evidence == "SKLUSDT longest, 2.009 s (limit 5.000 s)"
    assert result.unprotected_ns == {"SKLUSDT": 2009 * MS}
