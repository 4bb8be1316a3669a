"""What protects positions in the long run: the guard, the stops, the trailing stop."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from bot_under_test.reference.database import Database
from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule
from simulator.exchange.orders import OrderRequest, OrderType, Side
from simulator.exchange.prices import Points
from tests.bot_under_test.conftest import BUY_308, START_NS, MakeTrading, S, Trading


def prices(*points: tuple[float, str]) -> dict[str, Points]:
    """Steps of the price: seconds after the start, and the price from then on."""
    path = Points(tuple((START_NS + round(at_s * S), Decimal(price)) for at_s, price in points))
    return {"SKLUSDT": path}


def open_by_hand(trading: Trading, side: Side = Side.BUY, quantity: int = 308) -> None:
    request = OrderRequest(
        symbol="SKLUSDT", side=side, type=OrderType.MARKET, quantity=Decimal(quantity)
    )
    trading.exchange.place("trader", request)


def test_a_position_from_before_the_start_gets_a_stop_and_a_row(make_trading: MakeTrading) -> None:
    trading = make_trading(started=False)
    open_by_hand(trading, Side.SELL)
    trading.start()
    trading.run_for(5)
    (stop,) = trading.stops()
    assert stop.side is Side.BUY
    assert stop.quantity == 308
    assert trading.rows() == [("SKLUSDT", "active")]
    assert trading.bot.believes()["positions"][0]["side"] == "SELL"
    assert trading.lines.times("→ SKLUSDT, mark_price=")


def test_old_versions_do_not_see_a_position_from_before_the_start(
    make_trading: MakeTrading,
) -> None:
    trading = make_trading("2025-10-29", started=False)
    open_by_hand(trading)
    trading.start()
    trading.run_for(60)
    assert trading.stops() == []


def test_a_position_opened_by_hand_beside_the_bot_is_protected_within_the_interval(
    make_trading: MakeTrading,
) -> None:
    trading = make_trading()
    open_by_hand(trading)
    trading.run_for(35)
    assert [stop.quantity for stop in trading.stops()] == [Decimal(308)]


def test_stops_taken_away_by_hand_are_placed_again(make_trading: MakeTrading) -> None:
    trading = make_trading()
    trading.deliver(BUY_308)
    trading.exchange.cancel_all("trader", "SKLUSDT")
    trading.run_for(35)
    assert trading.stops()[0].quantity == 308
    assert trading.rows() == [("SKLUSDT", "active")]


def test_a_position_without_room_for_a_stop_is_closed(make_trading: MakeTrading) -> None:
    # Bought at 0.01947 before the start; by then the price is 5% lower, beyond any stop of 2%.
    trading = make_trading(started=False, paths=prices((0, "0.01946"), (1, "0.01850")))
    open_by_hand(trading)
    trading.run_for(2)
    trading.start()
    trading.run_for(10)
    assert trading.lines.times("cannot be protected: StopBeyondPriceError")
    assert trading.quantity() == 0
    assert trading.stops() == []


def test_after_a_crash_between_fill_and_stop_the_next_start_protects(
    make_trading: MakeTrading, tmp_path: Path
) -> None:
    path = str(tmp_path / "bot.sqlite")
    database = Database(path, 3687)
    database.create_position(
        venue="binance",
        symbol="SKLUSDT",
        side="BUY",
        quantity=308.0,
        status="entry_placed",
        entry_price=0.01947,
        entry_order_id="9441827301",
    )
    database.close()
    trading = make_trading(started=False, database=path)
    open_by_hand(trading)
    trading.start()
    assert len(trading.stops()) == 1
    assert trading.rows() == [("SKLUSDT", "active")]
    assert trading.lines.times("🤝 Position adopted: SKLUSDT ID=3687")


def test_a_restart_knows_the_position_and_places_no_further_stop(
    make_trading: MakeTrading, tmp_path: Path
) -> None:
    trading = make_trading(database=str(tmp_path / "bot.sqlite"))
    trading.deliver(BUY_308)
    trading.restart()
    trading.run_for(60)
    assert len(trading.stops()) == 2
    assert trading.rows() == [("SKLUSDT", "active")]
    assert trading.bot.believes()["positions"][0]["quantity"] == 308.0
    trading.deliver(BUY_308)
    assert trading.lines.times("is a duplicate")
    assert trading.quantity() == 308


def test_a_triggered_stop_closes_the_position_and_takes_the_other_along(
    make_trading: MakeTrading,
) -> None:
    trading = make_trading(paths=prices((0, "0.01946"), (30, "0.01905")))
    trading.deliver(BUY_308)
    trading.run_for(30)
    assert trading.quantity() == 0
    assert trading.stops() == []
    assert trading.rows() == [("SKLUSDT", "closed")]


def test_the_trailing_stop_follows_the_price_up_and_never_down(make_trading: MakeTrading) -> None:
    path = prices((0, "0.01946"), (30, "0.02000"), (40, "0.02050"), (50, "0.02040"))
    trading = make_trading(paths=path)
    trading.deliver(BUY_308)
    trading.run_for(60)
    triggers = sorted(str(stop.trigger_price) for stop in trading.stops())
    assert triggers == ["0.01908", "0.01999"]  # the stop-loss, and 2.5% below 0.02050
    assert trading.quantity() == 308


def test_while_the_trailing_stop_moves_the_position_has_a_stop(make_trading: MakeTrading) -> None:
    path = prices((0, "0.01946"), (30, "0.02000"))
    trading = make_trading(paths=path)
    trading.deliver(BUY_308)
    fewest = 2
    for _ in range(300):
        trading.run_for(0.1)
        fewest = min(fewest, len(trading.stops()))
    assert fewest == 2


def test_a_stop_that_triggers_during_the_opening_ends_in_a_closed_row(
    make_trading: MakeTrading,
) -> None:
    # The stop-loss rests from about 14.1 s on, the opening ends at about 14.7 s.
    trading = make_trading(paths=prices((0, "0.01946"), (14.2, "0.01900")))
    trading.deliver(BUY_308)
    trading.run_for(40)
    assert trading.quantity() == 0
    assert trading.stops() == []
    assert trading.rows() == [("SKLUSDT", "closed")]
    assert trading.bot.believes()["positions"] == []


def test_an_order_that_comes_through_after_it_was_given_up_is_protected(
    make_trading: MakeTrading,
) -> None:
    lost = FaultRule(
        name="late", endpoint="POST /fapi/v1/order", kind=FaultKind.HANG, nth=frozenset({1})
    )
    trading = make_trading(behaviour=Behaviour(faults=(lost,)))
    trading.deliver(BUY_308)
    assert trading.rows() == []
    open_by_hand(trading)  # as if the venue had carried it out only now
    trading.run_for(35)
    assert len(trading.stops()) == 1
    assert trading.rows() == [("SKLUSDT", "active")]


def test_stopping_waits_for_the_opening_under_way(make_trading: MakeTrading) -> None:
    trading = make_trading()
    trading.begin(BUY_308)
    trading.run_until_line("Fetched binance order")
    trading.stop()
    assert trading.opening.done()
    assert trading.quantity() == 308
    assert len(trading.stops()) == 2
