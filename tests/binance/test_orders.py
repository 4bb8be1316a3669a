"""Plain orders: replies, queries, cancels and refusals, as documented and captured."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from simulator.binance import NOVEMBER_2026, OCTOBER_2025
from simulator.distributions import Fixed
from simulator.exchange.behaviour import Behaviour, LagRule
from tests.binance.conftest import MS, Desk, make_desk, market, sign

# Seen on the wire, ccxt/ccxt#18028 and ccxt/node-binance-api#444
ACK_KEYS = [
    "orderId",
    "symbol",
    "status",
    "clientOrderId",
    "price",
    "avgPrice",
    "origQty",
    "executedQty",
    "cumQty",
    "cumQuote",
    "timeInForce",
    "type",
    "reduceOnly",
    "closePosition",
    "side",
    "positionSide",
    "stopPrice",
    "workingType",
    "priceProtect",
    "origType",
    "priceMatch",
    "selfTradePreventionMode",
    "goodTillDate",
    "updateTime",
]


def limit(desk: Desk, **more: object) -> tuple[int, dict, dict[str, str]]:
    order = {
        "symbol": "LTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "20.00",
        "price": "0.4720",
    }
    return desk.signed("POST", "/fapi/v1/order", **(order | more))


def test_an_acknowledged_market_order_reads_new_and_unfilled_though_it_has_filled(
    desk: Desk,
) -> None:
    reply = market(desk)
    assert reply["status"] == "NEW"
    assert reply["executedQty"] == "0"
    assert reply["avgPrice"] == "0.00000"
    assert reply["cumQuote"] == "0"
    assert desk.exchange.position("trader", "SKLUSDT").quantity == 1000


def test_a_result_reply_has_the_fill_and_the_keys_in_wire_order(desk: Desk) -> None:
    reply = market(desk, newOrderRespType="RESULT", newClientOrderId="x-cvBPrNm9abc")
    assert list(reply) == ACK_KEYS
    assert reply["orderId"] == 9_441_827_301
    assert reply["clientOrderId"] == "x-cvBPrNm9abc"
    assert reply["status"] == "FILLED"
    assert reply["executedQty"] == "1000"
    assert reply["avgPrice"] == "0.02001"
    assert reply["cumQuote"] == "20.01"
    assert reply["type"] == reply["origType"] == "MARKET"
    assert reply["reduceOnly"] is False
    assert reply["updateTime"] == desk.env.now // MS


def test_since_july_2026_order_replies_lack_average_price_and_quote_but_queries_keep_them() -> None:
    desk = make_desk(profile=NOVEMBER_2026)
    reply = market(desk, newOrderRespType="RESULT")
    assert list(reply) == [key for key in ACK_KEYS if key not in ("avgPrice", "cumQuote")]
    _, order, _ = desk.signed("GET", "/fapi/v1/order", symbol="SKLUSDT", orderId=reply["orderId"])
    assert order["avgPrice"] == "0.02001"
    assert order["cumQuote"] == "20.01"


def test_prices_and_quantities_are_padded_as_tick_and_step_are_written(desk: Desk) -> None:
    status, reply, _ = limit(desk)
    assert status == 200
    assert reply["price"] == "0.4720"
    assert reply["origQty"] == "20.00"
    assert reply["executedQty"] == "0"


def test_an_order_reply_counts_orders_and_shows_weight_minus_one(desk: Desk) -> None:
    limit(desk)
    _, _, headers = limit(desk)
    assert headers == {
        "x-mbx-used-weight-1m": "-1",
        "x-mbx-order-count-10s": "2",
        "x-mbx-order-count-1m": "2",
    }


def test_a_query_finds_an_order_by_either_id_with_its_time(desk: Desk) -> None:
    _, placed, _ = limit(desk, newClientOrderId="mine-1")
    by_id = desk.signed("GET", "/fapi/v1/order", symbol="LTCUSDT", orderId=placed["orderId"])
    by_name = desk.signed("GET", "/fapi/v1/order", symbol="LTCUSDT", origClientOrderId="mine-1")
    assert by_id[1] == by_name[1]
    assert by_id[1]["status"] == "NEW"
    assert by_id[1]["time"] == desk.env.now // MS


def test_an_order_is_not_found_while_it_is_not_yet_visible() -> None:
    lag = LagRule(window="order", lag=Fixed(500 * MS))
    desk = make_desk(behaviour=Behaviour(visibility=(lag,)))
    order_id = market(desk, newOrderRespType="RESULT")["orderId"]
    status, reply, _ = desk.signed("GET", "/fapi/v1/order", symbol="SKLUSDT", orderId=order_id)
    assert (status, reply) == (400, {"code": -2013, "msg": "Order does not exist."})
    desk.advance(500 * MS)
    status, reply, _ = desk.signed("GET", "/fapi/v1/order", symbol="SKLUSDT", orderId=order_id)
    assert (status, reply["status"]) == (200, "FILLED")


def test_cancelling_answers_with_the_order_and_a_second_time_with_unknown_order(
    desk: Desk,
) -> None:
    _, placed, _ = limit(desk)
    ids = {"symbol": "LTCUSDT", "orderId": placed["orderId"]}
    status, reply, _ = desk.signed("DELETE", "/fapi/v1/order", **ids)
    assert (status, reply["status"]) == (200, "CANCELED")
    assert list(reply) == ACK_KEYS
    status, reply, _ = desk.signed("DELETE", "/fapi/v1/order", **ids)
    assert (status, reply) == (400, {"code": -2011, "msg": "Unknown order sent."})


def test_cancel_reads_its_parameters_from_a_form_body_too(desk: Desk) -> None:
    # python-binance sends DELETE that way.
    _, placed, _ = limit(desk)
    body = sign(f"orderId={placed['orderId']}&symbol=LTCUSDT&timestamp={desk.env.now // MS}")
    status, reply, _ = desk.send("DELETE", "/fapi/v1/order", body=body)
    assert (status, reply["status"]) == (200, "CANCELED")


def test_cancel_all_empties_the_open_orders(desk: Desk) -> None:
    limit(desk)
    limit(desk, price="0.4719")
    _, rows, _ = desk.signed("GET", "/fapi/v1/openOrders", symbol="LTCUSDT")
    assert [row["price"] for row in rows] == ["0.4720", "0.4719"]
    status, reply, _ = desk.signed("DELETE", "/fapi/v1/allOpenOrders", symbol="LTCUSDT")
    assert (status, reply) == (
        200,
        {"code": 200, "msg": "The operation of cancel all open order is done."},
    )
    assert desk.signed("GET", "/fapi/v1/openOrders")[1] == []


def test_open_order_answers_only_for_open_orders(desk: Desk) -> None:
    _, placed, _ = limit(desk)
    ids = {"symbol": "LTCUSDT", "orderId": placed["orderId"]}
    assert desk.signed("GET", "/fapi/v1/openOrder", **ids)[1]["status"] == "NEW"
    desk.signed("DELETE", "/fapi/v1/order", **ids)
    assert desk.signed("GET", "/fapi/v1/openOrder", **ids)[1]["code"] == -2013


def test_all_orders_and_user_trades_list_what_happened(desk: Desk) -> None:
    market(desk)
    market(desk, side="SELL", reduceOnly="true")
    _, orders, _ = desk.signed("GET", "/fapi/v1/allOrders", symbol="SKLUSDT")
    assert [(row["side"], row["status"]) for row in orders] == [
        ("BUY", "FILLED"),
        ("SELL", "FILLED"),
    ]
    _, trades, _ = desk.signed("GET", "/fapi/v1/userTrades", symbol="SKLUSDT")
    assert [row["price"] for row in trades] == ["0.02001", "0.02000"]
    closing = trades[1]
    assert closing["realizedPnl"] == "-0.01000000"
    assert closing["commission"] == "0.01000000"
    assert closing["commissionAsset"] == "USDT"
    assert (closing["buyer"], closing["maker"]) == (False, False)
    assert closing["orderId"] == orders[1]["orderId"]
    one = desk.signed("GET", "/fapi/v1/userTrades", symbol="SKLUSDT", fromId=closing["id"])
    assert one[1] == [closing]


REFUSALS = [
    ({"symbol": "NOPEUSDT"}, -1121, "Invalid symbol."),
    (
        {"symbol": ""},
        -1102,
        "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
    ),
    ({"side": "HOLD"}, -1117, "Invalid side."),
    ({"type": "ICEBERG"}, -1116, "Invalid orderType."),
    ({"timeInForce": "GFD"}, -1115, "Invalid timeInForce."),
    ({"newOrderRespType": "FULL"}, -1136, "Invalid newOrderRespType."),
    ({"quantity": "0"}, -4003, "Quantity less than zero."),
    ({"quantity": "200000"}, -4005, "Quantity greater than max quantity."),
    ({"quantity": "20.001"}, -1111, "Precision is over the maximum defined for this asset."),
    ({"price": "0.47201"}, -1111, "Precision is over the maximum defined for this asset."),
    ({"price": "0.5501"}, -4016, "Price is higher than mark price multiplier cap."),
    (
        {"quantity": "10.00"},
        -4164,
        "Order's notional must be no smaller than 5 (unless you choose reduce only)",
    ),
    (
        {"newClientOrderId": "x" * 37},
        -4015,
        "Client order id length should not be more than 36 chars",
    ),
    (
        {"positionSide": "LONG"},
        -4061,
        "Order's position side does not match user's setting.",
    ),
    ({"reduceOnly": "true"}, -2022, "ReduceOnly Order is rejected."),
    (
        {"stopPrice": "0.4"},
        -1106,
        "Parameter 'stopprice' sent when not required.",
    ),
]


@pytest.mark.parametrize(("changes", "code", "text"), REFUSALS)
def test_a_bad_order_is_refused_in_the_venues_words(
    desk: Desk, changes: dict[str, str], code: int, text: str
) -> None:
    status, reply, _ = limit(desk, **changes)
    assert (status, reply) == (400, {"code": code, "msg": text})
    assert desk.exchange.orders("trader") == []


def test_an_off_tick_price_within_the_precision_is_refused(desk: Desk) -> None:
    status, reply, _ = limit(desk, symbol="BTCUSDT", quantity="0.010", price="90000.05")
    assert (status, reply) == (400, {"code": -4014, "msg": "Price not increased by tick size."})


def test_too_little_margin_is_refused() -> None:
    desk = make_desk(deposit=Decimal(1))
    status, reply, _ = limit(desk, quantity="100.00")
    assert (status, reply) == (400, {"code": -2019, "msg": "Margin is insufficient."})


def test_a_client_order_id_is_refused_while_its_order_is_open_and_free_afterwards(
    desk: Desk,
) -> None:
    _, placed, _ = limit(desk, newClientOrderId="once")
    status, reply, _ = limit(desk, newClientOrderId="once")
    assert (status, reply) == (400, {"code": -4116, "msg": "ClientOrderId is duplicated."})
    desk.signed("DELETE", "/fapi/v1/order", symbol="LTCUSDT", orderId=placed["orderId"])
    assert limit(desk, newClientOrderId="once")[0] == 200


def test_a_test_order_is_answered_like_an_order_and_places_none(desk: Desk) -> None:
    status, reply, headers = desk.signed(
        "POST",
        "/fapi/v1/order/test",
        symbol="SKLUSDT",
        side="BUY",
        type="MARKET",
        quantity="1000",
    )
    assert (status, list(reply), reply["status"]) == (200, ACK_KEYS, "NEW")
    assert desk.exchange.orders("trader") == []
    assert headers == {"x-mbx-used-weight-1m": "1"}


def test_what_is_not_modelled_says_so(desk: Desk) -> None:
    status, reply, _ = desk.signed("PUT", "/fapi/v1/order", symbol="SKLUSDT")
    assert (status, reply) == (
        400,
        {"code": -1020, "msg": "This operation is not supported."},
    )


def test_a_stop_at_the_plain_endpoint_works_before_december_2025() -> None:
    desk = make_desk(profile=OCTOBER_2025)
    market(desk)
    status, reply, _ = desk.signed(
        "POST",
        "/fapi/v1/order",
        symbol="SKLUSDT",
        side="SELL",
        type="STOP_MARKET",
        stopPrice="0.01900",
        closePosition="true",
    )
    assert status == 200
    assert (reply["status"], reply["type"], reply["stopPrice"]) == (
        "NEW",
        "STOP_MARKET",
        "0.01900",
    )
    assert reply["closePosition"] is True
    _, rows, _ = desk.signed("GET", "/fapi/v1/openOrders", symbol="SKLUSDT")
    assert [row["orderId"] for row in rows] == [reply["orderId"]]


def test_a_stop_at_the_plain_endpoint_is_refused_since_december_2025() -> None:
    desk = make_desk(profile=NOVEMBER_2026)
    market(desk)
    status, reply, _ = desk.signed(
        "POST",
        "/fapi/v1/order",
        symbol="SKLUSDT",
        side="SELL",
        type="STOP_MARKET",
        stopPrice="0.01900",
        quantity="1000",
    )
    assert (status, reply) == (
        400,
        {
            "code": -4120,
            "msg": "Order type not supported for this endpoint. "
            "Please use the Algo Order API endpoints instead.",
        },
    )


def test_a_batch_answers_each_item_by_itself_and_costs_five_orders(desk: Desk) -> None:
    item = {"symbol": "LTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    items = [
        item | {"quantity": "20.00", "price": "0.4720"},
        item | {"quantity": "20.00", "price": "0.4720", "reduceOnly": "true"},
        item | {"quantity": "20.001", "price": "0.4720"},
    ]
    status, replies, headers = desk.signed(
        "POST", "/fapi/v1/batchOrders", batchOrders=json.dumps(items)
    )
    assert status == 200
    assert replies[0]["status"] == "NEW"
    assert replies[1] == {"code": -2022, "msg": "ReduceOnly Order is rejected."}
    assert replies[2]["code"] == -1111
    assert headers == {
        "x-mbx-used-weight-1m": "5",
        "x-mbx-order-count-10s": "5",
        "x-mbx-order-count-1m": "1",
    }


@pytest.mark.parametrize("spelling", ["orderIdList", "orderidlist"])
def test_a_batch_cancel_takes_both_spellings(desk: Desk, spelling: str) -> None:
    _, placed, _ = limit(desk)
    status, replies, _ = desk.signed(
        "DELETE",
        "/fapi/v1/batchOrders",
        symbol="LTCUSDT",
        **{spelling: json.dumps([placed["orderId"], 77])},
    )
    assert status == 200
    assert replies[0]["status"] == "CANCELED"
    assert replies[1] == {"code": -2011, "msg": "Unknown order sent."}


def test_a_batch_cancel_refuses_quoted_numbers(desk: Desk) -> None:
    _, placed, _ = limit(desk)
    status, reply, _ = desk.signed(
        "DELETE",
        "/fapi/v1/batchOrders",
        symbol="LTCUSDT",
        orderIdList=json.dumps([str(placed["orderId"])]),
    )
    assert (status, reply["code"]) == (400, -1102)
