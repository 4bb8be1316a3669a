"""`current` under faults: a position stands with a stop-loss, or nothing is left."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.distributions import Fixed
from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule, LagRule, LimitRule
from simulator.exchange.listings import BookShape
from tests.bot_under_test.conftest import BUY_308, SELL_27, MakeTrading, S, Trading

ENTRY = "POST /fapi/v1/order"
STOP = "POST /fapi/v1/algoOrder"
QUERY = "GET /fapi/v1/order"
POSITIONS = "GET /fapi/v3/positionRisk"
TIMED_OUT = (
    '{"code":-1007,"msg":"Timeout waiting for response from backend server. Send status unknown; '
    'execution status unknown."}'
)
NO_MARGIN = '{"code":-2019,"msg":"Margin is insufficient."}'
WOULD_TRIGGER = '{"code":-2021,"msg":"Order would immediately trigger."}'
INTERNAL = (
    '{"code":-1001,"msg":"Internal error; unable to process your request. Please try again."}'
)
THROTTLED = (
    '{"code":-1008,"msg":"Request throttled by system-level protection. Reduce-only/close-position '
    'orders are exempt. Please try again."}'
)


def fault(kind: FaultKind, endpoint: str, *nth: int, status: int = 0, body: str = "") -> Behaviour:
    rule = FaultRule(
        name="fault",
        endpoint=endpoint,
        kind=kind,
        status=status,
        body=body,
        nth=frozenset(nth) or None,
    )
    return Behaviour(faults=(rule,))


def assert_protected(trading: Trading, quantity: int = 308) -> None:
    assert trading.quantity() == quantity
    assert trading.stops()
    assert all(stop.reduce_only and stop.quantity == quantity for stop in trading.stops())
    assert trading.rows() == [("SKLUSDT", "active")]
    (believed,) = trading.bot.believes()["positions"]
    assert (believed["symbol"], believed["quantity"]) == ("SKLUSDT", float(quantity))
    assert believed["stop_loss"]


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        (FaultKind.REPLY_LOST, 0, ""),
        (FaultKind.RESET_AFTER, 0, ""),
        (FaultKind.ERROR_AFTER, 502, "<html>Bad Gateway</html>"),
        (FaultKind.ERROR_AFTER, 503, INTERNAL),
        (FaultKind.ERROR_AFTER, 503, THROTTLED),
        (FaultKind.ERROR_AFTER, 408, TIMED_OUT),
    ],
)
def test_an_entry_that_was_taken_without_an_answer_is_found_and_protected(
    make_trading: MakeTrading, kind: FaultKind, status: int, body: str
) -> None:
    trading = make_trading(behaviour=fault(kind, ENTRY, 1, status=status, body=body))
    trading.deliver(BUY_308)
    assert trading.venue.faults.fired == {"fault": 1}
    assert_protected(trading)
    entries = [o for o in trading.exchange.orders("trader") if not o.reduce_only]
    assert len(entries) == 1


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        (FaultKind.HANG, 0, ""),
        (FaultKind.RESET, 0, ""),
        (FaultKind.ERROR, 503, INTERNAL),
        (FaultKind.ERROR, 503, THROTTLED),
        (FaultKind.ERROR, 400, NO_MARGIN),
        (FaultKind.ERROR, 429, '{"code":-1003,"msg":"Too many requests."}'),
    ],
)
def test_an_entry_that_was_not_taken_leaves_nothing(
    make_trading: MakeTrading, kind: FaultKind, status: int, body: str
) -> None:
    trading = make_trading(behaviour=fault(kind, ENTRY, 1, status=status, body=body))
    trading.deliver(BUY_308)
    assert trading.venue.faults.fired == {"fault": 1}
    assert trading.quantity() == 0
    assert trading.exchange.orders("trader") == []
    assert trading.rows() == []
    assert trading.lines.times("❌ Atomic operation FAILED")


def test_a_refused_entry_needs_no_rollback(make_trading: MakeTrading) -> None:
    trading = make_trading(behaviour=fault(FaultKind.ERROR, ENTRY, 1, status=400, body=NO_MARGIN))
    trading.deliver(BUY_308)
    assert not trading.lines.times("Rollback")
    failed = trading.lines.time("❌ Atomic operation FAILED")
    assert failed - trading.lines.time("✅ Leverage set") == pytest.approx(0.350, abs=0.002)


def test_a_lost_reply_leaves_the_position_of_old_versions_naked(make_trading: MakeTrading) -> None:
    lost = fault(FaultKind.REPLY_LOST, ENTRY, 1)
    trading = make_trading("2025-10-29-attribute-access", behaviour=lost)
    trading.deliver(BUY_308)
    assert trading.quantity() == 308
    assert trading.stops() == []
    assert not trading.lines.times("Rollback")


def test_rollback_needs_entry_order_is_what_leaves_it_naked(make_trading: MakeTrading) -> None:
    trading = make_trading(
        "2025-10-29-attribute-access",
        behaviour=fault(FaultKind.REPLY_LOST, ENTRY, 1),
        remove_defects=["rollback_needs_entry_order"],
    )
    trading.deliver(BUY_308)
    assert trading.quantity() == 0
    assert trading.lines.times("✅ Rollback verified")


@pytest.mark.parametrize("window", ["order", "positions", "stream.ACCOUNT_UPDATE"])
def test_one_window_that_lags_by_a_minute_does_not_matter(
    make_trading: MakeTrading, window: str
) -> None:
    lag = LagRule(window=window, lag=Fixed(60 * S))
    trading = make_trading(behaviour=Behaviour(visibility=(lag,)))
    trading.deliver(BUY_308)
    assert_protected(trading)
    began = trading.lines.time("Multi-source position verification started")
    assert trading.lines.time("✅ Position verified") - began < 1


def test_with_all_windows_dark_the_position_is_closed_by_what_the_order_reported(
    make_trading: MakeTrading,
) -> None:
    dark = tuple(
        LagRule(window=window, lag=Fixed(300 * S))
        for window in ("order", "positions", "stream.ACCOUNT_UPDATE")
    )
    trading = make_trading(behaviour=Behaviour(visibility=dark))
    trading.deliver(BUY_308)
    assert trading.lines.times("Multi-source verification TIMEOUT")
    assert trading.quantity() == 0


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FaultKind.ERROR, 503),
        (FaultKind.ERROR_AFTER, 503),
        (FaultKind.RESET, 0),
        (FaultKind.RESET_AFTER, 0),
        (FaultKind.REPLY_LOST, 0),
        (FaultKind.HANG, 0),
    ],
)
def test_a_stop_whose_placing_fails_at_first_rests_in_the_end(
    make_trading: MakeTrading, kind: FaultKind, status: int
) -> None:
    trading = make_trading(behaviour=fault(kind, STOP, 1, status=status, body=INTERNAL))
    trading.deliver(BUY_308)
    assert trading.venue.faults.fired == {"fault": 1}
    assert_protected(trading)
    assert len(trading.stops()) == 2


@pytest.mark.parametrize(
    ("status", "body"), [(400, WOULD_TRIGGER), (503, INTERNAL), (400, NO_MARGIN)]
)
def test_a_position_that_cannot_be_protected_is_closed(
    make_trading: MakeTrading, status: int, body: str
) -> None:
    trading = make_trading(behaviour=fault(FaultKind.ERROR, STOP, status=status, body=body))
    trading.deliver(BUY_308)
    trading.run_for(5)
    assert trading.quantity() == 0
    assert trading.stops() == []
    assert trading.rows() == [("SKLUSDT", "rolled_back")]
    assert trading.bot.believes()["positions"] == []


def test_a_second_stop_that_is_refused_leaves_the_first_and_the_position(
    make_trading: MakeTrading,
) -> None:
    refused = fault(FaultKind.ERROR, STOP, 2, status=400, body=NO_MARGIN)
    trading = make_trading(behaviour=refused)
    trading.deliver(BUY_308)
    assert_protected(trading)
    assert len(trading.stops()) == 1


def test_a_fill_beyond_its_own_stop_is_closed_at_once(make_trading: MakeTrading) -> None:
    # The book lies 5% above the ticker: a stop 2% below the fill is above the mark price.
    trading = make_trading(book=BookShape(quantity=Decimal(1_000_000), offset=Decimal("0.05")))
    trading.deliver(BUY_308)
    assert trading.lines.times("StopBeyondPriceError")
    assert trading.quantity() == 0
    assert trading.rows() == [("SKLUSDT", "rolled_back")]


def test_what_was_filled_of_an_order_is_what_is_protected(make_trading: MakeTrading) -> None:
    # Two levels of 50: the rest of a market order expires.
    shape = BookShape(quantity=Decimal(50), levels=2, growth=Decimal(1))
    trading = make_trading(book=shape)
    trading.deliver(BUY_308)
    assert_protected(trading, quantity=100)


def test_rollback_repeats_a_close_order_that_fails(make_trading: MakeTrading) -> None:
    # The first order is the entry, the second the close order.
    rules = (
        *fault(FaultKind.ERROR, STOP, status=400, body=WOULD_TRIGGER).faults,
        FaultRule(
            name="close",
            endpoint=ENTRY,
            kind=FaultKind.ERROR,
            status=503,
            body=INTERNAL,
            nth=frozenset({2}),
        ),
    )
    trading = make_trading(behaviour=Behaviour(faults=rules))
    trading.deliver(BUY_308)
    assert trading.venue.faults.fired["close"] == 1
    assert trading.quantity() == 0
    assert trading.lines.times("✅ Rollback verified")


def test_what_rollback_could_not_close_is_closed_as_soon_as_the_venue_lets_it(
    make_trading: MakeTrading,
) -> None:
    rules = (
        *fault(FaultKind.ERROR, STOP, status=400, body=WOULD_TRIGGER).faults,
        FaultRule(
            name="close",
            endpoint=ENTRY,
            kind=FaultKind.ERROR,
            status=503,
            body=INTERNAL,
            nth=frozenset(range(2, 9)),
        ),
    )
    trading = make_trading(behaviour=Behaviour(faults=rules))
    trading.deliver(BUY_308)
    assert trading.lines.times("❌ Rollback FAILED")
    assert trading.quantity() == 308
    trading.run_for(30)
    assert trading.venue.faults.fired["close"] == 7
    assert trading.quantity() == 0


def test_a_close_order_whose_reply_is_lost_does_not_open_the_other_side(
    make_trading: MakeTrading,
) -> None:
    rules = (
        *fault(FaultKind.ERROR, STOP, status=400, body=WOULD_TRIGGER).faults,
        FaultRule(name="close", endpoint=ENTRY, kind=FaultKind.REPLY_LOST, nth=frozenset({2})),
    )
    trading = make_trading(behaviour=Behaviour(faults=rules))
    trading.deliver(BUY_308)
    trading.run_for(60)
    assert trading.quantity() == 0


@pytest.mark.parametrize("reduce_only", [True, False])
def test_a_close_order_on_old_news_can_only_reduce(
    make_trading: MakeTrading, reduce_only: bool
) -> None:
    # Positions are 16 s old: long after the close order was filled they still show the position.
    would_trigger = fault(FaultKind.ERROR, STOP, status=400, body=WOULD_TRIGGER)
    old_news = LagRule(window="positions", lag=Fixed(16 * S))
    trading = make_trading(
        behaviour=Behaviour(faults=would_trigger.faults, visibility=(old_news,)),
        rollback_reduce_only=reduce_only,
        guard_interval_s=0.0,
    )
    trading.deliver(BUY_308)
    # What may only reduce is sent at once, for the fill that is known; what may not has to wait
    # until positions show something to close, and goes on when they still do.
    orders = trading.lines.times("🔄 Rollback: Creating close order")
    assert (len(orders) == 1) is reduce_only
    assert (trading.quantity() == 0) is reduce_only


def test_after_429_nothing_that_weighs_is_asked_until_the_venue_allows_it(
    make_trading: MakeTrading,
) -> None:
    too_many = '{"code":-1003,"msg":"Too many requests."}'
    trading = make_trading(behaviour=fault(FaultKind.ERROR, QUERY, 1, status=429, body=too_many))
    trading.deliver(BUY_308)
    refused = next(record["at"] for record in trading.wire if record["kind"] == "fault")
    later = [r for r in trading.requests("") if r["at"] > refused]
    # Orders weigh nothing: the stop does not wait.
    orders = [r for r in later if r["path"].endswith("/algoOrder")]
    assert orders[0]["at"] - refused < 2
    # The fault's reply names no time, so it is the shortest window of a limit: ten seconds.
    assert all(r["at"] - refused >= 10 for r in later if r not in orders)
    assert trading.lines.times("✅ Position verified by WebSocket")
    assert_protected(trading)


@pytest.mark.parametrize("limit", range(20, 80, 5))
def test_a_limit_reached_at_any_point_is_hit_once_a_minute_at_most(
    make_trading: MakeTrading, limit: int
) -> None:
    rule = LimitRule(name="REQUEST_WEIGHT", limit=limit, interval_ns=60 * S)
    trading = make_trading(behaviour=Behaviour(limits=(rule,)), keeps_room=False)
    trading.deliver(BUY_308)
    trading.run_for(130)
    refused = [r["at"] for r in trading.wire if r["kind"] == "reply" and r.get("status") == 429]
    minutes = [int(at // 60) for at in refused]
    assert minutes == sorted(set(minutes))
    if trading.quantity():
        assert_protected(trading)
    else:
        assert trading.stops() == []


def test_an_opening_waits_until_all_of_it_fits_into_the_limit(make_trading: MakeTrading) -> None:
    rule = LimitRule(name="REQUEST_WEIGHT", limit=180, interval_ns=60 * S)
    trading = make_trading(behaviour=Behaviour(limits=(rule,)))
    trading.deliver(BUY_308)
    trading.deliver(SELL_27)
    assert trading.quantity("VELVETUSDT") == -27
    assert trading.lines.times("may not meet the rate limit")
    assert [r for r in trading.wire if r["kind"] == "reply" and r.get("status") == 429] == []


def test_a_limit_that_has_no_room_for_an_opening_refuses_the_signal(
    make_trading: MakeTrading,
) -> None:
    rule = LimitRule(name="REQUEST_WEIGHT", limit=100, interval_ns=60 * S)
    trading = make_trading(behaviour=Behaviour(limits=(rule,)))
    trading.deliver(BUY_308)
    assert trading.lines.times("has no room for an opening")
    assert trading.exchange.orders("trader") == []


def test_a_venue_that_is_down_at_the_start_is_waited_for(make_trading: MakeTrading) -> None:
    down = fault(FaultKind.ERROR, "GET /fapi/v1/exchangeInfo", 1, 2, status=503, body=INTERNAL)
    trading = make_trading(behaviour=down)
    trading.deliver(BUY_308)
    assert trading.venue.faults.fired == {"fault": 2}
    assert_protected(trading)


def test_a_signal_below_the_venues_minimum_sends_no_order(make_trading: MakeTrading) -> None:
    trading = make_trading()
    trading.deliver({**BUY_308, "quantity": 100.0})  # 1.95 USDT, the venue wants 5
    assert trading.exchange.orders("trader") == []
    assert trading.lines.times("below the venue's minimum")
