"""What a rollback makes of a Bybit position of which the order's reply said nothing."""

from __future__ import annotations

from tests.incidents.conftest import MakeTrading, Trading, buy, coin, sell

SYMBOL = "ZENTUSDT"


def rolled_back(make_trading: MakeTrading, version: str, **more: object) -> Trading:
    """After the opening of a long of 916 that the version takes for failed."""
    trading = make_trading(version, bybit=[coin(SYMBOL, "0.00656")], **more)
    trading.deliver(buy(SYMBOL, "bybit", quantity=916.0))
    return trading


DOUBLING = {
    "remove_defects": ["rollback_uses_reported_fill"],
    "add_defects": ["unknown_side_closes_by_buying"],
}


def test_a_rollback_with_an_unknown_side_doubles_the_long(make_trading: MakeTrading) -> None:
    trading = rolled_back(make_trading, "2025-10-12", **DOUBLING)
    entry, close = trading.markets["bybit"].requests("/order/create")
    assert (entry["params"]["side"], entry["params"]["qty"]) == ("Buy", "916")
    assert (close["params"]["side"], close["params"]["qty"]) == ("Buy", "916")
    assert trading.quantity(SYMBOL) == 1832
    assert trading.stops(SYMBOL) == []


def test_the_same_mistake_closes_a_short(make_trading: MakeTrading) -> None:
    trading = make_trading("2025-10-12", bybit=[coin(SYMBOL, "0.00656")], **DOUBLING)
    trading.deliver(sell(SYMBOL, "bybit", quantity=916.0))
    _, close = trading.markets["bybit"].requests("/order/create")
    assert (close["params"]["side"], close["params"]["qty"]) == ("Buy", "916")
    assert trading.quantity(SYMBOL) == 0


def test_the_doubled_long_stays(make_trading: MakeTrading) -> None:
    # What watched over positions then wrote down what it found, and closed nothing.
    trading = rolled_back(make_trading, "2025-10-12", **DOUBLING)
    trading.run_for(400)
    assert trading.quantity(SYMBOL) == 1832
    assert len(trading.markets["bybit"].requests("/order/create")) == 2


def test_a_rollback_of_the_reported_fill_leaves_the_long_as_it_is(
    make_trading: MakeTrading,
) -> None:
    trading = rolled_back(make_trading, "2025-10-12")
    assert trading.quantity(SYMBOL) == 916
    assert trading.stops(SYMBOL) == []
    assert trading.rows() == [(SYMBOL, "rolled_back")]
    assert trading.events("signal_execution_failed") == [SYMBOL]


def test_without_both_defects_the_long_is_closed(make_trading: MakeTrading) -> None:
    trading = rolled_back(
        make_trading, "2025-10-12", remove_defects=["rollback_uses_reported_fill"]
    )
    assert trading.quantity(SYMBOL) == 0
    assert trading.rows() == [(SYMBOL, "rolled_back")]


def test_a_reply_without_a_status_is_what_fails_the_opening(make_trading: MakeTrading) -> None:
    trading = rolled_back(make_trading, "2025-10-12", remove_defects=["requires_filled_status"])
    assert trading.quantity(SYMBOL) == 916
    assert len(trading.stops(SYMBOL)) == 2
    assert trading.rows() == [(SYMBOL, "active")]


def test_current_would_close_it_by_what_the_venue_shows(make_trading: MakeTrading) -> None:
    # The reply's side is unknown to `current` as well when its order is taken for failed.
    trading = rolled_back(make_trading, "current", add_defects=["requires_filled_status"])
    assert trading.quantity(SYMBOL) == 0
    _, close = trading.markets["bybit"].requests("/order/create")
    assert (close["params"]["side"], close["params"]["qty"]) == ("Sell", "916")
    assert trading.events("position_error") == [SYMBOL]
