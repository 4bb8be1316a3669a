"""Conditional orders: when they trigger, what becomes of them then."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.exchange import (
    BookShape,
    Constant,
    OrderChange,
    OrderFact,
    OrderStatus,
    OrderType,
    Points,
    PriceFact,
    Reason,
    Rejection,
    Side,
    TriggerBy,
)
from tests.exchange.made import D, Venue, after, venue


def path(*prices: str) -> Points:
    """A new price every second, the first from the start on."""
    return Points(tuple((after(second), D(price)) for second, price in enumerate(prices)))


def state(made: Venue, order_id: int) -> str:
    order = made.exchange.order("bot", "SKLUSDT", order_id=order_id)
    assert order is not None
    return order.status.value


STOP, TAKE = OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET


@pytest.mark.parametrize(
    ("kind", "side", "trigger", "prices", "triggers_at"),
    [
        # Binance: STOP buys at last >= trigger, sells at last <= trigger; TAKE_PROFIT mirrors
        (STOP, Side.BUY, "0.022", ("0.02", "0.02199", "0.022"), 2),
        (STOP, Side.BUY, "0.022", ("0.02", "0.018", "0.025"), 2),
        (STOP, Side.SELL, "0.018", ("0.02", "0.01801", "0.018"), 2),
        (TAKE, Side.BUY, "0.018", ("0.02", "0.01801", "0.018"), 2),
        (TAKE, Side.SELL, "0.022", ("0.02", "0.02199", "0.022"), 2),
        (TAKE, Side.SELL, "0.022", ("0.02", "0.018", "0.0219"), None),
    ],
)
def test_stops_and_take_profits_trigger_on_their_own_side(
    kind: OrderType, side: Side, trigger: str, prices: tuple[str, ...], triggers_at: int | None
) -> None:
    made = venue(path(*prices))
    order = made.place(side, kind, "500", trigger_price=D(trigger))
    assert order.status is OrderStatus.UNTRIGGERED
    made.run_to(5)
    after_run = made.exchange.order("bot", "SKLUSDT", order_id=order.order_id)
    assert after_run is not None
    assert after_run.triggered_ns == (None if triggers_at is None else after(triggers_at))
    assert (after_run.status is OrderStatus.FILLED) is (triggers_at is not None)


@pytest.mark.parametrize(
    ("kind", "side", "trigger", "refused"),
    [
        (STOP, Side.BUY, "0.02", True),
        (STOP, Side.BUY, "0.02001", False),
        (STOP, Side.SELL, "0.02", True),
        (STOP, Side.SELL, "0.021", True),
        (STOP, Side.SELL, "0.01999", False),
        (TAKE, Side.BUY, "0.021", True),
        (TAKE, Side.SELL, "0.019", True),
        (TAKE, Side.SELL, "0.021", False),
    ],
)
def test_an_order_whose_price_is_reached_already_is_refused(
    kind: OrderType, side: Side, trigger: str, refused: bool
) -> None:
    made = venue()
    if not refused:
        assert made.place(side, kind, "500", trigger_price=D(trigger)).status.open
        return
    with pytest.raises(Rejection) as rejected:
        made.place(side, kind, "500", trigger_price=D(trigger))
    assert rejected.value.reason is Reason.WOULD_TRIGGER_IMMEDIATELY
    assert made.facts == []


@pytest.mark.parametrize(("trigger_by", "triggers_at"), [(TriggerBy.LAST, 2), (TriggerBy.MARK, 1)])
def test_the_price_that_is_watched_is_the_one_asked_for(
    trigger_by: TriggerBy, triggers_at: int
) -> None:
    made = venue(path("0.02", "0.02", "0.018"), mark=path("0.02", "0.018", "0.018"))
    order = made.stop(Side.SELL, "500", "0.019", trigger_by=trigger_by)
    made.run_to(3)
    found = made.exchange.order("bot", "SKLUSDT", order_id=order.order_id)
    assert found is not None
    assert found.triggered_ns == after(triggers_at)


def test_a_trigger_follows_the_price_fact_in_the_same_moment() -> None:
    made = venue(path("0.02", "0.018"))
    made.market(Side.BUY, "500")
    made.stop(Side.SELL, "500", "0.019", reduce_only=True)
    made.facts.clear()
    made.run_to(1)
    told = [
        "price" if isinstance(fact, PriceFact) else fact.change.value
        for fact in made.facts
        if isinstance(fact, PriceFact | OrderFact)
    ]
    assert told == ["price", "TRIGGERED", "FILLED"]
    assert {fact.time_ns for fact in made.facts} == {after(1)}


def test_a_triggered_stop_sells_at_the_book_not_at_its_trigger() -> None:
    made = venue(path("0.02", "0.018"))
    order = made.stop(Side.SELL, "500", "0.019")
    made.run_to(1)
    filled = made.exchange.order("bot", "SKLUSDT", order_id=order.order_id)
    assert filled is not None
    assert (filled.average_price, filled.trigger_price) == (D("0.018"), D("0.019"))
    assert filled.type is OrderType.STOP_MARKET


def test_stop_orders_trigger_in_the_order_in_which_they_were_placed() -> None:
    made = venue(path("0.02", "0.017"))
    ids = [made.stop(Side.SELL, "500", price).order_id for price in ("0.018", "0.019")]
    made.run_to(1)
    triggered = [
        fact.order.order_id for fact in made.order_facts() if fact.change is OrderChange.TRIGGERED
    ]
    assert triggered == ids


def test_a_stop_limit_order_enters_the_book_when_triggered() -> None:
    made = venue(path("0.02", "0.018", "0.0185"))
    order = made.place(
        Side.SELL, OrderType.STOP_LIMIT, "500", trigger_price=D("0.019"), price=D("0.0185")
    )
    made.run_to(1)
    assert state(made, order.order_id) == "NEW"
    made.run_to(2)
    (fill,) = made.exchange.fills("bot")
    assert (fill.price, fill.maker) == (D("0.0185"), True)


def test_a_stop_limit_order_outside_the_band_is_rejected_when_triggered() -> None:
    made = venue(path("0.02", "0.018"))
    made.place(Side.SELL, OrderType.STOP_LIMIT, "500", trigger_price=D("0.019"), price=D("0.01"))
    made.run_to(1)
    assert made.changes() == ["ACCEPTED", "TRIGGERED", "REJECTED"]
    assert made.order_facts()[-1].detail.startswith("price below the band around the mark price")


def test_close_position_closes_all_there_is_when_it_triggers() -> None:
    made = venue(path("0.02", "0.018"))
    made.market(Side.BUY, "500")
    stop = made.stop(Side.SELL, None, "0.019", close_position=True)
    assert stop.quantity == 0
    made.market(Side.BUY, "700")
    made.run_to(1)
    assert made.exchange.position("bot", "SKLUSDT").quantity == 0
    closed = made.exchange.order("bot", "SKLUSDT", order_id=stop.order_id)
    assert closed is not None
    assert (closed.quantity, closed.status) == (D(1200), OrderStatus.FILLED)


@pytest.mark.parametrize(
    ("quantity", "fields"), [("500", {"reduce_only": True}), (None, {"close_position": True})]
)
def test_a_closing_order_without_a_position_waits_and_is_rejected_when_triggered(
    quantity: str | None, fields: dict[str, Any]
) -> None:
    made = venue(path("0.02", "0.018"))
    order = made.stop(Side.SELL, quantity, "0.019", **fields)
    made.run_to(1)
    assert made.changes() == ["ACCEPTED", "TRIGGERED", "REJECTED"]
    last = made.order_facts()[-1]
    assert last.detail.startswith("reduce-only order would not reduce a position")
    assert not last.order.status.open
    assert state(made, order.order_id) == "EXPIRED"
    assert made.exchange.positions("bot") == []


def test_a_reduce_only_stop_is_clipped_to_what_is_left_of_the_position() -> None:
    made = venue(path("0.02", "0.018"))
    made.market(Side.BUY, "1000")
    stop = made.stop(Side.SELL, "1000", "0.019", reduce_only=True)
    made.market(Side.SELL, "600")
    made.run_to(1)
    assert made.exchange.position("bot", "SKLUSDT").quantity == 0
    found = made.exchange.order("bot", "SKLUSDT", order_id=stop.order_id)
    assert found is not None
    assert (found.quantity, found.status) == (D(400), OrderStatus.FILLED)


def test_a_stop_that_is_not_reduce_only_opens_a_position_when_it_is_forgotten() -> None:
    made = venue(path("0.02", "0.018"))
    made.market(Side.BUY, "500")
    made.stop(Side.SELL, "500", "0.019")
    made.market(Side.SELL, "500")
    made.run_to(1)
    assert made.exchange.position("bot", "SKLUSDT").quantity == -500


def test_margin_is_looked_at_when_an_order_triggers_and_not_before() -> None:
    made = venue(path("0.02", "0.022"), deposit="10")
    made.stop(Side.BUY, "100000", "0.021")  # about 2,200 USDT at leverage 20
    assert made.exchange.margin("bot").available == 10
    made.run_to(1)
    assert made.changes() == ["ACCEPTED", "TRIGGERED", "REJECTED"]
    assert made.order_facts()[-1].detail.startswith("margin is insufficient")


def test_a_triggered_order_that_finds_nobody_is_rejected() -> None:
    made = venue(path("0.02", "0.018"), book=BookShape(offset=D("-0.15")))
    made.stop(Side.SELL, "500", "0.019")
    made.run_to(1)
    assert made.order_facts()[-1].change is OrderChange.REJECTED
    assert made.order_facts()[-1].detail.startswith("no counterparty inside the band")


def test_a_triggered_market_order_beyond_the_book_expires_with_a_rest() -> None:
    made = venue(path("0.02", "0.018"), book=BookShape(quantity=D(100), levels=2, growth=D(1)))
    made.stop(Side.SELL, "500", "0.019")
    made.run_to(1)
    assert made.changes() == ["ACCEPTED", "TRIGGERED", "FILLED", "FILLED", "EXPIRED"]


def test_a_cancelled_stop_does_not_trigger() -> None:
    made = venue(path("0.02", "0.018"))
    order = made.stop(Side.SELL, "500", "0.019")
    made.exchange.cancel("bot", "SKLUSDT", order_id=order.order_id)
    made.run_to(1)
    assert made.changes() == ["ACCEPTED", "CANCELED"]


def test_a_stop_placed_in_the_moment_of_a_price_change_sees_the_new_price() -> None:
    made = venue(path("0.02", "0.018"))
    made.env.run(until=after(1))  # simpy stops before the tick of that moment
    with pytest.raises(Rejection) as rejected:
        made.stop(Side.SELL, "500", "0.019")
    assert rejected.value.reason is Reason.WOULD_TRIGGER_IMMEDIATELY


def test_a_stop_that_is_due_triggers_before_a_request_of_the_same_moment() -> None:
    made = venue(path("0.02", "0.018"))
    made.market(Side.BUY, "500")
    made.stop(Side.SELL, "500", "0.019", reduce_only=True)
    made.env.run(until=after(1))  # simpy stops before the tick of that moment
    with pytest.raises(Rejection) as rejected:
        made.market(Side.SELL, "500", reduce_only=True)
    assert rejected.value.reason is Reason.REDUCE_ONLY_REJECTED
    assert made.changes()[-2:] == ["TRIGGERED", "FILLED"]


def test_a_client_id_follows_the_order_through_its_trigger() -> None:
    made = venue(path("0.02", "0.018"))
    made.stop(Side.SELL, "500", "0.019", client_order_id="sl-1")
    made.run_to(1)
    found = made.exchange.order("bot", "SKLUSDT", client_order_id="sl-1")
    assert found is not None
    assert found.status is OrderStatus.FILLED


def test_a_price_that_never_moves_never_triggers() -> None:
    made = venue(Constant(D("0.02")))
    made.stop(Side.SELL, "500", "0.019")
    made.run_to(1000)
    assert made.changes() == ["ACCEPTED"]
