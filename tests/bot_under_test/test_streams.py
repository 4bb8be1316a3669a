"""The two streams: lost, silent, expired; and what the bot does about it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulator.binance import NOVEMBER_2026
from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule
from simulator.exchange.orders import OrderRequest, OrderType, Side
from tests.bot_under_test.conftest import BUY_308, MakeTrading, S, Trading

HOUR_S = 3600


def close_by_hand(trading: Trading) -> None:
    trading.exchange.place(
        "trader",
        OrderRequest(
            symbol="SKLUSDT",
            side=Side.SELL,
            type=OrderType.MARKET,
            quantity=trading.quantity(),
            reduce_only=True,
        ),
    )


def test_a_position_closed_by_hand_is_let_go_with_its_stops(make_trading: MakeTrading) -> None:
    trading = make_trading()
    trading.deliver(BUY_308)
    close_by_hand(trading)
    trading.run_for(5)
    assert trading.lines.times("❌ Position closed: SKLUSDT amount=0.0")
    assert trading.rows() == [("SKLUSDT", "closed")]
    assert trading.stops() == []
    assert trading.bot.believes()["positions"] == []


def test_the_listen_key_is_extended_and_outlives_its_hour(make_trading: MakeTrading) -> None:
    trading = make_trading()
    trading.run_for(2.5 * HOUR_S)
    assert not trading.lines.times("Listen key")
    assert len(trading.lines.times("[USER] Connected")) == 1
    trading.deliver(BUY_308)
    assert trading.lines.times("[USER] Position update: SKLUSDT amount=308.0")


@pytest.mark.parametrize("keepalive_s", [HOUR_S * 0.9, HOUR_S * 2.0])
def test_after_an_expired_listen_key_the_stream_is_there_again(
    make_trading: MakeTrading, keepalive_s: float
) -> None:
    short_life = Behaviour(settings={"listen_key_life_ns": 600 * S})
    trading = make_trading(behaviour=short_life, listen_key_keepalive_s=keepalive_s)
    trading.run_for(700)
    assert len(trading.lines.times("🔑 [USER] Listen key expired")) == 1
    assert len(trading.lines.times("[USER] Connected")) == 2
    trading.deliver(BUY_308)
    assert trading.lines.times("[USER] Position update: SKLUSDT amount=308.0")


def test_both_streams_outlive_the_venues_daily_disconnect(make_trading: MakeTrading) -> None:
    # A day of 600 s, so that the test is short.
    daily = Behaviour(settings={"stream_life_ns": 600 * S})
    trading = make_trading(behaviour=daily)
    trading.deliver(BUY_308)
    trading.run_for(700)
    assert len(trading.lines.times("[USER] Connected")) == 2
    assert len(trading.lines.times("[MARK] Connected")) == 2
    before = len(trading.lines.times("mark_price="))
    trading.run_for(10)
    assert len(trading.lines.times("mark_price=")) - before == 10
    close_by_hand(trading)
    trading.run_for(2)
    assert trading.rows() == [("SKLUSDT", "closed")]


def test_pauses_before_a_new_connection_grow(make_trading: MakeTrading) -> None:
    # aiohttp asks a second time by itself, so these are eight attempts, four of each stream.
    cut = FaultRule(name="cut", endpoint="connect /ws*", kind=FaultKind.REFUSE, times=16)
    trading = make_trading(behaviour=Behaviour(faults=(cut,)), stream_start_timeout_s=2.0)
    trading.run_for(60)
    assert trading.lines.times("Streams not connected yet")
    lost = trading.lines.times("[USER] Stream lost")
    pauses = [later - sooner for sooner, later in pairwise(lost)]
    # pauses of 1, 2 and 4 s, beside the time that each attempt takes
    growth = [later - sooner for sooner, later in pairwise(pauses)]
    assert growth == pytest.approx([1.0, 2.0], abs=0.4)
    assert trading.lines.times("[USER] Connected")


def test_a_silent_user_stream_is_made_up_for_by_asking(make_trading: MakeTrading) -> None:
    silence = FaultRule(name="silence", endpoint="stream.ACCOUNT_UPDATE", kind=FaultKind.SILENCE)
    trading = make_trading(behaviour=Behaviour(faults=(silence,)))
    trading.deliver(BUY_308)
    assert trading.rows() == [("SKLUSDT", "active")]
    close_by_hand(trading)
    trading.run_for(120)
    assert not trading.lines.times("❌ Position closed")
    assert trading.rows() == [("SKLUSDT", "closed")]
    assert trading.stops() == []
    assert trading.bot.believes()["positions"] == []


def test_a_position_closed_while_the_stream_was_away_is_let_go(make_trading: MakeTrading) -> None:
    away = FaultRule(
        name="away",
        endpoint="stream.ACCOUNT_UPDATE",
        kind=FaultKind.DISCONNECT,
        status=1006,
        nth=frozenset({2}),
    )
    trading = make_trading(behaviour=Behaviour(faults=(away,)))
    trading.deliver(BUY_308)
    close_by_hand(trading)
    trading.run_for(120)
    assert trading.lines.times("[USER] Stream lost") or trading.lines.times("[USER] Stream ended")
    assert trading.rows() == [("SKLUSDT", "closed")]
    assert trading.stops() == []


@pytest.mark.parametrize(("version", "connections"), [("2025-10-28", 2), ("current", 1)])
def test_old_versions_lose_the_user_stream_for_want_of_pongs(
    make_trading: MakeTrading, version: str, connections: int
) -> None:
    # The venue pings every 3 minutes and hangs up after 10 without an answer.
    trading = make_trading(version)
    trading.run_for(15 * 60)
    assert len(trading.lines.times("[USER] Connected")) == connections


def test_todays_venue_is_silent_on_the_old_paths_and_speaks_on_the_routed_ones(
    make_trading: MakeTrading,
) -> None:
    trading = make_trading(profile=NOVEMBER_2026, routed_streams=True)
    trading.deliver(BUY_308)
    trading.run_for(3)
    assert trading.lines.times("[USER] Position update: SKLUSDT amount=308.0")
    assert trading.lines.times("mark_price=0.01946000")


def test_on_the_old_paths_of_todays_venue_the_position_opens_all_the_same(
    make_trading: MakeTrading,
) -> None:
    trading = make_trading(profile=NOVEMBER_2026)
    trading.deliver(BUY_308)
    assert not trading.lines.times("[USER] Position update")
    assert trading.rows() == [("SKLUSDT", "active")]
    assert len(trading.stops()) == 2
