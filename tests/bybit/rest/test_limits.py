"""Limits as the v5 rate-limit page has them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.bybit.settings import LIMITS
from simulator.exchange.behaviour import Behaviour, LimitRule
from simulator.wire.calls import Answer
from tests.bybit.rest.conftest import HEDGER, MS, START_MS, S, Venue, make_venue

LIMIT = "X-Bapi-Limit"
LEFT = "X-Bapi-Limit-Status"
RESET = "X-Bapi-Limit-Reset-Timestamp"


def code(answer: Answer) -> int:
    body: dict[str, int] = json.loads(answer.text)
    return body["retCode"]


def fee_rate(venue: Venue, **more: Any) -> Answer:
    """A query of which 5 in a second are allowed."""
    return venue.signed("GET", "/v5/account/fee-rate", query="category=linear", **more)


@pytest.mark.parametrize(
    ("endpoint", "limit"),
    [
        ("POST /v5/order/create", 10),
        ("POST /v5/order/cancel", 10),
        ("POST /v5/order/cancel-all", 10),
        ("POST /v5/order/create-batch", 10),
        ("POST /v5/order/cancel-batch", 10),
        ("GET /v5/order/realtime", 50),
        ("GET /v5/order/history", 50),
        ("GET /v5/execution/list", 50),
        ("GET /v5/position/list", 50),
        ("GET /v5/position/closed-pnl", 50),
        ("POST /v5/position/set-leverage", 10),
        ("POST /v5/position/switch-mode", 10),
        ("POST /v5/position/trading-stop", 10),
        ("GET /v5/account/wallet-balance", 50),
        ("GET /v5/account/info", 50),
        ("GET /v5/account/withdrawal", 50),
        ("GET /v5/account/transaction-log", 25),
        ("GET /v5/account/fee-rate", 5),
        ("POST /v5/account/set-margin-mode", 5),
        ("GET /v5/user/query-api", 10),
        ("GET /v5/asset/coin/query-info", 5),
    ],
)
def test_each_endpoint_has_a_sliding_second(endpoint: str, limit: int) -> None:
    (rule,) = [each for each in LIMITS if each.name == endpoint]
    assert (rule.limit, rule.interval_ns, rule.aligned) == (limit, S, False)


def test_replies_to_private_requests_count_down(venue: Venue) -> None:
    for left in (4, 3, 2, 1, 0):
        answer = fee_rate(venue)
        assert code(answer) == 0
        assert answer.headers == {LIMIT: "5", LEFT: str(left), RESET: str(START_MS)}


def test_one_too_many_is_10006_with_the_time_of_the_reset(venue: Venue) -> None:
    for _ in range(5):
        fee_rate(venue)
        venue.advance(100 * MS)
    answer = fee_rate(venue)
    body = json.loads(answer.text)
    assert answer.status == 200
    assert body["retCode"] == 10006
    assert body["retMsg"] == "Too many visits. Exceeded the API Rate Limit."
    assert body["result"] == {}
    assert answer.headers == {LIMIT: "5", LEFT: "0", RESET: str(START_MS + 1000)}


def test_the_window_slides(venue: Venue) -> None:
    for _ in range(5):
        fee_rate(venue)
        venue.advance(100 * MS)
    venue.advance(499 * MS)
    assert code(fee_rate(venue)) == 10006
    venue.advance(1 * MS)
    assert code(fee_rate(venue)) == 0
    assert code(fee_rate(venue)) == 10006


def test_each_account_and_each_endpoint_counts_for_itself(venue: Venue) -> None:
    for _ in range(6):
        last = fee_rate(venue)
    assert code(last) == 10006
    assert code(fee_rate(venue, key=HEDGER)) == 0
    assert venue.get("/v5/account/info")["retCode"] == 0


def test_public_replies_tell_of_no_limit(venue: Venue) -> None:
    assert venue.send("GET", "/v5/market/time").headers == {}


def test_a_given_rule_replaces_the_venue_s_own_of_that_name() -> None:
    rule = LimitRule(name="GET /v5/account/fee-rate", limit=1, interval_ns=2 * S)
    venue = make_venue(behaviour=Behaviour(limits=(rule,)))
    assert code(fee_rate(venue)) == 0
    assert code(fee_rate(venue)) == 10006
    for _ in range(10):
        assert (
            venue.post("/v5/position/switch-mode", category="linear", mode=0, coin="USDT")[
                "retCode"
            ]
            == 0
        )
    again = venue.post("/v5/position/switch-mode", category="linear", mode=0, coin="USDT")
    assert again["retCode"] == 10006


def test_the_601st_request_of_an_ip_in_five_seconds_is_403_and_no_json(venue: Venue) -> None:
    for _ in range(600):
        assert venue.send("GET", "/v5/market/time").status == 200
    answer = venue.send("GET", "/v5/market/time")
    assert answer.status == 403
    assert "403, access too frequent" in answer.text
    assert not answer.text.startswith(("{", "["))
    assert answer.headers == {}


def test_a_banned_ip_is_let_in_after_ten_minutes(venue: Venue) -> None:
    for _ in range(601):
        venue.send("GET", "/v5/market/time")
    assert venue.send("GET", "/v5/market/time", ip="10.0.0.2").status == 200
    venue.advance(600 * S - 1)
    assert venue.send("GET", "/v5/market/time").status == 403
    venue.advance(1)
    assert venue.send("GET", "/v5/market/time").status == 200


def test_the_ip_limit_and_its_ban_can_be_set() -> None:
    rule = LimitRule(name="IP", limit=2, interval_ns=5 * S, aligned=False)
    behaviour = Behaviour(limits=(rule,), settings={"ip_ban_ns": 3 * S})
    venue = make_venue(behaviour=behaviour)
    statuses = [venue.send("GET", "/v5/market/time").status for _ in range(3)]
    assert statuses == [200, 200, 403]
    venue.advance(5 * S)
    assert venue.send("GET", "/v5/market/time").status == 200


def test_a_batch_counts_each_order_and_fails_those_above_the_quota() -> None:
    venue = make_venue()
    order = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.001"}
    request = [order | {"price": str(90_100 + number)} for number in range(12)]
    body = json.dumps({"category": "linear", "request": request})
    answer = venue.signed("POST", "/v5/order/create-batch", body=body)
    reply = json.loads(answer.text)
    assert reply["retCode"] == 0
    codes = [each["code"] for each in reply["retExtInfo"]["list"]]
    assert codes == [0] * 10 + [10006] * 2
    assert [bool(each["orderId"]) for each in reply["result"]["list"]] == [True] * 10 + [False] * 2
    assert answer.headers == {LIMIT: "10", LEFT: "0", RESET: str(START_MS + 1000)}
    # Batches have a count of their own.
    assert venue.create(qty="0.001")["retCode"] == 0


def test_settings_are_checked_at_the_door() -> None:
    for settings in ({"no_such": 1}, {"ip_ban_ns": 0}, {"closed_orders_kept": -1}):
        with pytest.raises(ValueError, match="bybit setting"):
            make_venue(behaviour=Behaviour(settings=settings))
