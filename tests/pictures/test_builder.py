"""What a picture has of a run: every entry of the trace, in its lane, at its time."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay import runner
from replay.pictures import ArrowKind, Item, Picture, picture
from replay.pictures.lanes import rows
from replay.result import RunResult
from tests.pictures.made import event, log, reply, request, run_of
from tests.replay.made import MS, S, clock


@pytest.fixture(scope="module")
def sklusdt() -> RunResult:
    return runner.run("sklusdt", version="2025-10-28")


def lane_of(drawn: Picture, item: Item) -> str:
    lane = drawn.lanes[item.lane]
    return f"{lane.host}: {lane.name}"


def only(drawn: Picture, title: str) -> Item:
    (found,) = (item for item in drawn.items if item.title.startswith(title))
    return found


def test_the_fill_of_sklusdt_is_with_the_bot_4_ms_before_the_reply_as_in_the_log(
    sklusdt: RunResult,
) -> None:
    drawn = picture(sklusdt)
    order = only(drawn, "POST order SKLUSDT BUY")
    fill = only(drawn, "ACCOUNT_UPDATE SKLUSDT 308")
    assert fill.arrives_ns is not None
    assert order.arrives_ns is not None
    # 22:34:12.246 - 📊 [USER] Position update, 22:34:12.250 - ⚡ Pre-registered
    assert sklusdt.start_ns + fill.arrives_ns == clock("22:34:12.246")
    assert sklusdt.start_ns + order.arrives_ns == clock("22:34:12.250")
    assert fill.note == "4 ms before the reply to POST order"
    assert fill.ahead_ns == 4 * MS


def test_a_run_with_all_its_windows_has_a_lane_for_each(sklusdt: RunResult) -> None:
    assert [f"{lane.host}: {lane.name}" for lane in picture(sklusdt).lanes] == [
        "bot: production log",
        "bot: milestones",
        "bot: log",
        "bot: stands still",
        "bot: sends and hears",
        "network: on the way",
        "network: connections",
        "binance: REST",
        "binance: user stream",
        "binance: market stream",
        "binance: orders",
        "binance: positions",
        "binance: stream connections",
    ]


@pytest.mark.parametrize(
    ("scenario", "version"),
    [
        ("sklusdt", "2025-10-28"),
        ("wave_limit", "2025-10-12"),
        ("degenusdt", "2025-10-29"),
        ("crash_binance", "current"),
    ],
)
def test_no_entry_of_a_trace_is_lost(scenario: str, version: str) -> None:
    result = runner.run(scenario, version=version)
    entries = Counter(str(each["kind"]) for each in result.trace)
    items = Counter(item.kind for item in picture(result).items)
    for kind in ("request", "stream", "log", "milestone", "stall", "fault", "signals", "crash"):
        assert items[kind] == entries[kind], kind
    assert items["connection"] == entries["connect"] + entries["stream_open"]
    ends = ("reply", "closed", "stream_close")  # of requests and connections
    made_of_entries = sum(
        count for kind, count in items.items() if kind not in ("production", *_TRUTH)
    )
    assert made_of_entries == len(result.trace) - sum(entries[kind] for kind in ends)


def test_a_crash_lasts_until_the_bot_is_started_again() -> None:
    drawn = picture(runner.run("crash_binance", version="current"))
    (crash,) = [item for item in drawn.items if item.kind == "crash"]
    assert (crash.start_ns, crash.end_ns) == (10_260_000_000, 15_260_000_000)
    assert crash.title == "CRASH request POST /fapi/v1/order taken"


_TRUTH = ("order", "resting", "position")


def test_the_truth_is_what_the_invariants_were_judged_by(sklusdt: RunResult) -> None:
    drawn = picture(sklusdt)
    held = only(drawn, "SKLUSDT +308 without a stop-loss")
    # "SKLUSDT +308 without a stop-loss from 22:34:12.073 to 22:34:23.898, 11.825 s"
    assert sklusdt.start_ns + held.start_ns == clock("22:34:12.073")
    assert held.end_ns - held.start_ns == pytest.approx(11.825 * S, abs=MS)
    assert only(drawn, "FILLED SKLUSDT BUY").start_ns == held.start_ns
    assert only(drawn, "FILLED SKLUSDT SELL").start_ns == held.end_ns
    assert {drawn.lanes[held.lane].truth, drawn.lanes[0].truth} == {True, False}


def test_a_stop_loss_rests_from_its_acceptance_on() -> None:
    drawn = picture(runner.run("wave_limit", version="2025-10-12"))
    resting = [item for item in drawn.items if item.kind == "resting"]
    accepted = [item for item in drawn.items if item.title.startswith("ACCEPTED")]
    assert resting
    for item in resting:
        assert item.start_ns in [
            each.start_ns for each in accepted if each.title.endswith(item.title)
        ]
        assert item.end_ns > item.start_ns


def test_production_stands_beside_the_run_with_the_difference(sklusdt: RunResult) -> None:
    drawn = picture(sklusdt)
    (pair,) = (each for each in drawn.pairs if each.name == "verification_timeout")
    assert pair.virtual is not None
    assert pair.production is not None
    there = drawn.items[pair.production]
    assert lane_of(drawn, there) == "bot: production log"
    # The log: 22:34:23.371.
    assert sklusdt.start_ns + there.start_ns == clock("22:34:23.371")
    apart_ns = drawn.items[pair.virtual].start_ns - there.start_ns
    assert pair.difference_ns == apart_ns == -1_500_000


def test_an_arrow_goes_from_when_it_left_to_when_it_arrived() -> None:
    drawn = picture(run_of(request(7, S), event(S, travels=3 * MS), reply(7, S + 2 * MS)))
    assert [(arrow.kind, arrow.start_ns, arrow.end_ns) for arrow in drawn.arrows] == [
        (ArrowKind.REQUEST, S - 175 * MS, S),
        (ArrowKind.EVENT, S, S + 3 * MS),
        (ArrowKind.REPLY, S + 2 * MS, S + 177 * MS),
    ]


@pytest.mark.parametrize(
    ("arrives_after_ms", "symbol", "method", "note"),
    [
        (173, "SKLUSDT", "POST", "4 ms before the reply to POST order"),
        (177, "SKLUSDT", "POST", ""),  # together with the reply
        (180, "SKLUSDT", "POST", ""),
        (173, "RADUSDT", "POST", ""),
        (173, "SKLUSDT", "GET", ""),
    ],
)
def test_only_an_event_of_the_orders_own_symbol_can_overtake_its_reply(
    arrives_after_ms: int, symbol: str, method: str, note: str
) -> None:
    drawn = picture(
        run_of(
            request(7, S, method=method),
            event(S, travels=arrives_after_ms * MS, symbol=symbol),
            reply(7, S + 2 * MS),
        )
    )
    assert only(drawn, "ACCOUNT_UPDATE").note == note


def test_a_request_that_is_never_answered_lasts_to_the_end_and_says_so() -> None:
    drawn = picture(run_of(request(7, S)))
    item = only(drawn, "POST order SKLUSDT BUY MARKET 308: never answered")
    assert (item.start_ns, item.end_ns, item.tone.value) == (S, 40 * S, "bad")
    assert [arrow.kind for arrow in drawn.arrows] == [ArrowKind.REQUEST]


def test_a_request_whose_travel_is_not_known_is_counted() -> None:
    ws = request(7, S, method="WS", path="order.place")
    del ws["sent_ns"]
    answer = reply(7, S + MS)
    del answer["arrives_ns"]
    drawn = picture(run_of(ws, answer))
    assert lane_of(drawn, drawn.items[0]) == "binance: WebSocket API"
    assert drawn.arrows == ()
    assert list(drawn.left_out.values()) == [1]


def test_an_entry_of_a_kind_nobody_knows_still_has_a_place() -> None:
    drawn = picture(run_of({"t": S, "host": "signals", "kind": "new_thing", "count": 3}))
    assert lane_of(drawn, drawn.items[0]) == "signals: other"
    assert drawn.items[0].title == "new thing count=3"


def test_a_refusal_is_told_apart_on_both_venues() -> None:
    refused = picture(run_of(request(1, S), reply(1, S, status=400, body='{"code":-2019}')))
    bybit = reply(1, S, body='{"retCode":110007,"retMsg":"not enough"}')
    also = picture(run_of(request(1, S), bybit))
    found = [only(drawn, "POST order") for drawn in (refused, also)]
    assert [item.tone.value for item in found] == ["bad", "bad"]
    assert [item.title.partition(": ")[2] for item in found] == [
        "400 -2019",
        "200 110007 not enough",
    ]


def test_a_hidden_log_line_is_marked_as_hidden() -> None:
    drawn = picture(run_of(log(S, "seen"), log(S, "unseen", level="DEBUG", hidden=True)))
    assert [item.tone.value for item in drawn.items] == ["plain", "hidden"]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 15))))
def test_spans_of_one_row_never_overlap(found: list[tuple[int, int]]) -> None:
    spans = sorted((start, start + lasts) for start, lasts in found)
    by_row: dict[int, int] = {}
    for (start, end), row in zip(spans, rows(spans), strict=True):
        assert by_row.get(row, 0) <= start
        by_row[row] = max(end, start + 1)
    most = max((sum(s <= t < max(e, s + 1) for s, e in spans) for t in range(60)), default=0)
    assert len(by_row) == most  # and no more rows than overlap at any moment
