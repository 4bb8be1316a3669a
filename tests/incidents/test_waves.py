"""A wave opens its best signals one after another until five positions stand, and no more."""

from __future__ import annotations

import pytest

from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule
from tests.incidents.conftest import (
    QUARTER_S,
    SELDOM,
    START_NS,
    WAVE_S,
    MakeTrading,
    S,
    Trading,
    buy,
    coins,
    wave,
)

ONE_LIMIT = {"waves": True, "wave_limit_per_venue": False}
OVER = ("failed", "rolled_back", "canceled", "closed")
# The seven signals of the log, three of them on Bybit.
SEVEN = [
    ("XCNUSDT", "binance"),
    ("YGGUSDT", "binance"),
    ("VELOUSDT", "bybit"),
    ("ZENTUSDT", "bybit"),
    ("MYROUSDT", "binance"),
    ("GLMRUSDT", "bybit"),
    ("JOEUSDT", "binance"),
]
NO_MARGIN = '{"code":-2019,"msg":"Margin is insufficient."}'
TOO_MANY_STOPS = '{"code":-4045,"msg":"Reach max stop order limit."}'
REFUSED_STOPS = {
    "binance": ("POST /fapi/v1/algoOrder", 400, TOO_MANY_STOPS),
    "bybit": ("POST /v5/position/trading-stop", 200, ""),
}


def listed(*signals: tuple[str, str]) -> dict[str, object]:
    """What the venues have to list for these signals."""
    return {
        venue: coins(*(symbol for symbol, where in signals if where == venue))
        for venue in dict.fromkeys(venue for _, venue in signals)
    }


def bybit_error(code: int, text: str) -> str:
    return f'{{"retCode":{code},"retMsg":"{text}","result":{{}},"retExtInfo":{{}},"time":0}}'


def refusing(endpoint: str, symbol: str, status: int, body: str) -> Behaviour:
    """A venue that refuses one kind of request for one symbol."""
    rule = FaultRule(
        name=f"{symbol} refused",
        endpoint=endpoint,
        kind=FaultKind.ERROR,
        status=status,
        body=body,
        symbol=symbol,
    )
    return Behaviour(faults=(rule,))


def counter(trading: Trading) -> list[str]:
    """The counter's lines, as the log has them."""
    return [line for line in trading.lines.texts("opened: ") if line.startswith("opened: ")]


def test_wave_normal(make_trading: MakeTrading) -> None:
    trading = make_trading(**listed(*SEVEN), **ONE_LIMIT)
    trading.publish(wave(*SEVEN), at_s=WAVE_S - 1)
    trading.run_until_line("🌊 Wave complete: 5 positions opened, 0 failed")
    opened = [symbol for symbol, _ in SEVEN[:5]]
    assert sorted(trading.held()) == sorted(opened)
    assert counter(trading) == [f"opened: {n}/5 → {symbol}" for n, symbol in enumerate(opened)]
    assert trading.lines.times("🛑 Wave limit reached: 5/5")
    assert all(len(trading.stops(symbol)) == 2 for symbol in opened)
    assert trading.events("position_created") == opened
    for symbol, _ in SEVEN[5:]:
        assert trading.market_of(symbol).exchange.orders("trader", symbol) == []


def test_between_two_openings_the_wave_pauses_for_a_second(make_trading: MakeTrading) -> None:
    trading = make_trading(**listed(*SEVEN), **ONE_LIMIT)
    trading.publish(wave(*SEVEN), at_s=WAVE_S - 1)
    trading.run_until_line("🌊 Wave complete")
    active = trading.lines.times("✅ Position ACTIVE")
    begun = trading.lines.times("opened: ")
    pauses = [later - earlier for earlier, later in zip(active[:4], begun[1:5], strict=True)]
    assert pauses == pytest.approx([1.0] * 4, abs=0.001)


def test_wave_partial_failure(make_trading: MakeTrading) -> None:
    eight = [*SEVEN, ("SKLUSDT", "bybit")]
    velo = refusing("POST /v5/order/create", "VELOUSDT", 200, bybit_error(110007, "ab not enough"))
    glmr = refusing("POST /v5/position/set-leverage", "GLMRUSDT", 200, bybit_error(10005, "denied"))
    behaviours = {
        "binance": refusing("POST /fapi/v1/order", "YGGUSDT", 400, NO_MARGIN),
        "bybit": Behaviour(faults=velo.faults + glmr.faults),
    }
    trading = make_trading(**listed(*eight), **ONE_LIMIT, behaviours=behaviours)
    trading.publish(wave(*eight), at_s=WAVE_S - 1)
    trading.run_until_line("🌊 Wave complete: 5 positions opened, 3 failed")
    failed = ["YGGUSDT", "VELOUSDT", "GLMRUSDT"]
    opened = [symbol for symbol, _ in eight if symbol not in failed]
    assert sorted(trading.held()) == sorted(opened)
    assert trading.events("position_created") == opened
    assert trading.events("position_error") == failed
    assert [line.split()[1] for line in counter(trading)] == [
        *("0/5", "1/5", "1/5", "1/5", "2/5", "3/5", "3/5", "4/5")
    ]


@pytest.mark.parametrize("venue", ["binance", "bybit"])
def test_a_failing_stop_loss_leaves_nothing(make_trading: MakeTrading, venue: str) -> None:
    endpoint, status, body = REFUSED_STOPS[venue]
    body = body or bybit_error(10005, "Permission denied, please check your API key permissions.")
    signals = [("SKLUSDT", venue), ("YGGUSDT", venue)]
    trading = make_trading(
        **listed(*signals),
        waves=True,
        behaviours={venue: refusing(endpoint, "SKLUSDT", status, body)},
    )
    trading.publish(wave(*signals), at_s=WAVE_S - 1)
    trading.run_until_line("🌊 Wave complete: 1 positions opened, 1 failed")
    trading.run_for(10)
    assert trading.markets[venue].venue.faults.fired["SKLUSDT refused"] >= 1
    assert all(status in OVER for _, status in trading.rows("SKLUSDT"))
    assert trading.events("position_error") == ["SKLUSDT"]
    assert trading.events("position_created") == ["YGGUSDT"]
    assert counter(trading) == ["opened: 0/5 → SKLUSDT", "opened: 0/5 → YGGUSDT"]
    assert trading.held() == ["YGGUSDT"]
    assert trading.stops("SKLUSDT") == []
    assert trading.believed() == {"YGGUSDT": 600.0}


def test_ten_waves_in_a_row(make_trading: MakeTrading) -> None:
    waves = [
        [(f"W{number}{symbol}", venue) for symbol, venue in SEVEN[number % 7 :] + SEVEN]
        for number in range(10)
    ]
    waves = [signals[:7] for signals in waves]  # each begins with another of the seven
    trading = make_trading(
        **listed(*(signal for signals in waves for signal in signals)),
        **ONE_LIMIT,
        behaviours=SELDOM,
        guard_interval_s=300,
    )
    for number, signals in enumerate(waves):
        quarter_ns = START_NS // (QUARTER_S * S) * (QUARTER_S * S) + number * QUARTER_S * S
        trading.publish(wave(*signals, quarter_ns=quarter_ns), at_s=WAVE_S + number * QUARTER_S - 1)
        trading.run_until_line("🌊 Wave complete")
        own = [symbol for symbol in trading.held() if symbol.startswith(f"W{number}")]
        assert len(own) == 5
        assert sorted(own) == sorted(symbol for symbol, _ in signals[:5])
    assert len(trading.held()) == 50
    assert len(trading.events("position_created")) == 50
    assert all(len(trading.stops(symbol)) == 2 for symbol in trading.held())


def test_two_venues_with_a_limit_each_are_worked_through_one_after_another(
    make_trading: MakeTrading,
) -> None:
    names = ["XCN", "YGG", "VELO", "ZENT", "MYRO", "GLMR", "JOE"]
    signals = [
        (f"{name}{n}USDT", venue) for name in names for n, venue in ((1, "bybit"), (2, "binance"))
    ]
    trading = make_trading(**listed(*signals), waves=True, wave_limit_per_venue=True)
    trading.publish(wave(*signals), at_s=WAVE_S - 1)
    trading.run_until_line("🌊 Wave complete: 10 positions opened, 0 failed")
    best = {
        venue: [symbol for symbol, where in signals if where == venue][:5]
        for venue in ("binance", "bybit")
    }
    assert {venue: sorted(market.held()) for venue, market in trading.markets.items()} == {
        venue: sorted(symbols) for venue, symbols in best.items()
    }
    created = trading.events("position_created")
    assert created in (best["binance"] + best["bybit"], best["bybit"] + best["binance"])
    assert len(trading.lines.times("🛑 Wave limit reached: 5/5")) == 2


def test_duplicates_stop_list_and_minimum_cost_are_skipped_with_a_log_line(
    make_trading: MakeTrading,
) -> None:
    eight = [*SEVEN, ("SKLUSDT", "binance")]
    trading = make_trading(**listed(*eight), **ONE_LIMIT, stop_list=["YGGUSDT"])
    trading.deliver(buy("XCNUSDT", "binance"))
    signals = wave(*eight)
    signals[2]["usdt_size"] = 4.9
    trading.publish(signals, at_s=WAVE_S - 1)
    trading.run_until_line("🌊 Wave complete: 5 positions opened, 0 failed")
    skipped = trading.lines.texts("skipped")
    assert len(skipped) == 3
    for line, symbol, reason in zip(
        skipped,
        ("XCNUSDT", "YGGUSDT", "VELOUSDT"),
        ("duplicate", "stop list", "minimum"),
        strict=True,
    ):
        assert symbol in line
        assert reason in line
    # The limit is for what stands: the five that follow all open.
    assert sorted(trading.held()) == sorted(s for s, _ in eight if s not in ("YGGUSDT", "VELOUSDT"))
    assert trading.quantity("XCNUSDT") == 600


def test_a_symbol_twice_in_a_wave_is_opened_once(make_trading: MakeTrading) -> None:
    signals = [("SKLUSDT", "binance"), ("SKLUSDT", "binance"), ("YGGUSDT", "binance")]
    trading = make_trading(**listed(*signals[1:]), waves=True)
    trading.publish(wave(*signals), at_s=WAVE_S - 1)
    trading.run_until_line("🌊 Wave complete: 2 positions opened")
    assert trading.quantity("SKLUSDT") == 600
    assert trading.lines.times("is a duplicate")
    assert trading.events("position_created") == ["SKLUSDT", "YGGUSDT"]
