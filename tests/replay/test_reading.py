"""Results read out of a trace."""

from __future__ import annotations

from typing import Any

from replay import reading
from tests.replay.made import MS, clock

START_NS = clock("22:34:00")
FAILURE = {
    "type": "AttributeError",
    "message": "'OrderResult' object has no attribute 'get'",
    "place": "reference/verification.py:130 in _order_status",
}


def log(ms: int, message: str, **fields: Any) -> dict[str, Any]:
    entry = {"t": ms * MS, "host": "bot", "kind": "log", "logger": "core", "level": "INFO"}
    return {**entry, "message": message, **fields}


def test_milestones_come_from_log_records_with_their_virtual_time() -> None:
    trace = [
        log(11_898, "✅ Leverage set to 1x for SKLUSDT"),
        log(11_900, "nothing in particular"),
        {"t": 0, "host": "binance", "kind": "request", "path": "Leverage set to 1x"},
    ]
    [found] = reading.milestones(trace, start_ns=START_NS)
    assert (found.name, found.time_ns, found.host) == (
        "leverage_set",
        clock("22:34:11.898"),
        "bot",
    )


def test_hidden_exceptions_of_one_kind_and_place_are_counted() -> None:
    debug = {"level": "DEBUG", "hidden": True, "exception": FAILURE}
    trace = [
        log(13_357, "Order status check failed", **debug),
        log(14_482, "Order status check failed", **debug),
        log(15_000, "shown", level="ERROR", exception=FAILURE),
        log(15_001, "hidden, but no exception", level="DEBUG", hidden=True),
    ]
    [one] = reading.hidden_exceptions(trace, start_ns=START_NS)
    assert (one.type, one.count, one.first_ns) == ("AttributeError", 2, clock("22:34:13.357"))
    assert (one.level, one.logger, one.place) == ("DEBUG", "core", FAILURE["place"])


def test_attempts_to_leave_the_world_and_unknown_names_are_told_once_with_their_place() -> None:
    refused = {"kind": "refused", "what": "connection", "target": "1.1.1.1:443", "at": "a.py:1"}
    unknown = {"kind": "unknown_host", "name": "api.telegram.org", "at": "alerts.py:9 in send"}
    trace = [{"t": i, "host": "bot", **entry} for i, entry in enumerate([refused, unknown] * 2)]
    assert reading.refusals(trace) == ("connection to 1.1.1.1:443, by bot at a.py:1",)
    assert reading.unknown_hosts(trace) == ("api.telegram.org, by bot at alerts.py:9 in send",)


def test_a_fault_that_never_fired_is_counted_as_such() -> None:
    trace = [{"t": 0, "host": "binance", "kind": "fault", "rule": "lost_reply"}] * 2
    assert reading.faults_fired(trace, ["lost_reply", "reset"]) == {"lost_reply": 2, "reset": 0}
