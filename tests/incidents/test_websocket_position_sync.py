"""The bot's cached position follows what the venue's private stream says, and nothing else."""

from __future__ import annotations

import pytest

from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule, Span
from simulator.exchange.orders import Side
from tests.incidents.conftest import START_NS, MakeTrading, S, Trading, buy, coin, sell

SYMBOL = "SKLUSDT"
EVENT = {"binance": "stream.ACCOUNT_UPDATE", "bybit": "stream.position"}
AWAY_S = 40
ONE_WAY_S = 0.18
"""No later than so the stream has told; an answer to a question would take twice as long."""


def trading_at(make_trading: MakeTrading, venue: str) -> Trading:
    """Without the guard, so that nobody but the stream can tell."""
    return make_trading(**{venue: [coin(SYMBOL)]}, guard_interval_s=0)


@pytest.mark.parametrize("venue", ["binance", "bybit"])
def test_websocket_position_sync(make_trading: MakeTrading, venue: str) -> None:
    trading = trading_at(make_trading, venue)
    market = trading.markets[venue]
    trading.deliver(buy(SYMBOL, venue, quantity=600.0))
    assert trading.believed() == {SYMBOL: 600.0}
    market.place(Side.BUY, SYMBOL, 700)
    trading.run_for(ONE_WAY_S)
    assert trading.believed() == {SYMBOL: 1300.0}
    market.place(Side.SELL, SYMBOL, 900)
    trading.run_for(ONE_WAY_S)
    assert trading.believed() == {SYMBOL: 400.0}
    market.close_by_hand(SYMBOL)
    trading.run_for(ONE_WAY_S)
    assert trading.believed() == {}
    assert trading.rows() == [(SYMBOL, "closed")]
    trading.run_for(5)
    assert trading.stops(SYMBOL) == []


@pytest.mark.parametrize("venue", ["binance", "bybit"])
def test_websocket_position_sync_of_a_short(make_trading: MakeTrading, venue: str) -> None:
    trading = trading_at(make_trading, venue)
    market = trading.markets[venue]
    trading.deliver(sell(SYMBOL, venue, quantity=600.0))
    market.place(Side.SELL, SYMBOL, 700)
    trading.run_for(ONE_WAY_S)
    assert trading.believed() == {SYMBOL: -1300.0}
    market.close_by_hand(SYMBOL)
    trading.run_for(ONE_WAY_S)
    assert trading.believed() == {}


@pytest.mark.parametrize("venue", ["binance", "bybit"])
def test_the_stream_tells_of_the_entry_before_its_reply(
    make_trading: MakeTrading, venue: str
) -> None:
    trading = trading_at(make_trading, venue)
    trading.deliver(buy(SYMBOL, venue, quantity=600.0))
    streamed = trading.lines.times("📊 [USER] Position update: SKLUSDT amount=600.0")[0]
    replied = trading.lines.time("✅ [create_market_order completed]")
    assert streamed <= replied
    assert replied - streamed == pytest.approx(0.002, abs=0.001)


@pytest.mark.parametrize("venue", ["binance", "bybit"])
@pytest.mark.parametrize(("side", "quantity"), [(Side.BUY, 1300), (Side.SELL, 200)])
def test_what_changed_while_the_stream_was_away_is_known_once_it_is_back(
    make_trading: MakeTrading, venue: str, side: Side, quantity: int
) -> None:
    # The event is lost with its connection, and no venue tells it again.
    breaks = FaultRule(
        name="breaks",
        endpoint=EVENT[venue],
        kind=FaultKind.DISCONNECT,
        status=1006,
        times=1,
        span=Span(START_NS + AWAY_S * S),
    )
    behaviours = {venue: Behaviour(faults=(breaks,))}
    trading = make_trading(**{venue: [coin(SYMBOL)]}, behaviours=behaviours)
    market = trading.markets[venue]
    trading.deliver(buy(SYMBOL, venue))
    trading.run_to(AWAY_S)
    market.place(side, SYMBOL, abs(quantity - 600), reduce_only=side is Side.SELL)
    trading.run_for(60)
    assert market.venue.faults.fired == {"breaks": 1}
    assert trading.quantity(SYMBOL) == quantity
    assert trading.believed() == {SYMBOL: float(quantity)}
