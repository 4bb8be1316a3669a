"""Keys, signatures, the receive window; weights, order counts and bans."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from simulator.exchange.behaviour import Behaviour, LimitRule
from tests.binance.conftest import MS, Desk, S, make_desk, sign

PATH = "/fapi/v3/account"


def stamp(desk: Desk, shift_ms: int = 0) -> str:
    return f"timestamp={desk.env.now // MS + shift_ms}"


def test_a_signature_over_the_query_passes_in_either_case(desk: Desk) -> None:
    query = sign(stamp(desk))
    assert desk.send("GET", PATH, query=query)[0] == 200
    head, _, signature = query.rpartition("=")
    assert desk.send("GET", PATH, query=f"{head}={signature.upper()}")[0] == 200


def test_query_and_body_are_signed_together_without_a_separator(desk: Desk) -> None:
    # The documentation's mixed example: hmac(queryString + requestBody).
    query = "symbol=SKLUSDT&leverage=5"
    body = stamp(desk)
    signature = sign(query + body).rpartition("&signature=")[2]
    sent = f"{body}&signature={signature}"
    status, reply, _ = desk.send("POST", "/fapi/v1/leverage", query=query, body=sent)
    assert (status, reply["leverage"]) == (200, 5)


def test_a_signature_over_the_plain_text_passes_too(desk: Desk) -> None:
    # python-binance signs before it encodes.
    fields = {"symbol": "SKLUSDT", "origClientOrderId": "a:b/c", "timestamp": desk.env.now // MS}
    plain = "&".join(f"{name}={value}" for name, value in fields.items())
    signature = sign(plain).rpartition("=")[2]
    query = urlencode(fields | {"signature": signature})
    assert "a%3Ab" in query
    assert desk.send("GET", "/fapi/v1/order", query=query)[1]["code"] == -2013


@pytest.mark.parametrize(
    ("query", "code", "text", "status"),
    [
        (
            "{stamp}",
            -1102,
            "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.",
            400,
        ),
        (
            "signature=00",
            -1102,
            "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.",
            400,
        ),
        ("{stamp}&signature=00", -1022, "Signature for this request is not valid.", 400),
    ],
)
def test_a_request_that_is_not_properly_signed_is_refused(
    desk: Desk, query: str, code: int, text: str, status: int
) -> None:
    got = desk.send("GET", PATH, query=query.format(stamp=stamp(desk)))
    assert got[:2] == (status, {"code": code, "msg": text})


@pytest.mark.parametrize(
    ("shift_ms", "window", "text"),
    [
        (999, "", None),
        (1000, "", "Timestamp for this request was 1000ms ahead of the server's time."),
        (-5000, "", None),
        (-5001, "", "Timestamp for this request is outside of the recvWindow."),
        (-5001, "&recvWindow=10000", None),
        (-101, "&recvWindow=100", "Timestamp for this request is outside of the recvWindow."),
    ],
)
def test_the_receive_window_is_as_documented(
    desk: Desk, shift_ms: int, window: str, text: str | None
) -> None:
    status, reply, _ = desk.send("GET", PATH, query=sign(stamp(desk, shift_ms) + window))
    if text is None:
        assert status == 200
    else:
        assert (status, reply) == (400, {"code": -1021, "msg": text})


@pytest.mark.parametrize(
    ("key", "code", "text"),
    [
        (None, -2014, "API-key format invalid."),
        ("not a key", -2014, "API-key format invalid."),
        ("A" * 64, -2015, "Invalid API-key, IP, or permissions for action."),
    ],
)
def test_a_bad_key_is_refused_with_401(desk: Desk, key: str | None, code: int, text: str) -> None:
    status, reply, _ = desk.send("GET", PATH, query=sign(stamp(desk)), api_key=key)
    assert (status, reply) == (401, {"code": code, "msg": text})


def test_the_query_wins_over_the_body(desk: Desk) -> None:
    body = f"symbol=SKLUSDT&leverage=7&{stamp(desk)}"
    query = "leverage=9"
    signature = sign(query + body).rpartition("=")[2]
    _, reply, _ = desk.send(
        "POST", "/fapi/v1/leverage", query=query, body=f"{body}&signature={signature}"
    )
    assert reply["leverage"] == 9


def test_an_unknown_path_or_method_is_a_404(desk: Desk) -> None:
    assert desk.call("GET", "/fapi/v1/nothing")[0] == 404
    status, reply, _ = desk.call("PATCH", "/fapi/v1/time")
    assert (status, reply["code"]) == (404, -5000)


def test_used_weight_adds_up_per_ip_and_starts_anew_each_minute(desk: Desk) -> None:
    def used(ip: str) -> str:
        return desk.send("GET", "/fapi/v1/depth", query="symbol=SKLUSDT&limit=1000", ip=ip)[2][
            "x-mbx-used-weight-1m"
        ]

    assert [used("10.0.0.1"), used("10.0.0.1"), used("10.0.0.2")] == ["20", "40", "20"]
    desk.advance(60 * S)
    assert used("10.0.0.1") == "20"


def test_over_the_weight_limit_comes_429_with_the_seconds_left(desk: Desk) -> None:
    for _ in range(60):
        assert desk.call("GET", "/fapi/v1/ticker/24hr")[0] == 200  # weight 40
    desk.advance(20 * S)
    status, reply, headers = desk.call("GET", "/fapi/v1/ping")
    assert (status, reply) == (
        429,
        {
            "code": -1003,
            "msg": "Too many requests; current limit is 2400 requests per minute. "
            "Please use the websocket for live updates to avoid polling the API.",
        },
    )
    assert headers["retry-after"] == "40"
    desk.advance(40 * S)
    assert desk.call("GET", "/fapi/v1/ping")[0] == 200


def test_who_goes_on_is_banned_and_the_next_ban_is_longer() -> None:
    limits = (LimitRule(name="REQUEST_WEIGHT", limit=2, interval_ns=60 * S),)
    desk = make_desk(behaviour=Behaviour(limits=limits, settings={"ban_after": 3}))
    statuses = [desk.call("GET", "/fapi/v1/ping")[0] for _ in range(6)]
    assert statuses == [200, 200, 429, 429, 429, 418]
    status, reply, headers = desk.call("GET", "/fapi/v1/ping")
    until_ms = desk.env.now // MS + 120_000
    assert (status, reply["code"]) == (418, -1003)
    assert reply["msg"] == (
        f"Way too many requests; IP banned until {until_ms}. "
        "Please use the websocket for live updates to avoid bans."
    )
    assert headers["retry-after"] == "120"
    assert desk.send("GET", "/fapi/v1/ping", ip="10.0.0.9")[0] == 200
    desk.advance(120 * S)
    statuses = [desk.call("GET", "/fapi/v1/ping")[0] for _ in range(6)]
    assert statuses == [200, 200, 429, 429, 429, 418]
    assert desk.call("GET", "/fapi/v1/ping")[2]["retry-after"] == "240"


def test_the_301st_order_in_ten_seconds_is_one_too_many(desk: Desk) -> None:
    order = {"symbol": "LTCUSDT", "side": "BUY", "type": "MARKET"}  # refused, counted all the same
    for _ in range(300):
        assert desk.signed("POST", "/fapi/v1/order", **order)[0] == 400
    status, reply, headers = desk.signed("POST", "/fapi/v1/order", **order)
    assert (status, reply) == (
        429,
        {"code": -1015, "msg": "Too many new orders; current limit is 300 orders per 10 SECOND."},
    )
    assert headers["x-mbx-order-count-10s"] == "301"
    assert "retry-after" not in headers
    _, limits, _ = desk.signed("GET", "/fapi/v1/rateLimit/order")
    assert limits == [
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300},
        {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
    ]


def test_settings_are_checked_at_the_door() -> None:
    with pytest.raises(ValueError, match="unknown binance setting 'listen_key_lfe'"):
        make_desk(behaviour=Behaviour(settings={"listen_key_lfe": 1}))
    with pytest.raises(ValueError, match="ban_after must be an integer above 0, was 0"):
        make_desk(behaviour=Behaviour(settings={"ban_after": 0}))
