"""What can be changed about an exchange while it runs: its prices, and its rules."""

from __future__ import annotations

import pytest

from simulator.distributions import Fixed
from simulator.exchange import (
    FaultKind,
    FaultRule,
    Faults,
    LagRule,
    OrderStatus,
    OrderType,
    Points,
    PriceFact,
    RandomWalk,
    Reason,
    Rejection,
    Side,
)
from simulator.randomness import Streams
from tests.exchange.made import ACCOUNT, SECOND_NS, D, after, clock, venue

SYMBOL = "SKLUSDT"


def test_a_price_that_is_set_holds_from_now_on_whatever_the_path_says() -> None:
    made = venue(Points(((after(0), D("0.02")), (after(10), D("0.03")))))
    made.run_to(5)
    made.exchange.set_price(SYMBOL, D("0.025"))
    assert made.exchange.last_price(SYMBOL) == made.exchange.mark_price(SYMBOL) == D("0.025")
    made.run_to(20)
    assert made.exchange.last_price(SYMBOL) == D("0.025")
    made.exchange.set_price(SYMBOL, D("0.026"), D("0.024"))
    assert made.exchange.last_price(SYMBOL) == D("0.026")
    assert made.exchange.mark_price(SYMBOL) == D("0.024")


def test_what_a_set_price_triggers_and_fills_acts_at_once_and_is_told() -> None:
    made = venue()
    made.market(Side.BUY, "500")
    stop = made.stop(Side.SELL, "500", "0.018", reduce_only=True)
    bid = made.limit(Side.BUY, "1000", "0.019")
    made.facts.clear()
    made.exchange.set_price(SYMBOL, D("0.0179"))
    for each in (stop, bid):
        order = made.exchange.order(ACCOUNT, SYMBOL, order_id=each.order_id)
        assert order is not None
        assert order.status is OrderStatus.FILLED
    assert made.exchange.position(ACCOUNT, SYMBOL).quantity == D("1000")
    assert isinstance(made.facts[0], PriceFact)
    assert made.facts[0].time_ns == after(0)


def test_candles_and_ticker_know_the_path_before_and_the_price_after() -> None:
    made = venue(RandomWalk(start=D("0.02")))
    made.run_to(30)
    made.exchange.set_price(SYMBOL, D("0.05"))
    made.run_to(90)
    made.exchange.set_price(SYMBOL, D("0.04"))
    made.run_to(119)
    first, second = made.exchange.candles(SYMBOL, 60 * SECOND_NS, limit=2)
    assert (first.high, first.close) == (D("0.05"), D("0.05"))
    assert first.low < D("0.021")
    assert (second.open, second.high, second.low, second.close) == (
        D("0.05"),
        D("0.05"),
        D("0.04"),
        D("0.04"),
    )
    assert made.exchange.ticker(SYMBOL).last == D("0.04")


def test_a_price_that_cannot_be_changes_nothing() -> None:
    made = venue()
    with pytest.raises(ValueError, match="price must be above 0, was 0"):
        made.exchange.set_price(SYMBOL, D("0.03"), D(0))
    assert made.exchange.last_price(SYMBOL) == D("0.02")
    with pytest.raises(Rejection) as refused:
        made.exchange.set_price("NOSUCH", D(1))
    assert refused.value.reason is Reason.UNKNOWN_SYMBOL


@pytest.mark.parametrize("window", ["*", "order"])
def test_a_lag_that_is_added_hides_what_happens_from_then_on(window: str) -> None:
    made = venue()
    early = made.limit(Side.BUY, "500", "0.015")
    made.exchange.add_lags([LagRule(window=window, lag=Fixed(2 * SECOND_NS))])
    late = made.limit(Side.BUY, "500", "0.014")

    def seen() -> list[int]:
        return [each.order_id for each in made.exchange.seen_orders(ACCOUNT)]

    assert seen() == [early.order_id]
    made.run_to(2)
    assert seen() == [early.order_id, late.order_id]


def test_every_window_still_shows_what_there_was_when_its_first_lag_is_added() -> None:
    made = venue()
    made.market(Side.BUY, "500")
    order = made.limit(Side.BUY, "500", "0.015")
    exchange = made.exchange
    wallet = exchange.seen_wallet(ACCOUNT)
    exchange.add_lags([LagRule(window="*", lag=Fixed(SECOND_NS))])
    made.market(Side.BUY, "500")
    assert exchange.seen_position(ACCOUNT, SYMBOL).quantity == D(500)
    assert exchange.seen_open_orders(ACCOUNT) == [order]
    assert len(exchange.seen_order_history(ACCOUNT)) == 2
    assert len(exchange.seen_fills(ACCOUNT)) == 1
    assert exchange.seen_wallet(ACCOUNT) == wallet
    made.run_to(1)
    assert exchange.seen_position(ACCOUNT, SYMBOL).quantity == D(1000)
    assert len(exchange.seen_fills(ACCOUNT)) == 2
    assert exchange.seen_wallet(ACCOUNT) == exchange.wallet(ACCOUNT) != wallet


def test_of_lags_that_are_added_the_last_one_wins() -> None:
    made = venue(lags=[LagRule(window="order", lag=Fixed(5 * SECOND_NS))])
    made.exchange.add_lags([LagRule(window="order", lag=Fixed(SECOND_NS))])
    made.limit(Side.BUY, "500", "0.015")
    made.run_to(1)
    assert len(made.exchange.seen_orders(ACCOUNT)) == 1


def test_faults_that_are_added_count_from_then_on_and_must_differ_in_name() -> None:
    endpoint = "POST /fapi/v1/order"
    rule = FaultRule(name="first", endpoint=endpoint, kind=FaultKind.RESET, nth=frozenset({2}))
    faults = Faults(clock(), (), Streams(1), "venue")
    assert faults.match(endpoint) is None
    faults.add([rule])
    assert faults.match(endpoint) is None
    assert faults.match(endpoint) is rule
    assert faults.fired == {"first": 1}
    other = FaultRule(name="second", endpoint=endpoint, kind=FaultKind.RESET)
    with pytest.raises(ValueError, match="'first': names must differ"):
        faults.add([other, rule])
    assert faults.fired == {"first": 1}
    assert faults.match(endpoint) is None


def test_orders_of_every_type_may_be_there_when_a_lag_is_added() -> None:
    made = venue()
    stop = made.place(Side.BUY, OrderType.STOP_MARKET, "500", trigger_price=D("0.03"))
    made.exchange.add_lags([LagRule(window="open_orders", lag=Fixed(SECOND_NS))])
    assert made.exchange.seen_open_orders(ACCOUNT) == [stop]
    made.exchange.cancel(ACCOUNT, SYMBOL, order_id=stop.order_id)
    assert made.exchange.seen_open_orders(ACCOUNT)
    made.run_to(1)
    assert made.exchange.seen_open_orders(ACCOUNT) == []
