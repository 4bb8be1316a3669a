"""What clients see of the books through lagging windows."""

from __future__ import annotations

import pytest

from simulator.distributions import Fixed, Uniform
from simulator.exchange import BookShape, LagRule, OrderStatus, Points, Side
from tests.exchange.made import MS_NS, SECOND_NS, START_NS, D, Venue, after, pass_to, venue

HALF_NS = SECOND_NS // 2


def lagged(*windows: str, **fields: object) -> Venue:
    """A venue whose windows show everything half a second late."""
    lags = [LagRule(window=window, lag=Fixed(HALF_NS)) for window in windows]
    return venue(lags=lags, **fields)  # type: ignore[arg-type]


def test_without_rules_the_windows_show_the_truth() -> None:
    made = venue()
    order = made.market(Side.BUY, "500")
    resting = made.limit(Side.BUY, "500", "0.019")
    exchange = made.exchange
    assert exchange.seen_order("bot", "SKLUSDT", order_id=order.order_id) == order
    assert exchange.seen_orders("bot") == exchange.orders("bot") == [order, resting]
    assert exchange.seen_open_orders("bot") == [resting]
    assert exchange.seen_position("bot", "SKLUSDT") == exchange.position("bot", "SKLUSDT")
    assert exchange.seen_positions("bot") == exchange.positions("bot")
    assert exchange.seen_wallet("bot") == exchange.wallet("bot")
    assert exchange.seen_fills("bot") == exchange.fills("bot")


def test_an_order_that_exists_is_not_found_until_it_is_visible() -> None:
    made = lagged("order")
    order = made.market(Side.BUY, "500", client_order_id="mine")
    exchange = made.exchange
    assert exchange.order("bot", "SKLUSDT", order_id=order.order_id) == order
    made.run_to(0.4999)
    assert exchange.seen_order("bot", "SKLUSDT", order_id=order.order_id) is None
    assert exchange.seen_order("bot", "SKLUSDT", client_order_id="mine") is None
    assert exchange.seen_orders("bot", "SKLUSDT") == []
    made.run_to(0.5)
    assert exchange.seen_order("bot", "SKLUSDT", order_id=order.order_id) == order
    assert exchange.seen_order("bot", "SKLUSDT", client_order_id="mine") == order
    assert exchange.seen_orders("bot") == [order]


def test_an_order_can_be_seen_open_after_it_was_cancelled() -> None:
    made = lagged("order", "open_orders")
    order = made.limit(Side.BUY, "500", "0.019")
    made.run_to(1)
    made.exchange.cancel("bot", "SKLUSDT", order_id=order.order_id)
    assert made.exchange.open_orders("bot") == []
    assert made.exchange.seen_open_orders("bot") == [order]
    seen = made.exchange.seen_order("bot", "SKLUSDT", order_id=order.order_id)
    assert seen is not None
    assert seen.status is OrderStatus.NEW
    made.run_to(1.5)
    assert made.exchange.seen_open_orders("bot") == []


def test_a_new_order_is_missing_from_the_open_orders_at_first() -> None:
    made = lagged("open_orders")
    order = made.limit(Side.BUY, "500", "0.019")
    assert made.exchange.seen_open_orders("bot") == []
    assert made.exchange.seen_order("bot", "SKLUSDT", order_id=order.order_id) == order
    made.run_to(0.5)
    assert made.exchange.seen_open_orders("bot", "SKLUSDT") == [order]
    assert made.exchange.seen_open_orders("bot", "BTCUSDT") == []


def test_a_position_is_seen_as_it_was() -> None:
    made = lagged("positions")
    made.market(Side.BUY, "500")
    assert made.exchange.seen_position("bot", "SKLUSDT").quantity == 0
    assert made.exchange.seen_positions("bot") == []
    made.run_to(0.5)
    made.market(Side.BUY, "500")
    assert made.exchange.position("bot", "SKLUSDT").quantity == 1000
    assert made.exchange.seen_position("bot", "SKLUSDT").quantity == 500
    assert [each.quantity for each in made.exchange.seen_positions("bot")] == [500]


def test_the_wallet_is_seen_as_it_was_and_the_first_deposit_at_once() -> None:
    made = lagged("balance")
    assert made.exchange.seen_wallet("bot").balance == 10000
    made.market(Side.BUY, "1000")
    assert made.exchange.seen_wallet("bot").balance == 10000
    made.run_to(0.5)
    assert made.exchange.seen_wallet("bot") == made.exchange.wallet("bot")
    made.exchange.deposit("bot", D(5))
    assert made.exchange.seen_wallet("bot").balance == D("9999.989995")
    made.run_to(1)
    assert made.exchange.seen_wallet("bot").balance == D("10004.989995")


def test_fills_are_seen_late_and_stay() -> None:
    made = lagged("fills", book=BookShape(quantity=D(1000), growth=D(1)))
    made.market(Side.BUY, "2000")
    assert made.exchange.seen_fills("bot") == []
    made.run_to(0.5)
    made.market(Side.BUY, "500")
    seen = made.exchange.seen_fills("bot", "SKLUSDT")
    assert [fill.quantity for fill in seen] == [1000, 1000]
    made.run_to(100)
    assert made.exchange.seen_fills("bot") == made.exchange.fills("bot")
    assert made.exchange.seen_fills("bot", "BTCUSDT") == []


@pytest.mark.parametrize("window", ["order", "open_orders", "positions", "balance", "fills"])
def test_a_lag_of_one_window_leaves_the_others_alone(window: str) -> None:
    made = lagged(window)
    exchange = made.exchange
    made.limit(Side.BUY, "500", "0.019")
    made.market(Side.BUY, "500")
    late = {
        "order": exchange.seen_orders("bot") != exchange.orders("bot"),
        "open_orders": exchange.seen_open_orders("bot") != exchange.open_orders("bot"),
        "positions": exchange.seen_positions("bot") != exchange.positions("bot"),
        "balance": exchange.seen_wallet("bot") != exchange.wallet("bot"),
        "fills": exchange.seen_fills("bot") != exchange.fills("bot"),
    }
    assert [name for name, is_late in late.items() if is_late] == [window]


def test_an_older_order_with_the_same_client_id_is_seen_until_the_new_one_shows() -> None:
    made = lagged("order")
    first = made.market(Side.BUY, "500", client_order_id="mine")
    made.run_to(1)
    second = made.market(Side.BUY, "500", client_order_id="mine")
    see = made.exchange.seen_order
    assert see("bot", "SKLUSDT", client_order_id="mine") == first
    made.run_to(1.5)
    assert see("bot", "SKLUSDT", client_order_id="mine") == second


def test_other_accounts_orders_are_never_seen() -> None:
    made = lagged("*")
    made.exchange.open_account("other", D(100))
    order = made.limit(Side.BUY, "500", "0.019")
    made.run_to(1)
    assert made.exchange.seen_open_orders("other") == []
    assert made.exchange.seen_order("other", "SKLUSDT", order_id=order.order_id) is None
    assert made.exchange.seen_orders("other") == []


def test_an_order_is_seen_to_move_forward_only() -> None:
    made = venue(
        Points(((after(0), D("0.02")), (after(1), D("0.0199")))),
        lags=[LagRule(window="order", lag=Uniform(0, SECOND_NS))],
        seed=3,
    )
    order = made.limit(Side.BUY, "500", "0.0199")
    progress = ["NEW", "FILLED"]
    seen = []
    for step in range(1, 400):
        pass_to(made.env, START_NS + step * 7 * MS_NS)
        found = made.exchange.seen_order("bot", "SKLUSDT", order_id=order.order_id)
        seen.append(-1 if found is None else progress.index(found.status.value))
    assert seen == sorted(seen)
    assert set(seen) == {-1, 0, 1}


def test_ended_orders_leave_no_trace_in_the_open_orders_window() -> None:
    made = lagged("open_orders", "fills")
    for second in range(200):
        made.run_to(second)
        made.market(Side.BUY if second % 2 else Side.SELL, "500")
    views = made.exchange.visibility._windows
    assert len(views["open_orders"].entries) <= 1
    assert len(views["fills"].entries) <= 1


def test_the_order_history_lags_apart_from_the_query_by_id() -> None:
    made = lagged("order_history")
    order = made.market(Side.BUY, "500")
    exchange = made.exchange
    assert exchange.seen_order("bot", "SKLUSDT", order_id=order.order_id) == order
    assert exchange.seen_order_history("bot") == []
    made.run_to(0.5)
    assert exchange.seen_order_history("bot") == [order]
    assert exchange.seen_order_history("bot", "SKLUSDT") == [order]


def test_a_position_can_be_seen_before_its_entry_price() -> None:
    made = lagged("entry_price")
    made.market(Side.BUY, "500")
    exchange = made.exchange
    assert exchange.seen_position("bot", "SKLUSDT").quantity == 500
    assert exchange.seen_entry_price("bot", "SKLUSDT") is None
    made.run_to(0.5)
    assert exchange.seen_entry_price("bot", "SKLUSDT") == D("0.02001")
    made.market(Side.SELL, "1000")
    # Turned round: the price that is known is the other side's.
    assert exchange.seen_entry_price("bot", "SKLUSDT") is None


def test_a_flat_position_has_an_entry_price_of_zero_at_once() -> None:
    made = lagged("entry_price")
    assert made.exchange.seen_entry_price("bot", "SKLUSDT") == 0
