"""Filters, as Binance's exchange information describes them, one reason each."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from simulator.exchange import (
    BookShape,
    Constant,
    OrderType,
    Reason,
    Rejection,
    Side,
    TriggerBy,
)
from tests.exchange.made import BTC, SKL, D, venue


def refused(symbol_fields: dict[str, Any] | None = None, **order: Any) -> Reason | None:
    """The reason why an order in BTCUSDT, last 90,000.00, is refused."""
    made = venue(
        Constant(D("90000")),
        instrument=replace(BTC, **(symbol_fields or {})),
        deposit="100000000",
        book=BookShape(quantity=D(1000)),
    )
    order.setdefault("quantity", "0.01")
    order.setdefault("side", Side.BUY)
    order.setdefault("kind", OrderType.LIMIT)
    if order["kind"] is OrderType.LIMIT:
        order["price"] = D(order.get("price", "89000"))
    before = made.exchange.orders("bot")
    try:
        made.place(symbol="BTCUSDT", **order)
    except Rejection as rejection:
        assert made.exchange.orders("bot") == before
        assert made.facts == []
        return rejection.reason
    return None


MARKET = {"kind": OrderType.MARKET}
STOP = {"kind": OrderType.STOP_MARKET, "side": Side.SELL}


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({}, None),
        ({"price": "556.70"}, Reason.PRICE_BELOW_MINIMUM),
        ({"price": "0"}, Reason.PRICE_NOT_POSITIVE),
        ({"price": "-1"}, Reason.PRICE_NOT_POSITIVE),
        ({"price": "4529764.10"}, Reason.PRICE_ABOVE_MAXIMUM),
        ({"price": "89000.05"}, Reason.PRICE_OFF_TICK),
        ({"quantity": "0"}, Reason.QUANTITY_NOT_POSITIVE),
        ({"quantity": "-0.01"}, Reason.QUANTITY_NOT_POSITIVE),
        ({"quantity": "0.0005"}, Reason.QUANTITY_BELOW_MINIMUM),
        ({"quantity": "1000"}, None),
        ({"quantity": "1000.001"}, Reason.QUANTITY_ABOVE_MAXIMUM),
        ({"quantity": "0.0105"}, Reason.QUANTITY_OFF_STEP),
        # the market lot size is smaller than the lot size
        ({**MARKET, "quantity": "120"}, None),
        ({**MARKET, "quantity": "120.001"}, Reason.QUANTITY_ABOVE_MAXIMUM),
        ({**MARKET, "quantity": "0.0005"}, Reason.QUANTITY_BELOW_MINIMUM),
        ({**MARKET, "quantity": "0.0105"}, Reason.QUANTITY_OFF_STEP),
        # 5 % around the mark price: a buy up to 94,500, a sale down to 85,500
        ({"price": "94500"}, None),
        ({"price": "94500.1"}, Reason.PRICE_ABOVE_BAND),
        ({"price": "60000"}, None),
        ({"side": Side.SELL, "price": "85500"}, None),
        ({"side": Side.SELL, "price": "85499.9"}, Reason.PRICE_BELOW_BAND),
        ({"side": Side.SELL, "price": "120000"}, None),
        # 100 USDT: 0.001 at 89,000 is 89
        ({"quantity": "0.001"}, Reason.NOTIONAL_BELOW_MINIMUM),
        ({"quantity": "0.002"}, None),
        ({**MARKET, "quantity": "0.001"}, Reason.NOTIONAL_BELOW_MINIMUM),
        ({**MARKET, "quantity": "0.002"}, None),
        ({**STOP, "trigger_price": D("80000.05")}, Reason.PRICE_OFF_TICK),
        ({**STOP, "trigger_price": D("80000")}, None),
        ({**STOP, "trigger_price": D("0")}, Reason.PRICE_NOT_POSITIVE),
        ({**STOP, "trigger_price": D("80000"), "quantity": "121"}, Reason.QUANTITY_ABOVE_MAXIMUM),
    ],
)
def test_each_filter_has_its_own_reason(order: dict[str, Any], reason: Reason | None) -> None:
    assert refused(**order) is reason


def test_a_symbol_that_is_not_listed_is_unknown() -> None:
    with pytest.raises(Rejection) as rejected:
        venue().market(Side.BUY, "500", symbol="NOPEUSDT")
    assert rejected.value.reason is Reason.UNKNOWN_SYMBOL


def test_a_symbol_that_is_not_trading_takes_no_order() -> None:
    assert refused({"trading": False}) is Reason.SYMBOL_NOT_TRADING


def test_the_notional_of_a_market_order_is_taken_at_the_mark_price() -> None:
    made = venue(Constant(D("0.02")), mark=Constant(D("0.019")))
    with pytest.raises(Rejection, match=r"notional below the minimum: 4\.940"):
        made.market(Side.BUY, "260")  # 5.20 at the last price
    made.market(Side.BUY, "264")  # 5.016


def test_a_reduce_only_order_may_be_below_the_minimum_notional() -> None:
    made = venue()
    made.market(Side.BUY, "500")
    order = made.market(Side.SELL, "1", reduce_only=True)
    assert order.filled == 1


def test_steps_are_counted_from_the_minimum() -> None:
    # minQty 0.001 and stepSize 0.01 allow 0.011 and not 0.01
    fields = {"step_size": D("0.01")}
    assert refused(fields, quantity="0.011") is None
    assert refused(fields, quantity="0.02") is Reason.QUANTITY_OFF_STEP


def test_the_band_of_a_limit_order_follows_the_mark_price_not_the_last() -> None:
    made = venue(Constant(D("0.02")), mark=Constant(D("0.01")))
    with pytest.raises(Rejection) as rejected:
        made.limit(Side.BUY, "1000", "0.01101")
    assert rejected.value.reason is Reason.PRICE_ABOVE_BAND
    made.limit(Side.BUY, "1000", "0.011")


def test_a_market_order_stops_at_the_take_bound_and_its_rest_expires() -> None:
    # 10 % from 0.02 is 0.022: of the levels 0.02001, 0.02101, 0.02201 two are within
    made = venue(book=BookShape(quantity=D(1000), growth=D(1), levels=3, step_ticks=100))
    order = made.market(Side.BUY, "3000")
    assert (order.status.value, order.filled) == ("EXPIRED", D(2000))


def test_a_market_order_that_finds_nobody_within_the_bound_is_refused() -> None:
    made = venue(book=BookShape(offset=D("0.12")))
    with pytest.raises(Rejection) as rejected:
        made.market(Side.BUY, "1000")
    assert rejected.value.reason is Reason.NO_LIQUIDITY_IN_BAND
    assert made.changes() == []


def test_open_limit_orders_are_limited_per_symbol() -> None:
    made = venue(max_open_orders=2)
    for _ in range(2):
        made.limit(Side.BUY, "500", "0.019")
    with pytest.raises(Rejection) as rejected:
        made.limit(Side.BUY, "500", "0.019")
    assert rejected.value.reason is Reason.TOO_MANY_OPEN_ORDERS
    made.market(Side.BUY, "500")
    made.stop(Side.SELL, "500", "0.015")


def test_conditional_orders_are_limited_on_their_own() -> None:
    made = venue(max_open_orders=1)
    made.limit(Side.BUY, "500", "0.019")
    made.stop(Side.SELL, "500", "0.015")
    with pytest.raises(Rejection) as rejected:
        made.stop(Side.SELL, "500", "0.014")
    assert rejected.value.reason is Reason.TOO_MANY_OPEN_ORDERS


def test_a_client_id_is_taken_as_long_as_its_order_is_open() -> None:
    made = venue()
    first = made.limit(Side.BUY, "500", "0.019", client_order_id="mine")
    with pytest.raises(Rejection) as rejected:
        made.limit(Side.BUY, "500", "0.018", client_order_id="mine")
    assert rejected.value.reason is Reason.DUPLICATE_CLIENT_ORDER_ID
    made.exchange.cancel("bot", "SKLUSDT", order_id=first.order_id)
    second = made.limit(Side.BUY, "500", "0.018", client_order_id="mine")
    assert made.exchange.order("bot", "SKLUSDT", client_order_id="mine") == second


@pytest.mark.parametrize(
    ("kind", "quantity", "fields", "error"),
    [
        (OrderType.LIMIT, "500", {}, "a LIMIT order needs a price"),
        (OrderType.STOP_MARKET, "500", {}, "a STOP_MARKET order needs a trigger_price"),
        (OrderType.STOP_LIMIT, "500", {"trigger_price": D(1)}, "a STOP_LIMIT order needs a price"),
        (OrderType.MARKET, None, {}, "quantity must be given unless close_position is set"),
        (
            OrderType.MARKET,
            None,
            {"close_position": True},
            "close_position needs a conditional market order, not MARKET",
        ),
        (
            OrderType.STOP_MARKET,
            "500",
            {"close_position": True, "trigger_price": D("0.01")},
            "close_position takes no quantity, was 500",
        ),
    ],
)
def test_a_request_that_lacks_what_its_type_needs_is_an_error_of_the_caller(
    kind: OrderType, quantity: str | None, fields: dict[str, Any], error: str
) -> None:
    with pytest.raises(ValueError, match=error):
        venue().place(Side.BUY, kind, quantity, **fields)


def test_a_rejection_says_the_value_and_the_rule() -> None:
    with pytest.raises(Rejection, match=r"quantity below the minimum: 0\.5 is below 1"):
        venue().market(Side.BUY, "0.5")


def test_instruments_know_their_decimals() -> None:
    assert (SKL.price_decimals, SKL.quantity_decimals) == (5, 0)
    assert (BTC.price_decimals, BTC.quantity_decimals) == (1, 3)
    assert replace(SKL, tick_size=Decimal("10")).price_decimals == 0


@pytest.mark.parametrize("trigger_by", list(TriggerBy))
def test_a_conditional_limit_order_meets_the_band_only_when_triggered(
    trigger_by: TriggerBy,
) -> None:
    order: dict[str, Any] = {
        "kind": OrderType.STOP_LIMIT,
        "side": Side.SELL,
        "price": D("70000"),
        "trigger_price": D("70000"),
        "trigger_by": trigger_by,
    }
    assert refused(**order) is None
