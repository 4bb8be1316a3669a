"""Invariants, on evidence made by hand from the SKLUSDT incident."""

from __future__ import annotations

from decimal import Decimal

import pytest

from replay import invariants
from replay.evidence import Belief, Evidence, Interval, VenueOrder, WaveOutcome
from tests.replay.made import OFFSET_S, S, clock, milestone

LIMIT_NS = 5 * S


def interval(
    start: str, end: str, *, quantity: int = 308, protected: bool = False, symbol: str = "SKLUSDT"
) -> Interval:
    return Interval(
        symbol=symbol,
        account="bot",
        quantity=Decimal(quantity),
        protected=protected,
        start_ns=clock(start),
        end_ns=clock(end),
    )


def judged(*protection: Interval, flat_from: str = "") -> tuple[bool, str, int | None]:
    """Of what is there until the end, or of positions that are closed at a moment before it."""
    if flat_from:
        protection = (*protection, interval(flat_from, "22:35:00", quantity=0))
    evidence = Evidence(protection=protection, utc_offset_s=OFFSET_S)
    finding = invariants.no_unprotected_position(evidence, limit_ns=LIMIT_NS)
    return finding.held, finding.evidence, finding.time_ns


def test_a_position_without_a_stop_beyond_the_limit_is_named_with_its_times() -> None:
    held, evidence, time_ns = judged(
        interval("22:34:12.246", "22:34:24.074"), flat_from="22:34:24.074"
    )
    assert not held
    assert evidence == (
        "SKLUSDT +308 without a stop-loss from 22:34:12.246 to 22:34:24.074, 11.828 s "
        "(limit 5.000 s)"
    )
    assert time_ns == clock("22:34:17.246")


def test_a_position_covered_in_time_is_fine_and_the_evidence_says_how_long_it_took() -> None:
    held, evidence, _ = judged(
        interval("22:34:12.246", "22:34:13.746"),
        interval("22:34:13.746", "22:34:40", protected=True),
    )
    assert held
    assert evidence == "SKLUSDT longest, 1.500 s (limit 5.000 s)"


def test_exactly_the_limit_is_still_within_it() -> None:
    assert judged(interval("22:34:12", "22:34:17"), flat_from="22:34:17")[0]
    assert not judged(interval("22:34:12", "22:34:17.001"), flat_from="22:34:17.001")[0]


def test_what_is_without_a_stop_at_the_end_is_broken_however_short_it_was() -> None:
    held, evidence, time_ns = judged(interval("22:34:12", "22:34:13"))
    assert not held
    assert evidence == (
        "SKLUSDT +308 without a stop-loss from 22:34:12.000 to 22:34:13.000, 1.000 s, the end "
        "(limit 5.000 s)"
    )
    assert time_ns == clock("22:34:13")


def test_partial_fills_do_not_start_the_time_anew() -> None:
    held, evidence, _ = judged(
        interval("22:34:12", "22:34:15", quantity=100),
        interval("22:34:15", "22:34:18", quantity=308),
    )
    assert not held
    assert "SKLUSDT +308" in evidence
    assert "6.000 s" in evidence


def test_time_under_a_stop_in_between_does_start_it_anew() -> None:
    assert judged(
        interval("22:34:12", "22:34:15"),
        interval("22:34:15", "22:34:16", protected=True),
        interval("22:34:16", "22:34:19"),
        flat_from="22:34:19",
    )[0]


def test_a_flat_position_needs_no_stop() -> None:
    assert judged(interval("22:34:00", "22:34:40", quantity=0)) == (
        True,
        "there was no position",
        None,
    )


def test_positions_of_other_symbols_are_counted_apart() -> None:
    assert judged(
        interval("22:34:12", "22:34:15"),
        interval("22:34:15", "22:34:18", symbol="RADUSDT"),
        flat_from="22:34:18",
    )[0]


def test_a_bot_that_believes_what_the_venue_knows_is_right() -> None:
    finding = invariants.belief_equals_truth(
        Evidence(
            end_positions={"SKLUSDT": Decimal("308"), "RADUSDT": Decimal(0)},
            believed=Belief(positions={"SKLUSDT": Decimal("308.0")}),
        )
    )
    assert (finding.held, finding.evidence) == (True, "both say: SKLUSDT +308")


@pytest.mark.parametrize(
    ("believed", "truth", "evidence"),
    [
        ({}, {"SKLUSDT": 308}, "SKLUSDT: bot none, venue +308"),
        ({"SKLUSDT": 308}, {}, "SKLUSDT: bot +308, venue none"),
        ({"SKLUSDT": 308}, {"SKLUSDT": -308}, "SKLUSDT: bot +308, venue -308"),
    ],
)
def test_a_bot_that_is_wrong_is_told_about_what(
    believed: dict[str, int], truth: dict[str, int], evidence: str
) -> None:
    finding = invariants.belief_equals_truth(
        Evidence(
            end_positions={symbol: Decimal(quantity) for symbol, quantity in truth.items()},
            believed=Belief(positions={s: Decimal(quantity) for s, quantity in believed.items()}),
        )
    )
    assert (finding.held, finding.evidence) == (False, evidence)


def test_a_difference_within_the_tolerance_is_none() -> None:
    evidence = Evidence(
        end_positions={"SKLUSDT": Decimal("308")},
        believed=Belief(positions={"SKLUSDT": Decimal("307.99")}),
    )
    assert invariants.belief_equals_truth(evidence, tolerance=Decimal("0.01")).held
    assert not invariants.belief_equals_truth(evidence, tolerance=Decimal("0.009")).held


def test_a_bot_that_says_nothing_about_its_beliefs_is_not_judged_by_them() -> None:
    evidence = Evidence(end_positions={"SKLUSDT": Decimal(308)})
    for finding in (
        invariants.belief_equals_truth(evidence),
        invariants.no_unknown_order(evidence),
    ):
        assert finding.held
        assert finding.evidence == "not judged: this bot does not say what it believes"


def test_an_order_may_be_known_by_either_of_its_ids() -> None:
    orders = (
        VenueOrder(order_id="8389765", client_order_id="x-1", symbol="SKLUSDT", open=False),
        VenueOrder(order_id="8389766", client_order_id="x-2", symbol="SKLUSDT", open=True),
    )
    known = Evidence(end_orders=orders, believed=Belief(orders=("8389765", "x-2")))
    assert invariants.no_unknown_order(known).held

    unknown = invariants.no_unknown_order(
        Evidence(end_orders=orders, believed=Belief(orders=("8389765",)))
    )
    assert (unknown.held, unknown.evidence) == (False, "SKLUSDT order 8389766, open")


ROLLED_BACK = (
    milestone("operation_started", "22:34:11.543", symbol="SKLUSDT"),
    milestone("rollback_verified", "22:34:25.574"),
)


def test_a_position_or_an_open_order_left_after_a_rollback_is_found() -> None:
    finding = invariants.nothing_left_after_rollback(
        Evidence(
            milestones=ROLLED_BACK,
            end_positions={"SKLUSDT": Decimal(308)},
            end_orders=(VenueOrder(order_id="7", symbol="SKLUSDT", open=True),),
        )
    )
    assert not finding.held
    assert finding.evidence == "SKLUSDT: position +308; SKLUSDT: open order 7"


def test_a_rollback_that_leaves_nothing_is_clean_whatever_other_symbols_hold() -> None:
    finding = invariants.nothing_left_after_rollback(
        Evidence(
            milestones=ROLLED_BACK,
            end_positions={"SKLUSDT": Decimal(0), "RADUSDT": Decimal(5)},
            end_orders=(VenueOrder(order_id="7", symbol="SKLUSDT", open=False),),
        )
    )
    assert (finding.held, finding.evidence) == (True, "SKLUSDT: no position, no open order")


def test_a_symbol_opened_again_after_its_rollback_may_hold_a_position() -> None:
    finding = invariants.nothing_left_after_rollback(
        Evidence(
            milestones=(
                *ROLLED_BACK,
                milestone("operation_started", "22:35:00", symbol="SKLUSDT"),
                milestone("position_active", "22:35:02", symbol="SKLUSDT"),
            ),
            end_positions={"SKLUSDT": Decimal(308)},
        )
    )
    assert (finding.held, finding.evidence) == (True, "nothing was rolled back")


def test_all_are_judged_and_the_ones_known_to_break_are_expected_to() -> None:
    findings = invariants.judge(
        Evidence(
            protection=(interval("22:34:12", "22:34:24"),),
            waves=(WaveOutcome(time_ns=clock("22:30:00"), positions=("SKLUSDT",)),),
            utc_offset_s=OFFSET_S,
        ),
        unprotected_limit_ns=LIMIT_NS,
        broken=("no_unprotected_position",),
    )
    assert [finding.name for finding in findings] == list(invariants.NAMES)
    assert [finding.ok for finding in findings] == [True] * 5
    assert not findings[0].held


def test_a_wave_that_leaves_more_positions_than_its_limit_breaks_it() -> None:
    waves = (
        WaveOutcome(time_ns=clock("22:15:00"), positions=("A", "B")),
        WaveOutcome(time_ns=clock("22:30:00"), positions=("C", "D", "E")),
    )
    evidence = Evidence(waves=waves, utc_offset_s=OFFSET_S)
    finding = invariants.wave_limit_kept(evidence, limit=2)
    assert not finding.held
    assert finding.time_ns == clock("22:30:00")
    assert finding.evidence == "wave of 22:30:00.000: 3 positions (C, D, E) (limit 2)"
    assert invariants.wave_limit_kept(evidence, limit=3).held


def test_without_waves_no_limit_is_judged() -> None:
    findings = invariants.judge(Evidence(), unprotected_limit_ns=LIMIT_NS)
    assert "wave_limit_kept" not in [finding.name for finding in findings]
