"""Placing and cancelling: what is acknowledged, what becomes of it, and what is refused."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest

from simulator.exchange.listings import BookShape
from simulator.exchange.orders import OrderRequest, OrderType, Side
from simulator.exchange.prices import Constant, Points
from tests.bybit.rest.conftest import START_MS, START_NS, S, Venue, make_venue

LIMIT = {"orderType": "Limit", "price": "95000"}
LINK_ID = "bot-2025_10"


def moving(*prices: str) -> Points:
    """A price each second, the first one now."""
    return Points(tuple((START_NS + n * S, Decimal(price)) for n, price in enumerate(prices)))


def refused(venue: Venue, symbol: str = "BTCUSDT", **params: Any) -> tuple[int, str]:
    """retCode and retMsg of an order."""
    reply = venue.create(symbol, **params)
    assert reply["result"] == {}
    return reply["retCode"], reply["retMsg"]


# what is acknowledged


def test_an_order_is_acknowledged_with_its_ids_alone(venue: Venue) -> None:
    reply = venue.create(orderLinkId=LINK_ID)
    assert set(reply["result"]) == {"orderId", "orderLinkId"}
    assert reply["result"]["orderLinkId"] == LINK_ID
    assert str(uuid.UUID(reply["result"]["orderId"])) == reply["result"]["orderId"]


def test_an_order_without_a_link_id_has_an_empty_one(venue: Venue) -> None:
    assert venue.create()["result"]["orderLinkId"] == ""


def test_keys_that_the_venue_has_not_are_no_error(venue: Venue) -> None:
    assert venue.create(position_idx=0, marketUnit="", foo=[1, {"a": None}])["retCode"] == 0


# what becomes of it


def test_a_market_order_is_stored_as_an_ioc_order_at_its_protection_price(venue: Venue) -> None:
    row = venue.order(venue.placed(qty="0.010"))
    assert row["orderType"] == "Market"
    assert row["timeInForce"] == "IOC"
    assert row["orderStatus"] == "Filled"
    assert row["price"] == "105000"  # the mark price of 100000 and 5 %
    assert row["avgPrice"] == "100000.1"
    assert row["qty"] == "0.010"
    assert row["cumExecQty"] == "0.010"
    assert row["leavesQty"] == "0.000"
    assert row["cumExecValue"] == "1000.001"
    assert row["cumExecFee"] == "0.55000055"  # 0.055 % of it
    assert row["cumFeeDetail"] == {"USDT": "0.55000055"}
    assert row["createdTime"] == str(START_MS)


def test_a_market_order_in_a_thin_book_is_cancelled_with_what_it_got(venue: Venue) -> None:
    # Ten levels of 100 are all that is offered.
    row = venue.order(venue.placed("HNTUSDT", qty="2000"), "HNTUSDT")
    assert row["orderStatus"] == "Cancelled"
    assert row["rejectReason"] == "EC_NoImmediateQtyToFill"
    assert (row["qty"], row["cumExecQty"], row["leavesQty"]) == ("2000.00", "1000.00", "0.00")


def test_a_resting_order_has_the_doc_page_s_values_for_what_it_is_not(venue: Venue) -> None:
    row = venue.order(venue.placed(**LIMIT))
    assert row["orderStatus"] == "New"
    assert row["timeInForce"] == "GTC"
    assert row["price"] == "95000"
    assert row["avgPrice"] == ""
    assert row["cumExecQty"] == "0.000"
    assert row["cumExecValue"] == "0"
    assert row["leavesQty"] == "0.010"
    assert row["leavesValue"] == "950"
    assert row["stopOrderType"] == "UNKNOWN"
    assert row["triggerBy"] == "UNKNOWN"
    assert row["triggerDirection"] == 0
    assert row["cancelType"] == "UNKNOWN"
    assert row["rejectReason"] == "EC_NoError"
    assert row["smpType"] == "None"
    assert row["tpslMode"] == ""
    assert row["reduceOnly"] is False
    assert row["positionIdx"] == 0


def test_a_resting_order_is_filled_as_maker_when_the_price_comes() -> None:
    venue = make_venue(paths={"BTCUSDT": moving("100000", "94000")})
    order_id = venue.placed(**LIMIT)
    venue.advance(1 * S)
    assert venue.order(order_id)["orderStatus"] == "Filled"
    (execution,) = venue.rows("/v5/execution/list", orderId=order_id)
    assert execution["isMaker"] is True
    assert execution["execPrice"] == "95000"
    assert execution["feeRate"] == "0.0002"
    assert execution["execFee"] == "0.19"


def test_a_post_only_order_that_would_take_is_taken_and_cancelled(venue: Venue) -> None:
    order_id = venue.placed(orderType="Limit", price="100000.1", timeInForce="PostOnly")
    row = venue.order(order_id)
    assert row["timeInForce"] == "PostOnly"
    assert row["orderStatus"] == "Cancelled"
    assert row["rejectReason"] == "EC_PostOnlyWillTakeLiquidity"
    assert row["cumExecQty"] == "0.000"


def test_a_fill_or_kill_order_that_cannot_be_filled_is_taken_and_cancelled(venue: Venue) -> None:
    params = {"orderType": "Limit", "price": "1.620", "qty": "1500", "timeInForce": "FOK"}
    row = venue.order(venue.placed("HNTUSDT", **params), "HNTUSDT")
    assert row["orderStatus"] == "Cancelled"
    assert row["rejectReason"] == "EC_CancelForNoFullFill"
    assert row["cumExecQty"] == "0.00"


def test_the_rest_of_an_ioc_order_is_cancelled(venue: Venue) -> None:
    params = {"orderType": "Limit", "price": "1.617", "qty": "150", "timeInForce": "IOC"}
    row = venue.order(venue.placed("HNTUSDT", **params), "HNTUSDT")
    assert (row["orderStatus"], row["cumExecQty"]) == ("Cancelled", "100.00")


# conditional orders


@pytest.mark.parametrize(
    ("side", "direction", "trigger", "beyond"),
    [
        ("Buy", 1, "101000", "101000"),
        ("Buy", 2, "99000", "99000"),
        ("Sell", 2, "99000", "98999.9"),
        ("Sell", 1, "101000", "101000.1"),
    ],
)
def test_a_conditional_order_waits_for_its_direction(
    side: str, direction: int, trigger: str, beyond: str
) -> None:
    venue = make_venue(paths={"BTCUSDT": moving("100000", beyond)})
    order_id = venue.placed(side=side, triggerPrice=trigger, triggerDirection=direction)
    row = venue.order(order_id)
    assert row["orderStatus"] == "Untriggered"
    assert row["stopOrderType"] == "Stop"
    assert row["triggerPrice"] == trigger
    assert row["triggerDirection"] == direction
    assert row["triggerBy"] == "LastPrice"
    assert row["orderType"] == "Market"
    venue.advance(1 * S)
    triggered = venue.order(order_id)
    assert triggered["orderStatus"] == "Filled"
    assert triggered["orderId"] == order_id


def test_a_conditional_limit_order_rests_once_it_is_triggered() -> None:
    venue = make_venue(paths={"BTCUSDT": moving("100000", "101000")})
    order_id = venue.placed(**LIMIT, triggerPrice="101000", triggerDirection=1)
    venue.advance(1 * S)
    row = venue.order(order_id)
    assert (row["orderStatus"], row["orderType"], row["price"]) == ("New", "Limit", "95000")


def test_a_conditional_order_that_is_cancelled_is_deactivated(venue: Venue) -> None:
    order_id = venue.placed(triggerPrice="101000", triggerDirection=1)
    venue.post("/v5/order/cancel", category="linear", symbol="BTCUSDT", orderId=order_id)
    row = venue.order(order_id)
    assert (row["orderStatus"], row["cancelType"]) == ("Deactivated", "CancelByUser")


def test_a_trigger_that_the_price_has_passed_is_110092(venue: Venue) -> None:
    venue = make_venue(paths={"BTCUSDT": Constant(Decimal("62736.6"))})
    assert refused(venue, triggerPrice="62734.3", triggerDirection=1) == (
        110092,
        "expect Rising, but trigger_price[627343000] <= current[627366000]??LastPrice",
    )


def test_a_trigger_that_the_price_is_below_is_110093(venue: Venue) -> None:
    venue = make_venue(paths={"BTCUSDT": Constant(Decimal("62736.6"))})
    assert refused(
        venue, side="Sell", triggerPrice="62740", triggerDirection=2, triggerBy="MarkPrice"
    ) == (
        110093,
        "expect Falling, but trigger_price[627400000] >= current[627366000]??MarkPrice",
    )


def test_a_conditional_order_needs_its_direction(venue: Venue) -> None:
    assert refused(venue, triggerPrice="101000") == (
        10001,
        "params error: TriggerDirection invalid",
    )


def test_ten_conditional_orders_may_wait_in_a_symbol(venue: Venue) -> None:
    conditional = {"triggerPrice": "101000", "triggerDirection": 1}
    for _ in range(10):
        venue.placed(**conditional)
    venue.advance(1 * S)
    assert refused(venue, **conditional)[0] == 110009
    venue.placed("HNTUSDT", qty="10", triggerPrice="1.7", triggerDirection=1)
    venue.placed()


def test_a_triggered_order_that_reduces_nothing_is_cancelled() -> None:
    venue = make_venue(paths={"BTCUSDT": moving("100000", "99000")})
    order_id = venue.placed(side="Sell", triggerPrice="99000", triggerDirection=2, reduceOnly=True)
    venue.advance(1 * S)
    row = venue.order(order_id)
    assert (row["orderStatus"], row["cancelType"]) == ("Cancelled", "CancelByReduceOnly")


def test_a_triggered_order_that_cannot_be_carried_is_rejected() -> None:
    venue = make_venue(paths={"BTCUSDT": moving("100000", "101000")})
    order_id = venue.placed(qty="2", triggerPrice="101000", triggerDirection=1)
    venue.advance(1 * S)
    row = venue.order(order_id)
    assert (row["orderStatus"], row["rejectReason"]) == ("Rejected", "EC_Others")


# closing


def test_a_quantity_of_zero_closes_the_whole_position(venue: Venue) -> None:
    venue.placed(qty="0.013")
    venue.placed(side="Sell", qty="0", reduceOnly=True, closeOnTrigger=True)
    assert venue.position()["size"] == "0"


def test_a_conditional_order_of_zero_closes_what_is_held_when_it_triggers() -> None:
    venue = make_venue(paths={"BTCUSDT": moving("100000", "100000", "99000")})
    venue.placed(qty="0.010")
    order_id = venue.placed(
        side="Sell", qty="0", reduceOnly=True, triggerPrice="99000", triggerDirection=2
    )
    venue.advance(1 * S)
    venue.placed(qty="0.005")
    venue.advance(1 * S)
    assert venue.order(order_id)["cumExecQty"] == "0.015"
    assert venue.position()["size"] == "0"


def test_a_reduce_only_order_never_turns_a_position(venue: Venue) -> None:
    venue.placed(qty="0.010")
    order_id = venue.placed(side="Sell", qty="0.050", reduceOnly=True)
    assert venue.order(order_id)["cumExecQty"] == "0.010"
    assert venue.position()["size"] == "0"


def test_reduce_only_orders_may_be_worth_less_than_the_minimum(venue: Venue) -> None:
    venue.placed("HNTUSDT", qty="10")
    assert venue.create("HNTUSDT", side="Sell", qty="1", reduceOnly=True)["retCode"] == 0


# what is refused


@pytest.mark.parametrize(
    ("symbol", "params", "code", "text"),
    [
        ("NONE", {}, 10001, "params error: symbol invalid NONE"),
        ("BTCUSDT", {"side": "buy"}, 10001, "params error: side invalid"),
        ("BTCUSDT", {"positionIdx": 1}, 10001, "position idx not match position mode"),
        ("BTCUSDT", {"qty": "0"}, 10001, "The number of contracts exceeds minimum limit allowed"),
        (
            "BTCUSDT",
            {"qty": "0.0009"},
            10001,
            "The number of contracts exceeds minimum limit allowed",
        ),
        (
            "HNTUSDT",
            {"qty": "5797"},
            10001,
            "The number of contracts exceeds maximum limit allowed: too large, "
            "order_qty:579700000000 > max_qty:360000000000",
        ),
        ("BTCUSDT", {"qty": "0.0015"}, 10001, "Qty invalid"),
        ("BTCUSDT", {"qty": "much"}, 10001, "params error: qty invalid"),
        ("BTCUSDT", {"qty": "1e999"}, 10001, "params error: qty invalid"),
        ("BTCUSDT", {"orderLinkId": "a" * 37}, 10001, "params error: orderLinkId invalid"),
        ("BTCUSDT", {"orderLinkId": "StopLoss:1"}, 10001, "params error: orderLinkId invalid"),
        ("SKLUSDT", {"qty": "500"}, 30228, "No new positions during delisting."),
        (
            "BTCUSDT",
            {"orderType": "Limit", "price": "120000"},
            110003,
            "Order price is out of permissible range",
        ),
        ("BTCUSDT", {"qty": "2"}, 110007, "ab not enough for new order"),
        (
            "BTCUSDT",
            {"side": "Sell", "reduceOnly": True},
            110017,
            "current position is zero, cannot fix reduce-only order qty",
        ),
        (
            "BTCUSDT",
            {"side": "Sell", "qty": "0", "closeOnTrigger": True},
            110017,
            "current position is zero, cannot fix reduce-only order qty",
        ),
        ("MYROUSDT", {"qty": "500"}, 110074, "This contract is not live"),
        ("HNTUSDT", {"qty": "3"}, 110094, "Order does not meet minimum order value 5USDT"),
    ],
)
def test_an_order_that_is_refused_says_why(
    venue: Venue, symbol: str, params: dict[str, Any], code: int, text: str
) -> None:
    assert refused(venue, symbol, **params) == (code, text)


def test_a_reduce_only_order_on_the_side_of_the_position_is_110017(venue: Venue) -> None:
    venue.placed()
    assert refused(venue, reduceOnly=True) == (
        110017,
        "reduce-only order has same side with current position",
    )


@pytest.mark.parametrize(("side", "code"), [("Buy", 30208), ("Sell", 30209)])
def test_a_market_order_without_a_counterparty_in_reach_is_refused(side: str, code: int) -> None:
    offset = Decimal("0.08") if side == "Buy" else Decimal("-0.08")
    venue = make_venue(books={"HNTUSDT": BookShape(offset=offset)})
    assert refused(venue, "HNTUSDT", side=side, qty="10")[0] == code


def test_more_than_500_active_orders_of_a_symbol_are_110020(venue: Venue) -> None:
    request = OrderRequest(
        symbol="BTCUSDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal("0.001"),
        price=Decimal("95000"),
    )
    for _ in range(500):
        venue.exchange.place("trader", request)
    assert refused(venue, **LIMIT, qty="0.001") == (
        110020,
        "Not allowed to have more than 500 active orders.",
    )


def test_a_link_id_is_used_once_and_for_all_symbols(venue: Venue) -> None:
    venue.placed(orderLinkId=LINK_ID)
    duplicate = (110072, "OrderLinkedID is duplicate")
    assert refused(venue, orderLinkId=LINK_ID) == duplicate
    assert refused(venue, "HNTUSDT", qty="10", orderLinkId=LINK_ID) == duplicate


@pytest.mark.parametrize("category", ["spot", "inverse", "option"])
def test_other_categories_cannot_be_traded(venue: Venue, category: str) -> None:
    reply = venue.post("/v5/order/create", category=category, symbol="BTCUSDT")
    assert reply["retCode"] == 10001
    assert reply["retMsg"] == f"category {category} is not supported here"


def test_orders_cannot_be_amended(venue: Venue) -> None:
    reply = venue.post("/v5/order/amend", category="linear", symbol="BTCUSDT")
    assert (reply["retCode"], reply["retMsg"]) == (
        10001,
        "/v5/order/amend is not supported here",
    )


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
