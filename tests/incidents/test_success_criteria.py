"""What the reports wanted to see before they called it mended: ten of ten, and none of the lines
that gave the incidents away."""

from __future__ import annotations

import pytest

from simulator.distributions import Uniform
from simulator.exchange.behaviour import Behaviour, LagRule
from tests.incidents.conftest import MS, MakeTrading, buy, coins

NAMES = ["RAD", "SKL", "VELVET", "TOWNS", "NOT", "ONE", "AI", "MON", "DEGEN", "GIGA"]
SYMBOLS = [f"{name}USDT" for name in NAMES]
GIVEAWAYS = ["verification TIMEOUT", "returned None", "missing 'side'", "FAILED", "→ Skipped"]


@pytest.mark.parametrize("venue", ["binance", "bybit"])
def test_success_criteria(make_trading: MakeTrading, venue: str) -> None:
    # Every copy of the venue's books is up to half a second late, each as it likes.
    windows = ("order", "open_orders", "positions", "stream.*")
    lags = tuple(LagRule(window=window, lag=Uniform(0, 500 * MS)) for window in windows)
    trading = make_trading(
        **{venue: coins(*SYMBOLS)}, behaviours={venue: Behaviour(visibility=lags)}
    )
    for symbol in SYMBOLS:
        trading.deliver(buy(symbol, venue))
    trading.run_for(5)
    assert trading.rows() == [(symbol, "active") for symbol in SYMBOLS]
    assert [symbol for symbol in SYMBOLS if trading.quantity(symbol) == 600] == SYMBOLS
    assert [symbol for symbol in SYMBOLS if len(trading.stops(symbol)) == 2] == SYMBOLS
    assert [line for each in GIVEAWAYS for line in trading.lines.texts(each)] == []
    assert trading.believed() == dict.fromkeys(SYMBOLS, 600.0)
