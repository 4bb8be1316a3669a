"""Placing: what is acknowledged, what becomes of it, and what is refused."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest

from simulator.exchange.listings import BookShape
from simulator.exchange.orders import OrderRequest, OrderType, Side
from tests.bybit.rest.conftest import START_MS, S, Venue, make_venue
from tests.bybit.rest.orders import LIMIT, LINK_ID, moving, refused

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
