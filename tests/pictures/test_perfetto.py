"""The trace for Perfetto against the documented format: phases, keys, units, nesting, flows."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay import pictures, runner
from replay.result import RunResult
from tests.pictures.made import event, log, reply, request, run_of
from tests.replay.made import MS, S

# "Trace Event Format": what an event of each phase must have.
REQUIRED = {
    "X": {"name", "cat", "ts", "dur", "pid", "tid"},
    "i": {"name", "ts", "pid", "tid", "s"},
    "s": {"name", "cat", "ts", "pid", "tid", "id"},
    "f": {"name", "cat", "ts", "pid", "tid", "id", "bp"},
    "C": {"name", "ts", "pid", "args"},
    "M": {"name", "pid", "tid", "args"},
}
US_PER_S = 1_000_000

Event = dict[str, Any]


def events_of(result: RunResult) -> list[Event]:
    return list(json.loads(pictures.perfetto_trace(result))["traceEvents"])


@pytest.fixture(scope="module", params=[("sklusdt", "2025-10-28"), ("wave_limit", "2025-10-12")])
def events(request: pytest.FixtureRequest) -> list[Event]:
    scenario, version = request.param
    return events_of(runner.run(scenario, version=version))


def ns(us: float) -> int:
    """As Perfetto reads it (`CoerceToTs` of its importer): what is left over is cut off."""
    return int(us * 1000)


def span(one: Event) -> tuple[int, int]:
    return ns(one["ts"]), ns(one["ts"]) + ns(one["dur"])


def test_every_event_has_what_its_phase_requires(events: list[Event]) -> None:
    for each in events:
        assert each.keys() >= REQUIRED[each["ph"]], each
        assert each.get("ts", 0) >= 0
    assert {each["ph"] for each in events} == set(REQUIRED)


def test_every_thread_and_process_has_a_name_and_a_number_of_its_own(events: list[Event]) -> None:
    named = {
        kind: [each for each in events if each["name"] == kind]
        for kind in ("process_name", "thread_name")
    }
    pids = [each["pid"] for each in named["process_name"]]
    tids = [each["tid"] for each in named["thread_name"]]
    assert len(set(pids)) == len(pids)
    assert len(set(tids)) == len(tids)
    assert not set(pids) & set(tids)
    drawn = [each for each in events if each["ph"] in "Xisf"]
    assert {each["pid"] for each in drawn} <= set(pids)
    assert {each["tid"] for each in drawn} <= set(tids)


def test_events_come_in_order_of_time(events: list[Event]) -> None:
    times = [each["ts"] for each in events if each["ph"] != "M"]
    assert times == sorted(times)


def test_slices_of_one_thread_nest_or_follow_each_other(events: list[Event]) -> None:
    threads = defaultdict(list)
    for each in events:
        if each["ph"] == "X":
            threads[each["tid"]].append(span(each))
    for slices in threads.values():
        open_until: list[int] = []
        for start, end in slices:
            while open_until and open_until[-1] <= start:
                open_until.pop()
            assert not open_until or end <= open_until[-1]
            open_until.append(end)


def test_every_flow_has_two_ends_each_on_the_slice_it_belongs_to(events: list[Event]) -> None:
    slices = defaultdict(list)
    for each in events:
        if each["ph"] == "X":
            slices[each["tid"]].append(each)
    flows = defaultdict(list)
    for each in events:
        if each["ph"] in "sf":
            flows[each["id"]].append(each)
    assert flows
    for ends in flows.values():
        assert [each["ph"] for each in ends] == ["s", "f"]
        owners = []
        for each in ends:
            at = ns(each["ts"])
            around = [one for one in slices[each["tid"]] if span(one)[0] <= at < span(one)[1]]
            assert len(around) == 1, (each, around)
            owners.append(around[0])
        # Both ends are on the same request, or on the same event.
        assert owners[0]["args"] == owners[1]["args"]
        assert owners[0]["pid"] != owners[1]["pid"]


def test_the_fill_and_the_reply_of_sklusdt_are_where_the_log_has_them() -> None:
    events = events_of(runner.run("sklusdt", version="2025-10-28"))
    hosts = {each["args"]["name"]: each["pid"] for each in events if each["name"] == "process_name"}
    heard = [
        each["ts"]
        for each in events
        if each["ph"] == "X" and each["name"] == "ACCOUNT_UPDATE SKLUSDT 308"
        if each["pid"] == hosts["bot"]
    ]
    # The run starts at 22:34:00; the log has them at 22:34:12.246 and 22:34:12.250.
    assert heard == [12.246 * US_PER_S]
    (waits,) = (
        each
        for each in events
        if each["ph"] == "X" and each["name"].startswith("POST order SKLUSDT BUY")
        if each["pid"] == hosts["bot"]
    )
    assert span(waits)[1] == 12_250 * MS


def test_a_counter_follows_the_position() -> None:
    events = events_of(runner.run("sklusdt", version="2025-10-28"))
    sizes = [(each["name"], each["args"]["quantity"]) for each in events if each["ph"] == "C"]
    assert [size for size in sizes if size[1]] == [("position SKLUSDT", 308.0)]
    assert sizes[-1] == ("position SKLUSDT", 0.0)


def test_events_of_one_moment_keep_their_own_flows() -> None:
    result = run_of(event(S), event(S), event(S))
    flows = [each for each in events_of(result) if each["ph"] in "sf"]
    assert len({(each["ph"], each["tid"]) for each in flows}) == 6


def test_a_request_that_lasts_no_time_is_a_slice_of_a_nanosecond() -> None:
    events = events_of(run_of(request(1, S), reply(1, S)))
    slices = [each for each in events if each["ph"] == "X"]
    assert sorted(each["dur"] for each in slices) == [0.001, 350_000]


@given(st.integers(0, 10**15))
def test_no_nanosecond_is_lost_on_the_way_through_the_formats_microseconds(at: int) -> None:
    (event,) = (each for each in events_of(run_of(log(at, "line"))) if each["ph"] == "i")
    assert ns(event["ts"]) == at
