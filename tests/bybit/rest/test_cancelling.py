"""Cancelling, and orders in batches."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.bybit.rest.conftest import START_MS, Venue
from tests.bybit.rest.orders import LIMIT, LINK_ID

# cancelling


def cancel(venue: Venue, **ids: str) -> Any:
    return venue.post("/v5/order/cancel", category="linear", symbol="BTCUSDT", **ids)


def test_an_order_is_cancelled_by_either_id(venue: Venue) -> None:
    first, second = venue.placed(**LIMIT), venue.placed(**LIMIT, orderLinkId=LINK_ID)
    assert cancel(venue, orderId=first)["result"] == {"orderId": first, "orderLinkId": ""}
    assert cancel(venue, orderLinkId=LINK_ID)["result"] == {
        "orderId": second,
        "orderLinkId": LINK_ID,
    }
    row = venue.order(first)
    assert (row["orderStatus"], row["cancelType"]) == ("Cancelled", "CancelByUser")
    assert row["leavesQty"] == "0.000"


def test_what_cannot_be_cancelled_any_more_is_110001(venue: Venue) -> None:
    unknown = (110001, "order not exists or too late to cancel")
    filled = venue.placed()
    for ids in (
        {"orderId": filled},
        {"orderId": str(uuid.UUID(int=7))},
        {"orderId": "no-uuid"},
        {"orderLinkId": "never"},
    ):
        reply = cancel(venue, **ids)
        assert (reply["retCode"], reply["retMsg"]) == unknown
    assert cancel(venue)["retCode"] == 10001


def test_all_orders_of_a_scope_are_cancelled_and_named(venue: Venue) -> None:
    here = [venue.placed(**LIMIT), venue.placed(triggerPrice="101000", triggerDirection=1)]
    there = venue.placed("HNTUSDT", orderType="Limit", qty="10", price="1.5")
    path = "/v5/order/cancel-all"
    assert venue.post(path, category="linear")["retCode"] == 10001
    result = venue.post(path, category="linear", symbol="BTCUSDT")["result"]
    assert [each["orderId"] for each in result["list"]] == here
    assert result["success"] == "1"
    result = venue.post(path, category="linear", settleCoin="USDT")["result"]
    assert [each["orderId"] for each in result["list"]] == [there]


def test_a_filter_leaves_other_orders_alone(venue: Venue) -> None:
    resting = venue.placed(**LIMIT)
    waiting = venue.placed(triggerPrice="101000", triggerDirection=1)
    reply = venue.post(
        "/v5/order/cancel-all", category="linear", symbol="BTCUSDT", orderFilter="StopOrder"
    )
    assert [each["orderId"] for each in reply["result"]["list"]] == [waiting]
    assert venue.order(resting)["orderStatus"] == "New"


# batches


def test_each_order_of_a_batch_has_its_own_code(venue: Venue) -> None:
    good = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01"}
    request = [good | {"orderLinkId": LINK_ID}, good | {"qty": "0"}, good]
    reply = venue.post("/v5/order/create-batch", category="linear", request=request)
    assert reply["retCode"] == 0
    assert reply["retExtInfo"] == {
        "list": [
            {"code": 0, "msg": "OK"},
            {"code": 10001, "msg": "The number of contracts exceeds minimum limit allowed"},
            {"code": 0, "msg": "OK"},
        ]
    }
    first, failed, last = reply["result"]["list"]
    assert failed == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "orderId": "",
        "orderLinkId": "",
        "createAt": "",
    }
    assert (first["orderLinkId"], first["createAt"]) == (LINK_ID, str(START_MS))
    assert venue.order(last["orderId"])["orderStatus"] == "Filled"


def test_a_batch_in_which_all_fail_is_a_success(venue: Venue) -> None:
    request = [{"symbol": "NONE"}, {"symbol": "BTCUSDT", "orderId": "x"}]
    reply = venue.post("/v5/order/cancel-batch", category="linear", request=request)
    assert reply["retCode"] == 0
    assert [each["code"] for each in reply["retExtInfo"]["list"]] == [10001, 110001]
    assert reply["result"]["list"][1] == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "orderId": "",
        "orderLinkId": "",
    }


def test_orders_are_cancelled_in_a_batch(venue: Venue) -> None:
    ids = [venue.placed(**LIMIT) for _ in range(2)]
    request = [{"symbol": "BTCUSDT", "orderId": each} for each in ids]
    reply = venue.post("/v5/order/cancel-batch", category="linear", request=request)
    assert [each["orderId"] for each in reply["result"]["list"]] == ids
    assert venue.rows("/v5/order/realtime", symbol="BTCUSDT") == []


@pytest.mark.parametrize("request_", [None, [], [{}] * 21, ["text"], "text"])
def test_a_batch_has_one_to_twenty_orders(venue: Venue, request_: object) -> None:
    reply = venue.post("/v5/order/create-batch", category="linear", request=request_)
    assert reply["retCode"] == 10001
