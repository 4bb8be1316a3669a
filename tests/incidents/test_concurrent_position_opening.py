"""Ten openings at the same moment: none is in the way of another."""

from __future__ import annotations

import pytest

from tests.incidents.conftest import MakeTrading, Trading, buy, coins

NAMES = ["XCN", "YGG", "VELO", "ZENT", "MYRO", "GLMR", "JOE", "SKL", "TOWNS", "DEGEN"]
SYMBOLS = [f"{name}USDT" for name in NAMES]


@pytest.mark.parametrize("on_bybit", [0, 5, 10])
def test_concurrent_position_opening(make_trading: MakeTrading, on_bybit: int) -> None:
    trading = make_trading(binance=coins(*SYMBOLS[on_bybit:]), bybit=coins(*SYMBOLS[:on_bybit]))
    venues = ["bybit"] * on_bybit + ["binance"] * (10 - on_bybit)
    trading.deliver(*(buy(*each) for each in zip(SYMBOLS, venues, strict=True)))
    for symbol in SYMBOLS:
        assert trading.quantity(symbol) == 600  # 6 USDT at 0.01
        assert_covered(trading, symbol)
        assert trading.rows(symbol) == [(symbol, "active")]
    assert trading.believed() == dict.fromkeys(SYMBOLS, 600.0)
    assert sorted(trading.events("position_created")) == sorted(SYMBOLS)
    assert trading.events("position_error") == []
    assert trading.events("signal_execution_failed") == []
    assert trading.unknown_orders() == []


def test_the_ten_openings_overlap(make_trading: MakeTrading) -> None:
    trading = make_trading(binance=coins(*SYMBOLS))
    trading.deliver(*(buy(symbol, "binance") for symbol in SYMBOLS))
    started = trading.lines.times("⚙️ Atomic operation started")
    active = trading.lines.times("✅ Position ACTIVE")
    assert len(started) == len(active) == 10
    assert max(started) < min(active)


def assert_covered(trading: Trading, symbol: str) -> None:
    """All of the position is sold by the stop-loss, and so it is by the second stop."""
    first, second = trading.stops(symbol)
    for stop in (first, second):
        assert stop.side.value == "SELL"
        assert stop.close_position or (stop.reduce_only and stop.quantity == 600)
