"""What a trace tells of ways, answers, leads and lags, from entries whose times are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from replay.calibration import from_traces
from replay.calibration.samples import Found, Kind

MS = 1_000_000
START_NS = 1_761_676_440_000 * MS
UUID = "512b1d4c-352b-4ceb-a20c-5288f2aa7715"


def request(number: int, at_ms: int, endpoint: str, sent_ms: int, **params: str) -> dict[str, Any]:
    method, path = endpoint.split()
    return {
        "t": at_ms * MS,
        "host": "bybit" if "/v5/" in path else "binance",
        "kind": "request",
        "id": number,
        "method": method,
        "path": path,
        "params": params,
        "sent_ns": START_NS + sent_ms * MS,
    }


def reply(
    number: int,
    at_ms: int,
    arrives_ms: int,
    body: object,
    *,
    venue: str = "binance",
    status: int = 200,
) -> dict[str, Any]:
    return {
        "t": at_ms * MS,
        "host": venue,
        "kind": "reply",
        "id": number,
        "status": status,
        "body": json.dumps(body),
        "arrives_ns": START_NS + arrives_ms * MS,
    }


def event(name: str, at_ms: int, arrives_ms: int, body: object, venue: str) -> dict[str, Any]:
    return {
        "t": at_ms * MS,
        "host": venue,
        "kind": "stream",
        "connection": 2,
        "event": name,
        "body": json.dumps(body),
        "arrives_ns": START_NS + arrives_ms * MS,
    }


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def reading(*entries: dict[str, Any]) -> Found:
        file = tmp_path / "trace.jsonl"
        text = "".join(f"{json.dumps(each)}\n" for each in entries)
        file.write_text(text, encoding="utf-8")
        return from_traces.read(file)

    return reading


def told(of: Found, kind: Kind) -> list[tuple[str, float, float | None]]:
    """In milliseconds."""
    return [
        (each.what, each.low_ns / MS, None if each.high_ns is None else each.high_ns / MS)
        for each in of.samples
        if each.kind is kind
    ]


ORDER = (
    request(1, 1100, "POST /fapi/v1/order", 1000, symbol="AAUSDT"),
    reply(1, 1120, 1200, {"orderId": 7, "updateTime": 1_761_676_441_110, "status": "FILLED"}),
)


def test_a_round_trip_is_told_in_its_parts(read: Any) -> None:
    of = read(*ORDER)
    assert told(of, Kind.ROUND_TRIP) == [("POST /fapi/v1/order", 200, 200)]
    assert told(of, Kind.WAY_THERE) == [("rest", 100, 100)]
    assert told(of, Kind.ANSWER_TIME) == [("POST /fapi/v1/order", 20, 20)]
    assert told(of, Kind.WAY_BACK) == [("rest", 80, 80)]


def test_an_event_is_known_by_its_order_and_its_lag_by_the_millisecond_it_tells(read: Any) -> None:
    told_of_7 = {"e": "ORDER_TRADE_UPDATE", "T": 1_761_676_441_110, "o": {"i": 7, "s": "AAUSDT"}}
    of_another = {"e": "ORDER_TRADE_UPDATE", "T": 1_761_676_441_110, "o": {"i": 8, "s": "AAUSDT"}}
    of = read(
        ORDER[0],
        event("ORDER_TRADE_UPDATE", 1111, 1150, of_another, "binance"),
        event("ORDER_TRADE_UPDATE", 1140, 1170, told_of_7, "binance"),
        ORDER[1],
    )
    # Left at 1.140; happened in the millisecond after 1.110. Arrived 30 ms before the reply.
    ((what, low_ms, high_ms),) = told(of, Kind.STREAM_LAG)
    assert (what, high_ms) == ("ORDER_TRADE_UPDATE", 30)
    assert low_ms == pytest.approx(29, abs=1e-5)
    assert told(of, Kind.STREAM_LEAD) == [("ORDER_TRADE_UPDATE", 30, 30)]


def test_an_account_update_is_known_by_symbol_and_moment(read: Any) -> None:
    body = {"e": "ACCOUNT_UPDATE", "T": 1_761_676_441_110, "a": {"P": [{"s": "AAUSDT"}]}}
    before = {**body, "T": 1_761_676_440_500}
    other = {**body, "a": {"P": [{"s": "BBUSDT"}]}}
    of = read(
        *ORDER,
        event("ACCOUNT_UPDATE", 1130, 1160, other, "binance"),
        event("ACCOUNT_UPDATE", 1170, 1190, before, "binance"),
        event("ACCOUNT_UPDATE", 1200, 1260, body, "binance"),
    )
    assert told(of, Kind.STREAM_LEAD) == [("ACCOUNT_UPDATE", -60, -60)]
    ((_, low_ms, high_ms),) = told(of, Kind.STREAM_LAG)
    assert (round(low_ms or 0), high_ms) == (89, 90)


def test_a_lag_lies_between_the_last_query_without_and_the_first_with_the_order(read: Any) -> None:
    missing = {"code": -2013, "msg": "Order does not exist."}
    query = "GET /fapi/v1/order"
    of = read(
        *ORDER,
        request(2, 1400, query, 1300, symbol="AAUSDT", orderId="7"),
        reply(2, 1402, 1500, missing, status=400),
        request(3, 1900, query, 1800, symbol="AAUSDT", orderId="7"),
        reply(3, 1903, 2000, missing, status=400),
        request(4, 2400, query, 2300, symbol="AAUSDT", orderId="7"),
        reply(4, 2404, 2500, {"orderId": 7}),
    )
    # Not yet at 1.900, when it had been made by 1.120; there by 2.404, made at 1.100 or later.
    assert told(of, Kind.VISIBILITY_LAG) == [("order", 780, 1304)]


def test_an_order_that_no_query_found_has_no_upper_bound(read: Any) -> None:
    create = {"retCode": 0, "result": {"orderId": UUID}, "time": 1_761_676_441_100}
    nothing = {"retCode": 0, "result": {"list": []}}
    of = read(
        request(1, 1100, "POST /v5/order/create", 1000, symbol="AAUSDT"),
        reply(1, 1100, 1200, create, venue="bybit"),
        request(2, 1700, "GET /v5/order/realtime", 1600, orderId=UUID),
        reply(2, 1700, 1800, nothing, venue="bybit"),
    )
    assert told(of, Kind.VISIBILITY_LAG) == [("order", 600, None)]
    assert of.samples[-1].venue == "bybit"


def test_a_position_is_late_between_the_queries_around_its_first_row(read: Any) -> None:
    ask = "GET /fapi/v3/positionRisk"
    flat = [{"symbol": "AAUSDT", "positionAmt": "0.0"}]
    opening = {**ORDER[0], "params": {"symbol": "AAUSDT", "type": "MARKET", "side": "BUY"}}
    entries = (
        request(2, 900, ask, 800),
        reply(2, 900, 1000, []),
        opening,
        ORDER[1],
        request(3, 1400, ask, 1300),
        reply(3, 1400, 1500, flat),
        request(4, 1500, ask, 1400, symbol="BBUSDT"),
        reply(4, 1500, 1600, []),  # of another symbol
        request(5, 1900, ask, 1800),
        reply(5, 1900, 2000, [{"symbol": "AAUSDT", "positionAmt": "-3"}]),
    )
    assert told(read(*entries), Kind.VISIBILITY_LAG) == [("positions", 280, 800)]
    # Who did not ask before does not know whether there was one already.
    assert told(read(*entries[2:]), Kind.VISIBILITY_LAG) == []
    closing = {**opening, "params": {**opening["params"], "reduceOnly": "true"}}
    assert told(read(*entries[:2], closing, *entries[3:]), Kind.VISIBILITY_LAG) == []


def test_what_is_held_up_behind_an_earlier_event_is_no_sample_of_the_way(read: Any) -> None:
    of = read(
        *ORDER,
        event("x", 1000, 1100, {}, "binance"),
        event("x", 1050, 1100, {}, "binance"),  # on its way when the one before arrived
        event("x", 1200, 1230, {}, "binance"),
    )
    assert [each for each in told(of, Kind.WAY_BACK) if each[0] == "stream"] == [
        ("stream", 100, 100),
        ("stream", 30, 30),
    ]


@pytest.mark.parametrize("status", [403, 418, 429, 503])
def test_a_venue_that_refuses_to_answer_tells_no_time(read: Any, status: int) -> None:
    of = read(ORDER[0], reply(1, 1120, 1200, {"code": -1003}, status=status))
    assert of.samples == []
    assert of.skipped == {"replies of a venue that refused to answer": 1}


def test_a_request_without_a_reply_is_counted(read: Any) -> None:
    of = read(*ORDER, request(2, 1400, "GET /fapi/v1/order", 1300))
    assert of.skipped == {"requests without a reply that arrived": 1}


def test_a_trace_that_does_not_tell_its_beginning_gives_round_trips(read: Any) -> None:
    moved = {**ORDER[1], "arrives_ns": START_NS + 1200 * MS}
    contradicting = request(2, 1400, "GET /fapi/v1/order", 5000)
    of = read(ORDER[0], moved, contradicting, reply(2, 1400, 5100, {"orderId": 7}))
    assert told(of, Kind.WAY_THERE) == []
    assert [trip for _, trip, _ in told(of, Kind.ROUND_TRIP)] == [200, 100]
    assert of.notes == ["trace.jsonl: does not tell when it began, so its ways are not told apart"]
