"""The bot when Bybit's private stream falls silent, or breaks off."""

from __future__ import annotations

import pytest

from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule, Span
from simulator.exchange.orders import Side
from tests.incidents.conftest import START_NS, MakeTrading, S, Trading, buy, coin, steps

SYMBOL = "SKLUSDT"
AWAY_S = 40
SILENT = (FaultKind.SILENCE, 0)
RESET = (FaultKind.DISCONNECT, 1006)
GOING_AWAY = (FaultKind.DISCONNECT, 1001)


def breaking(kind: FaultKind, status: int, **more: object) -> dict[str, Behaviour]:
    """A private stream that fails, once, instead of telling of a position."""
    rule = FaultRule(
        name="stream", endpoint="stream.position", kind=kind, status=status, times=1, **more
    )
    return {"bybit": Behaviour(faults=(rule,))}


def from_second(at_s: float) -> dict[str, object]:
    return {"span": Span(START_NS + round(at_s * S))}


def fired(trading: Trading) -> int:
    return trading.markets["bybit"].venue.faults.fired["stream"]


@pytest.mark.parametrize(("kind", "status"), [SILENT, RESET, GOING_AWAY])
def test_a_position_opens_although_the_private_stream_does_not_tell_of_it(
    make_trading: MakeTrading, kind: FaultKind, status: int
) -> None:
    # Of a symbol's position it tells first when its leverage is set, then when the entry is filled.
    behaviours = breaking(kind, status, nth=frozenset({2}))
    trading = make_trading(bybit=[coin(SYMBOL)], behaviours=behaviours)
    trading.deliver(buy(SYMBOL, "bybit"))
    assert fired(trading) == 1
    verified = trading.lines.time("✅ Position verified by Order status")
    assert all(at > verified for at in trading.lines.times("📊 [USER] Position update"))
    assert trading.quantity(SYMBOL) == 600
    assert len(trading.stops(SYMBOL)) == 2
    assert trading.rows() == [(SYMBOL, "active")]
    assert trading.believed() == {SYMBOL: 600.0}


def test_a_silent_stream_tells_nothing(make_trading: MakeTrading) -> None:
    trading = make_trading(
        bybit=[coin(SYMBOL)], behaviours=breaking(*SILENT, **from_second(5)), guard_interval_s=0
    )
    trading.deliver(buy(SYMBOL, "bybit"))
    trading.markets["bybit"].place(Side.BUY, SYMBOL, 700)
    trading.run_for(300)
    assert not trading.lines.times("📊 [USER] Position update")
    assert trading.believed() == {SYMBOL: 600.0}


def test_what_a_silent_stream_does_not_tell_the_guard_finds_out(make_trading: MakeTrading) -> None:
    path = steps((0, "0.01000"), (60, "0.00979"))  # through the stop 2% below
    behaviours = breaking(*SILENT, **from_second(AWAY_S))
    trading = make_trading(bybit=[coin(SYMBOL, path)], behaviours=behaviours)
    trading.deliver(buy(SYMBOL, "bybit"))
    trading.run_to(61)
    assert fired(trading) == 1
    assert trading.quantity(SYMBOL) == 0
    assert trading.believed() == {SYMBOL: 600.0}
    # It looks every 30 s, and believes what REST does not show once that has lasted for 30 s.
    trading.run_to(60 + 30 + 30 + 5)
    assert trading.believed() == {}
    assert trading.rows() == [(SYMBOL, "closed")]
    trading.run_for(5)
    assert trading.stops(SYMBOL) == []


@pytest.mark.parametrize(("kind", "status"), [RESET, GOING_AWAY])
def test_a_stream_that_breaks_off_is_connected_again_and_told_on(
    make_trading: MakeTrading, kind: FaultKind, status: int
) -> None:
    behaviours = breaking(kind, status, **from_second(AWAY_S))
    trading = make_trading(bybit=[coin(SYMBOL)], behaviours=behaviours, guard_interval_s=0)
    trading.deliver(buy(SYMBOL, "bybit"))
    market = trading.markets["bybit"]
    trading.run_to(AWAY_S)
    market.place(Side.BUY, SYMBOL, 700)
    trading.run_for(0.2)
    assert fired(trading) == 1
    assert trading.believed() == {SYMBOL: 600.0}  # nothing is told again
    trading.run_for(5)
    assert len(trading.lines.times("🔌 [PRIVATE] Connected")) == 2
    market.place(Side.BUY, SYMBOL, 700)
    trading.run_for(0.2)
    assert trading.believed() == {SYMBOL: 2000.0}


def test_a_position_that_ends_while_the_stream_is_away_is_known_to_have_ended(
    make_trading: MakeTrading,
) -> None:
    behaviours = breaking(*RESET, **from_second(AWAY_S))
    trading = make_trading(bybit=[coin(SYMBOL)], behaviours=behaviours)
    trading.deliver(buy(SYMBOL, "bybit"))
    trading.run_to(AWAY_S)
    trading.markets["bybit"].close_by_hand(SYMBOL)
    trading.run_for(0.5)
    assert fired(trading) == 1
    assert trading.believed() == {SYMBOL: 600.0}
    trading.run_for(70)
    assert trading.believed() == {}
    assert trading.rows() == [(SYMBOL, "closed")]
    assert trading.stops(SYMBOL) == []
