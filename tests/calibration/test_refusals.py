"""What logs and traces show of refusals, failures and disconnects; and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from replay import runner
from replay.calibration import from_traces
from replay.calibration.refusals import of_reply, of_text
from replay.calibration.samples import Kind
from scenarios import catalogue


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # As clients write them: ccxt, python-binance, pybit, aiohttp, websockets.
        (
            'ccxt.base.errors.RateLimitExceeded: binanceusdm {"code":-1003,"msg":"Way too many"}',
            "binance -1003, too many requests",
        ),
        ("APIError(code=-1008): Server is currently overloaded", "binance -1008, overloaded"),
        (
            "Too many visits. Exceeded the API Rate Limit. (ErrCode: 10006) (ErrTime: 12:00:01).",
            "bybit 10006, too many requests",
        ),
        ('bybit {"retCode": 10000, "retMsg": "Server Timeout"}', "bybit 10000, server timeout"),
        ("aiohttp.ClientResponseError: 418, status=418, message='teapot'", "status 418"),
        ("HTTP/1.1 503 Service Unavailable", "status 503"),
        ("Way too many requests; IP banned until 1573770000000", "too many requests"),
        ("ccxt.base.errors.RequestTimeout: binanceusdm POST https://...", "request timed out"),
        (
            "websockets.exceptions.ConnectionClosedError: no close frame received or sent",
            "connection closed or lost",
        ),
        ("User stream disconnected (1006)", "connection closed or lost"),
    ],
)
def test_a_line_of_a_log_that_tells_of_a_refusal_is_seen(text: str, told: str) -> None:
    assert of_text(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "Position closed: BTCUSDT, pnl -1003",
        'binanceusdm {"code":-2013,"msg":"Order does not exist."}',  # it answered
        "Multi-source verification TIMEOUT",
        "Order 4290000 filled, status FILLED",
        "status: 200, 503 ms",
        "10006 USDT",
        "streaming 429 symbols",
    ],
)
def test_a_line_that_only_looks_like_one_is_not(text: str) -> None:
    assert of_text(text) is None


@pytest.mark.parametrize(
    ("venue", "status", "body", "told"),
    [
        ("binance", 429, {"code": -1003, "msg": ""}, "429 -1003, too many requests"),
        ("binance", 503, {"code": -1007, "msg": ""}, "503 -1007, status unknown"),
        ("binance", 502, None, "502"),
        ("binance", 400, {"code": -2013, "msg": ""}, None),
        ("binance", 200, {"code": 10006}, None),  # a code of the other venue
        ("bybit", 200, {"retCode": 10006, "retMsg": ""}, "10006, too many requests"),
        ("bybit", 200, {"retCode": 0, "retMsg": "OK"}, None),
        ("bybit", 403, None, "403"),
    ],
)
def test_a_reply_is_a_refusal_by_its_status_or_its_code(
    venue: str, status: int, body: object, told: str | None
) -> None:
    assert of_reply(venue, status, body) == told


def trace(folder: Path, name: str, version: str = "current", **changes: object) -> Path:
    path = catalogue.find(name)
    scenario = runner.load_text(
        path.read_text(encoding="utf-8"), path.name, folder=path.parent, changes=changes
    )
    result = runner.play(scenario, name, version=version)
    file = folder / f"{name}.jsonl"
    file.write_text("".join(f"{line}\n" for line in result.trace_lines), encoding="utf-8")
    return file


def test_a_refusal_with_status_200_tells_no_time(tmp_path: Path) -> None:
    """Bybit says no with 200, too: only the body tells."""
    busy = {
        "name": "busy",
        "endpoint": "POST /v5/order/create",
        "kind": "error",
        "status": 200,
        "body": '{"retCode":10006,"retMsg":"Too many visits!","result":{},"time":0}',
    }
    file = trace(tmp_path, "late_order_bybit", **{"venues.bybit.behaviour": {"faults": [busy]}})
    found = from_traces.read(file)
    trips = {each.what for each in found.samples if each.kind is Kind.ROUND_TRIP}
    assert "GET /v5/order/realtime" not in trips  # there is no order to ask for
    assert "POST /v5/order/create" not in trips
    (told,) = found.refusals.counts
    assert told == "bybit 10006, too many requests, POST /v5/order/create"
    assert found.refusals.first[told].startswith("late_order_bybit.jsonl:")
    assert found.skipped["replies of a venue that refused to answer"] == found.refusals.counts[told]


def test_streams_that_the_venue_closes_are_counted_and_the_bots_own_closing_is_not(
    tmp_path: Path,
) -> None:
    found = from_traces.read(trace(tmp_path, "day_disconnect"))
    # The user stream and the mark prices, once each; and both once more when the bot stops.
    assert found.refusals.counts == {"binance stream closed, end of life": 2}


def test_a_rate_limit_is_counted_by_its_endpoint(tmp_path: Path) -> None:
    found = from_traces.read(trace(tmp_path, "rate_limits", "2025-10-28"))
    assert list(found.refusals.counts) == [
        "binance 429 -1003, too many requests, GET /fapi/v3/positionRisk"
    ]
    assert found.refusals.watched_ns > 0
