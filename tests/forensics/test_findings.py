"""What a run explains of a log, and what contradicts it."""

from __future__ import annotations

from datetime import date
from typing import Any

from replay.forensics.comparison import compare
from replay.forensics.findings import Fact, facts
from replay.logs import production_log
from replay.result import Milestone
from tests.forensics.incidents import OFFSET_S
from tests.replay.made import clock, milestone, result

DAY = date(2025, 10, 28)
LOG = """\
22:34:12.250 - ⚡ Pre-registered SKLUSDT
22:34:12.857 - 🔍 Multi-source verification started
22:34:13.109 - 📊 Position update: mark_price=0.01946
22:34:23.371 - ❌ Multi-source verification TIMEOUT!
  - WebSocket: True
"""
TIMES = {
    "pre_registered": "22:34:12.250",
    "verification_started": "22:34:12.857",
    "verification_timeout": "22:34:23.371",
}


def said(name: str, at: str) -> Milestone:
    told = {"symbol": "SKLUSDT"} if name == "pre_registered" else {}
    return milestone(name, at, **told)


def found(*milestones: Milestone, logged: tuple[dict[str, Any], ...] = ()) -> list[Fact]:
    seen = result(
        milestones=milestones or tuple(said(*each) for each in TIMES.items()), trace=logged
    )
    log = production_log.parse(LOG, DAY, OFFSET_S)
    told = facts(compare(log, seen, until_ns=clock("22:36:00")), seen)
    return [fact for fact in told if not fact.text.startswith("mark price")]


def line(at: str, level: str, message: str, **more: Any) -> dict[str, Any]:
    since_ns = clock(at) - clock("22:34:00")
    return {"kind": "log", "t": since_ns, "level": level, "message": message, **more}


def contradictions(told: list[Fact]) -> list[str]:
    return [fact.contradiction for fact in told if fact.contradiction]


def test_moments_and_the_silence_between_them_are_explained() -> None:
    told = found()
    assert [fact.text.split(" (")[0] for fact in told] == [
        "placeholder registered",
        "verification started",
        "verification timed out",
        "silence for 10.514 s from 22:34:12.857",
    ]
    assert contradictions(told) == []


def test_a_value_that_the_run_does_not_tell_is_neither_explained_nor_contradicted() -> None:
    told = found()
    assert [fact.explained for fact in told] == [True, True, False, True]


def test_a_warning_of_the_run_in_a_silence_of_the_log_contradicts_it() -> None:
    warned = line("22:34:15", "WARNING", "⚠️ fetch_order 1 of SKLUSDT failed: DDoSProtection")
    told = found(logged=(warned, {**warned, "t": warned["t"] + 1_000_000_000}))
    assert contradictions(told) == [
        "the run's log says 'WARNING: ⚠️ fetch_order 1 of SKLUSDT failed: DDoSProtection', "
        "and 1 more"
    ]


def test_what_the_log_level_hides_and_what_only_informs_breaks_no_silence() -> None:
    hidden = line("22:34:15", "ERROR", "died", hidden=True)
    informs = line("22:34:16", "INFO", "all is well")
    assert contradictions(found(logged=(hidden, informs))) == []


def test_a_warning_outside_of_the_silence_contradicts_nothing() -> None:
    before = line("22:34:12.500", "WARNING", "slow")  # the log has 0.6 s there: no silence
    at_its_end = line("22:34:23.371", "ERROR", "gave up")
    assert contradictions(found(logged=(before, at_its_end))) == []


def test_another_value_contradicts() -> None:
    times = dict(TIMES)
    timeout = milestone(
        "verification_timeout", times.pop("verification_timeout"), websocket="False"
    )
    told = found(*(milestone(*each) for each in times.items()), timeout)
    assert contradictions(told) == ["websocket is False, not True"]


def test_a_step_that_takes_a_tenth_of_a_second_longer_contradicts_and_those_after_it_do_not() -> (
    None
):
    later = {
        **TIMES,
        "verification_started": "22:34:13.000",
        "verification_timeout": "22:34:23.514",
    }
    assert contradictions(found(*(milestone(*each) for each in later.items()))) == [
        "comes 0.750 s after placeholder registered, not 0.607 s"
    ]


def test_what_does_not_happen_contradicts() -> None:
    (first, second) = list(TIMES.items())[:2]
    assert contradictions(found(milestone(*first), milestone(*second))) == ["does not happen"]
