"""Conditional orders at the algo service."""

from __future__ import annotations

from decimal import Decimal

from simulator.binance import OCTOBER_2025
from simulator.exchange.prices import Points
from tests.binance.conftest import START_NS, Desk, S, make_desk, market


def falling() -> Desk:
    """SKL falls from 0.02000 to 0.01890 after a second."""
    path = Points(points=((START_NS, Decimal("0.02000")), (START_NS + S, Decimal("0.01890"))))
    return make_desk(paths={"SKLUSDT": path})


def stop(desk: Desk, **more: object) -> tuple[int, dict, dict[str, str]]:
    order = {
        "algoType": "CONDITIONAL",
        "symbol": "SKLUSDT",
        "side": "SELL",
        "type": "STOP_MARKET",
        "quantity": "1000",
        "triggerPrice": "0.01900",
        "reduceOnly": "true",
        "clientAlgoId": "sl-1",
    }
    return desk.signed("POST", "/fapi/v1/algoOrder", **(order | more))


def test_a_stop_is_answered_with_the_documented_keys_and_a_sixteen_digit_id(desk: Desk) -> None:
    market(desk)
    status, reply, headers = stop(desk)
    assert status == 200
    assert list(reply) == [
        "algoId",
        "clientAlgoId",
        "algoType",
        "orderType",
        "symbol",
        "side",
        "positionSide",
        "timeInForce",
        "quantity",
        "algoStatus",
        "triggerPrice",
        "price",
        "icebergQuantity",
        "selfTradePreventionMode",
        "workingType",
        "priceMatch",
        "closePosition",
        "priceProtect",
        "reduceOnly",
        "activatePrice",
        "callbackRate",
        "createTime",
        "updateTime",
        "triggerTime",
        "goodTillDate",
    ]
    assert len(str(reply["algoId"])) == 16
    assert (reply["algoStatus"], reply["orderType"]) == ("NEW", "STOP_MARKET")
    assert (reply["triggerPrice"], reply["quantity"]) == ("0.01900", "1000")
    assert (reply["triggerTime"], reply["icebergQuantity"]) == (0, None)
    assert headers["x-mbx-used-weight-1m"] == "-1"


def test_the_plain_endpoints_do_not_know_a_waiting_algo_order(desk: Desk) -> None:
    market(desk)
    stop(desk)
    waiting = desk.exchange.open_orders("trader", "SKLUSDT")[0]
    ids = {"symbol": "SKLUSDT", "orderId": waiting.order_id}
    assert desk.signed("GET", "/fapi/v1/order", **ids)[1]["code"] == -2013
    assert desk.signed("DELETE", "/fapi/v1/order", **ids)[1]["code"] == -2011
    assert desk.signed("GET", "/fapi/v1/openOrders", symbol="SKLUSDT")[1] == []
    desk.signed("DELETE", "/fapi/v1/allOpenOrders", symbol="SKLUSDT")
    _, rows, _ = desk.signed("GET", "/fapi/v1/openAlgoOrders", symbol="SKLUSDT")
    assert [row["clientAlgoId"] for row in rows] == ["sl-1"]
    assert rows[0]["actualOrderId"] == ""


def test_a_triggered_stop_is_finished_and_points_to_its_real_order() -> None:
    desk = falling()
    market(desk)
    _, placed, _ = stop(desk)
    desk.advance(2 * S)
    _, algo, _ = desk.signed("GET", "/fapi/v1/algoOrder", algoId=placed["algoId"])
    assert algo["algoStatus"] == "FINISHED"
    assert algo["actualType"] == "MARKET"
    assert algo["actualQty"] == "1000"
    assert algo["triggerTime"] == (START_NS + S) // 1_000_000
    _, order, _ = desk.signed(
        "GET", "/fapi/v1/order", symbol="SKLUSDT", orderId=algo["actualOrderId"]
    )
    assert (order["status"], order["type"], order["origType"]) == ("FILLED", "MARKET", "MARKET")
    assert order["clientOrderId"] == "sl-1"
    assert order["time"] == (START_NS + S) // 1_000_000
    assert order["orderId"] != placed["algoId"]
    assert desk.signed("GET", "/fapi/v1/openAlgoOrders")[1] == []
    _, every, _ = desk.signed("GET", "/fapi/v1/allAlgoOrders", symbol="SKLUSDT")
    assert [row["algoId"] for row in every] == [placed["algoId"]]


def test_cancelling_an_algo_order_answers_with_code_200_as_a_text(desk: Desk) -> None:
    market(desk)
    _, placed, _ = stop(desk)
    status, reply, _ = desk.signed("DELETE", "/fapi/v1/algoOrder", clientAlgoId="sl-1")
    assert (status, reply) == (
        200,
        {
            "algoId": placed["algoId"],
            "clientAlgoId": "sl-1",
            "code": "200",
            "msg": "success",
        },
    )
    assert desk.signed("DELETE", "/fapi/v1/algoOrder", clientAlgoId="sl-1")[1]["code"] == -2011
    _, order, _ = desk.signed("GET", "/fapi/v1/algoOrder", algoId=placed["algoId"])
    assert order["algoStatus"] == "CANCELED"


def test_cancelling_all_algo_orders_leaves_plain_ones(desk: Desk) -> None:
    market(desk)
    stop(desk)
    desk.signed(
        "POST",
        "/fapi/v1/order",
        symbol="SKLUSDT",
        side="SELL",
        type="LIMIT",
        timeInForce="GTC",
        quantity="1000",
        price="0.02100",
    )
    status, reply, _ = desk.signed("DELETE", "/fapi/v1/algoOpenOrders", symbol="SKLUSDT")
    assert (status, reply["code"]) == (200, 200)
    assert desk.signed("GET", "/fapi/v1/openAlgoOrders")[1] == []
    assert len(desk.signed("GET", "/fapi/v1/openOrders")[1]) == 1


def test_a_stop_past_its_trigger_would_trigger_immediately(desk: Desk) -> None:
    market(desk)
    status, reply, _ = stop(desk, triggerPrice="0.02100")
    assert (status, reply) == (400, {"code": -2021, "msg": "Order would immediately trigger."})


def test_a_client_algo_id_in_use_is_refused(desk: Desk) -> None:
    market(desk)
    stop(desk)
    status, reply, _ = stop(desk, triggerPrice="0.01850")
    assert (status, reply["code"]) == (400, -20132)


def test_the_service_does_not_exist_before_december_2025() -> None:
    desk = make_desk(profile=OCTOBER_2025)
    assert stop(desk)[0] == 404


def test_with_both_services_a_plain_stop_is_no_algo_order(desk: Desk) -> None:
    market(desk)
    stop(desk)
    _, plain, _ = desk.signed(
        "POST",
        "/fapi/v1/order",
        symbol="SKLUSDT",
        side="SELL",
        type="STOP_MARKET",
        stopPrice="0.01800",
        closePosition="true",
    )
    _, rows, _ = desk.signed("GET", "/fapi/v1/openOrders", symbol="SKLUSDT")
    assert [row["orderId"] for row in rows] == [plain["orderId"]]
    _, rows, _ = desk.signed("GET", "/fapi/v1/openAlgoOrders", symbol="SKLUSDT")
    assert [row["clientAlgoId"] for row in rows] == ["sl-1"]
