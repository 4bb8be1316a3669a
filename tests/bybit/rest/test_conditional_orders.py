"""Orders that wait for a price, and orders that close."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.exchange.prices import Constant
from tests.bybit.rest.conftest import S, Venue, make_venue
from tests.bybit.rest.orders import LIMIT, moving, refused

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
