"""An order that cannot be queried right after it was created: who asks again finds it.

Here the lag is the venue's, not the client library's: the bot does acknowledge.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulator.distributions import Fixed
from simulator.exchange.behaviour import Behaviour, LagRule
from tests.incidents.conftest import MS, ROUND_TRIP_S, MakeTrading, S, Trading, buy, coin

SYMBOL = "1000000BABYDOGEUSDT"
LAW_S = [0.5 * 1.5**n for n in range(5)]
"""0.5, 0.75, 1.125, 1.6875 and 2.53125: 6.59 s in all."""


def with_lag(make_trading: MakeTrading, lag_ns: int, **more: object) -> Trading:
    lag = LagRule(window="order", lag=Fixed(lag_ns))
    behaviours = {"bybit": Behaviour(visibility=(lag,))}
    return make_trading(bybit=[coin(SYMBOL)], behaviours=behaviours, **more)


def moments(trading: Trading) -> list[float]:
    """When the entry order, then the queries for it by its id, reached the venue; before it was
    verified."""
    market = trading.markets["bybit"]
    entry = market.requests("/order/create")[0]["at"]
    queries = [r["at"] for r in market.requests("/order/realtime") if "orderId" in r["params"]]
    return [entry, *queries]


def test_bybit_fetch_order_retry_logic(make_trading: MakeTrading) -> None:
    # The queries come 0.85, 1.95, 3.425 and 5.4625 s after the order: three of them too soon.
    trading = with_lag(make_trading, 4500 * MS)
    trading.deliver(buy(SYMBOL, "bybit"))
    unanswered = trading.lines.texts("⚠️ Fetch order ")
    assert ["1/5" in unanswered[0], "2/5" in unanswered[1], "3/5" in unanswered[2]] == [True] * 3
    assert len(unanswered) == 3
    (fetched,) = trading.lines.texts("✅ Fetched bybit order")
    assert "attempt 4/5" in fetched
    distances = [later - earlier for earlier, later in pairwise(moments(trading)[:5])]
    wanted = [ROUND_TRIP_S + delay_s for delay_s in LAW_S[:4]]
    assert distances == pytest.approx(wanted, abs=0.002)
    assert trading.quantity(SYMBOL) == 600
    assert len(trading.stops(SYMBOL)) == 2
    assert trading.rows() == [(SYMBOL, "active")]


def test_one_try_fails_where_five_tries_open(make_trading: MakeTrading) -> None:
    trading = with_lag(make_trading, 4500 * MS, add_defects=["fetches_order_once"])
    trading.deliver(buy(SYMBOL, "bybit"))
    assert len(moments(trading)) == 2
    assert trading.lines.times("⚠️ Fetch order returned None")
    assert trading.lines.times("Order missing 'side' field")
    assert trading.quantity(SYMBOL) == 0
    assert trading.stops(SYMBOL) == []
    assert trading.events("position_error") == [SYMBOL]


@pytest.mark.parametrize("five_tries", [False, True])
@pytest.mark.parametrize("lag_s", [0, 0.3, 0.6, 1.5, 4, 6.5, 7])
def test_one_try_finds_what_shows_within_half_a_second_and_five_within_6_6_s(
    make_trading: MakeTrading, lag_s: float, five_tries: bool
) -> None:
    # Next door to the venue, so that the law alone decides.
    defects = [] if five_tries else ["fetches_order_once"]
    trading = with_lag(make_trading, round(lag_s * S), one_way_ns=MS, add_defects=defects)
    trading.deliver(buy(SYMBOL, "bybit"))
    trading.run_for(5)
    opened = lag_s < (sum(LAW_S) if five_tries else LAW_S[0])
    assert trading.quantity(SYMBOL) == (600 if opened else 0)
    assert bool(trading.stops(SYMBOL)) is opened


def test_an_order_that_is_never_shown_is_asked_for_five_times_and_then_leaves_nothing(
    make_trading: MakeTrading,
) -> None:
    trading = with_lag(make_trading, 600 * S)
    trading.deliver(buy(SYMBOL, "bybit"))
    trading.run_for(10)
    distances = [later - earlier for earlier, later in pairwise(moments(trading))]
    assert distances == pytest.approx([ROUND_TRIP_S + delay_s for delay_s in LAW_S], abs=0.002)
    assert trading.lines.times("Order missing 'side' field")
    assert trading.quantity(SYMBOL) == 0
    assert trading.stops(SYMBOL) == []
    assert trading.believed() == {}
