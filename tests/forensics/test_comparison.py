"""A log beside a run: what is missing, what is more, what is late, and one figure."""

from __future__ import annotations

from datetime import date

import pytest

from replay.forensics.comparison import Comparison, compare
from replay.logs import production_log
from tests.forensics.incidents import FILES, OFFSET_S, beside
from tests.replay.made import MS, clock, milestone, result

DAY = date(2025, 10, 28)
LINES = """\
22:34:11.543 - ⚙️ Atomic operation started
22:34:11.898 - ✅ Leverage set to 1x
22:34:12.250 - ⚡ Pre-registered SKLUSDT
22:34:12.850 - 📝 Position record created in DB (id=3687)
"""


def compared(text: str, *milestones: tuple[str, str]) -> Comparison:
    """A log and a run with these milestones."""
    found = result(milestones=tuple(milestone(name, at) for name, at in milestones))
    read = production_log.parse(text, DAY, OFFSET_S)
    return compare(read, found, until_ns=clock("22:36:00"))


def test_each_moment_has_its_difference_and_the_late_one_is_told() -> None:
    found = compared(
        LINES,
        ("operation_started", "22:34:11.543"),
        ("leverage_set", "22:34:11.904"),
        ("pre_registered", "22:34:12.270"),
        ("position_row_created", "22:34:12.830"),
    )
    assert [found.status(pair) for pair in found.pairs] == ["same", "same", "late", "early"]
    # The log gives milliseconds: 11.898 is anything up to 11.899.
    assert found.table()["difference_ms"].round(3).tolist() == [0, 5, 19, -20]
    assert found.fidelity == 0.5


def test_what_is_missing_elsewhere_and_more_is_told_apart() -> None:
    found = compared(
        LINES,
        ("operation_started", "22:34:11.543"),
        ("pre_registered", "22:34:11.600"),
        ("leverage_set", "22:34:11.898"),
        ("order_placed", "22:34:11.890"),
    )
    rows = found.table().set_index("milestone")["status"].to_dict()
    assert rows["position_row_created"] == "missing"
    assert sorted([rows["leverage_set"], rows["pre_registered"]]) == ["order", "same"]
    assert rows["order_placed"] == "additional"
    assert found.fidelity == 0.5


def test_what_the_log_says_of_other_hours_is_counted_and_not_compared() -> None:
    found = compared(
        "21:00:00.000 - ✅ Leverage set to 1x\n" + LINES + "23:50:00.000 - ✅ Leverage set to 1x\n",
        ("operation_started", "22:34:11.543"),
    )
    assert found.outside == 2
    assert len(found.pairs) == 4


def test_a_time_to_the_second_is_met_anywhere_in_it() -> None:
    found = compared("22:34:12 - ✅ Leverage set to 1x\n", ("leverage_set", "22:34:12.850"))
    assert found.fidelity == 1


@pytest.mark.parametrize("name", FILES)
def test_the_replay_of_an_incident_has_all_of_its_log_in_order_and_on_time(name: str) -> None:
    found = beside(name)
    told = {"sklusdt": 13, "velvetusdt": 9, "1000000babydogeusdt": 5, "degenusdt": 4}
    assert len(found.pairs) == told.get(name, 6)
    assert found.missing == ()
    assert found.disordered == ()
    assert [pair.differing for pair in found.pairs if pair.differing] == []
    on_time = sum(abs(found.difference_ns(pair) or 0) <= 10 * MS for pair in found.pairs)
    assert on_time / len(found.pairs) >= 0.95
    assert found.fidelity == 1


def test_the_cured_bot_does_not_leave_the_log_of_the_incident() -> None:
    found = beside("sklusdt", "current")
    assert [pair.name for pair in found.missing] == [
        "ws_update_skipped",
        "verification_timeout",
        "rollback_close_order",
        "position_closed",
        "rollback_verified",
        "operation_failed",
    ]
    assert [pair.name for pair in found.disordered] == ["pre_registered"]
    assert found.fidelity == pytest.approx(6 / 13)


def test_the_positions_that_a_log_tells_of_at_the_end_are_those_of_the_venues() -> None:
    found = beside("wave_limit", "current")
    complete = next(pair for pair in found.pairs if pair.name == "wave_complete")
    assert ("positions", "7", "5") in complete.differing
