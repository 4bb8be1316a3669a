"""Expectations, on milestones at the times of the SKLUSDT log."""

from __future__ import annotations

from decimal import Decimal

import pytest

from replay import expectations
from tests.replay.made import MS, OFFSET_S, S, clock, milestone

SEEN = (
    milestone("ws_position_update", "22:34:12.246", symbol="SKLUSDT", amount="308.0"),
    milestone("ws_update_skipped", "22:34:12.248", symbol="SKLUSDT"),
    milestone("pre_registered", "22:34:12.250", symbol="SKLUSDT"),
    milestone("mark_price_update", "22:34:13.109", symbol="SKLUSDT", price="0.01946033"),
    milestone("mark_price_update", "22:34:14.109", symbol="SKLUSDT", price="0.01946111"),
    milestone(
        "verification_timeout",
        "22:34:23.371",
        "❌ Multi-source verification TIMEOUT\n  - WebSocket: False\n  - REST API: True",
        websocket="False",
        rest_api="True",
    ),
)


@pytest.mark.parametrize(
    ("when", "held"),
    [
        ("22:34:23.371", True),
        ("22:34:23.361", True),
        ("22:34:23.381", True),
        ("22:34:23.360", False),
        ("22:34:23.382", False),
    ],
)
def test_a_time_is_met_within_its_tolerance_on_either_side(when: str, held: bool) -> None:
    finding = expectations.at(
        SEEN, "verification_timeout", when_ns=clock(when), tolerance_ns=10 * MS
    )
    assert finding.held is held


def test_the_evidence_of_a_time_is_when_it_was_and_how_far_off() -> None:
    finding = expectations.at(
        SEEN,
        "ws_position_update",
        when_ns=clock("22:34:12.250"),
        tolerance_ns=10 * MS,
        utc_offset_s=OFFSET_S,
    )
    assert finding.name == "ws_position_update at 22:34:12.250"
    assert finding.evidence == "at 22:34:12.246, -4.0 ms (within 10.0 ms)"
    assert finding.time_ns == clock("22:34:12.246")


def test_of_several_occurrences_the_nearest_is_judged() -> None:
    finding = expectations.at(
        SEEN, "mark_price_update", when_ns=clock("22:34:14.105"), tolerance_ns=5 * MS
    )
    assert finding.held


def test_a_distance_is_measured_from_the_first_reference() -> None:
    def skipped_after(ms: int) -> bool:
        return expectations.after(
            SEEN,
            "ws_update_skipped",
            reference="ws_position_update",
            distance_ns=ms * MS,
            tolerance_ns=MS,
        ).held

    assert [skipped_after(ms) for ms in (0, 1, 2, 3, 4)] == [False, True, True, True, False]


def test_something_that_came_before_does_not_follow() -> None:
    ahead = expectations.follows(SEEN, "ws_position_update", reference="pre_registered")
    assert not ahead.held
    behind = expectations.follows(SEEN, "pre_registered", reference="ws_position_update")
    assert behind.held
    assert behind.evidence.startswith("+4.0 ms, from ")


def test_following_can_be_limited() -> None:
    for at_most_ms, held in ((4, True), (3, False)):
        finding = expectations.follows(
            SEEN, "pre_registered", reference="ws_position_update", at_most_ns=at_most_ms * MS
        )
        assert finding.held is held


def test_what_never_happened_is_told_by_name() -> None:
    finding = expectations.at(SEEN, "position_active", when_ns=0, tolerance_ns=S)
    assert (finding.held, finding.evidence) == (False, "position_active did not happen")
    missing_reference = expectations.after(SEEN, "pre_registered", reference="order_placed")
    assert (missing_reference.held, missing_reference.evidence) == (
        False,
        "order_placed did not happen",
    )


def test_never_is_broken_by_the_first_occurrence() -> None:
    assert expectations.never(SEEN, "position_active").held
    finding = expectations.never(SEEN, "ws_update_skipped", utc_offset_s=OFFSET_S)
    assert (finding.held, finding.time_ns) == (False, clock("22:34:12.248"))
    assert finding.evidence.startswith("at 22:34:12.248: ")


def test_only_occurrences_with_the_wanted_groups_and_text_count() -> None:
    assert expectations.never(SEEN, "ws_position_update", where={"symbol": "VELVETUSDT"}).held
    assert expectations.happened(SEEN, "ws_position_update", where={"amount": "308"}).held
    assert expectations.happened(
        SEEN, "verification_timeout", text=r"WebSocket: False[\s\S]*REST API: True"
    ).held
    other = expectations.happened(SEEN, "verification_timeout", where={"websocket": "True"})
    assert not other.held
    assert other.evidence == (
        "verification_timeout happened otherwise: websocket=False, rest_api=True"
    )


def test_occurrences_are_counted() -> None:
    assert expectations.count(SEEN, "mark_price_update", times=2).held
    assert not expectations.count(SEEN, "mark_price_update", times=3).held
    assert expectations.count(SEEN, "position_active", times=0).held


def test_the_positions_at_the_end_are_the_venue_s() -> None:
    truth = {"SKLUSDT": Decimal("308.0")}
    held, flat = expectations.positions(truth, {"SKLUSDT": Decimal(308), "RADUSDT": Decimal(0)})
    assert held.held
    assert flat.held
    [wrong] = expectations.positions(truth, {"SKLUSDT": Decimal(0)})
    assert (wrong.held, wrong.evidence) == (False, "the venue holds 308.0")
