"""Where a wave comes from: the signal server, late, closing, or not letting the bot in."""

from __future__ import annotations

from itertools import pairwise

import aiohttp
import pytest

from tests.incidents.conftest import (
    QUARTER_S,
    START_NS,
    TOKEN,
    WAVE_S,
    MakeTrading,
    S,
    Trading,
    coins,
    wave,
)

QUARTER_NS = START_NS // (QUARTER_S * S) * (QUARTER_S * S)
FIRST, SECOND = ("SKLUSDT", "binance"), ("YGGUSDT", "binance")


def trading_waves(make_trading: MakeTrading, **more: object) -> Trading:
    return make_trading(binance=coins("SKLUSDT", "YGGUSDT"), waves=True, **more)


def answers(trading: Trading) -> list[float]:
    """When the server sent its list."""
    return [r["at"] for r in trading.signals_wire if r.get("type") == "signals"]


@pytest.mark.parametrize("late_s", [0, 1, 60, 120])
def test_the_wave_is_found_although_its_signals_are_late(
    make_trading: MakeTrading, late_s: float
) -> None:
    trading = trading_waves(make_trading)
    trading.publish(wave(FIRST), at_s=WAVE_S + late_s)
    trading.run_until_line("🌊 Wave complete: 1 positions opened, 0 failed")
    assert trading.held() == ["SKLUSDT"]
    started = trading.lines.time("opened: 0/5 → SKLUSDT")
    assert started - (WAVE_S + late_s) < 1.2  # at the next question


def test_the_wave_is_not_found_after_two_minutes(make_trading: MakeTrading) -> None:
    trading = trading_waves(make_trading)
    trading.publish(wave(FIRST), at_s=WAVE_S + 122)
    trading.run_for(QUARTER_S - 130)
    assert trading.lines.times("🌊 No wave of 22:30")
    assert trading.held() == []
    assert not trading.lines.times("🌊 Wave complete")


def test_the_server_is_asked_once_a_second_for_two_minutes(make_trading: MakeTrading) -> None:
    trading = trading_waves(make_trading)
    trading.run_to(WAVE_S + 200)
    asked = answers(trading)
    assert asked[0] - WAVE_S < 0.2
    assert 119 <= asked[-1] - WAVE_S < 121.2
    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert gaps == pytest.approx([1.0] * len(gaps), abs=0.1)


def test_signals_of_another_quarter_are_no_wave(make_trading: MakeTrading) -> None:
    trading = trading_waves(make_trading)
    trading.publish(wave(FIRST, quarter_ns=QUARTER_NS - QUARTER_S * S), at_s=WAVE_S - 1)
    trading.run_for(180)
    assert trading.lines.times("🌊 No wave")
    assert trading.held() == []


@pytest.mark.parametrize("late_s", [-1, 60])
def test_a_server_that_closes_after_its_first_batch_costs_no_wave(
    make_trading: MakeTrading, late_s: float
) -> None:
    trading = trading_waves(make_trading, close_after_batch=True)
    trading.publish(wave(FIRST, quarter_ns=QUARTER_NS), at_s=WAVE_S - 1)
    trading.run_until_line("🌊 Wave complete: 1 positions opened, 0 failed")
    # The first connection has ended; of those that follow each brings one list and ends as well.
    second_s = WAVE_S + QUARTER_S
    later = wave(SECOND, quarter_ns=QUARTER_NS + QUARTER_S * S)
    trading.publish(later, at_s=second_s + late_s)
    trading.run_until_line("🌊 Wave complete: 1 positions opened, 0 failed")
    assert sorted(trading.held()) == ["SKLUSDT", "YGGUSDT"]
    started = trading.lines.time("opened: 0/5 → YGGUSDT")
    assert started - (second_s + max(0, late_s)) < 3


def test_the_server_closes_with_code_1000_after_its_first_batch(make_trading: MakeTrading) -> None:
    trading = trading_waves(make_trading, close_after_batch=True)
    trading.publish(wave(FIRST))

    async def ask() -> tuple[int, aiohttp.WSMsgType, int | None]:
        async with aiohttp.ClientSession() as session:
            socket = await session.ws_connect("ws://signals/")
            await socket.send_json({"type": "auth", "token": TOKEN})
            assert await socket.receive_json() == {"type": "auth_success"}
            await socket.send_json({"type": "get_signals"})
            count = (await socket.receive_json())["count"]
            return count, (await socket.receive()).type, socket.close_code

    task = trading.world.host("somebody").start(ask())
    assert trading.world.run_until(task) == (1, aiohttp.WSMsgType.CLOSE, 1000)


def test_with_a_wrong_token_there_is_no_wave_and_the_log_says_why(
    make_trading: MakeTrading,
) -> None:
    trading = trading_waves(make_trading, signal_token="guessed")
    trading.publish(wave(FIRST), at_s=WAVE_S - 1)
    trading.run_to(WAVE_S + 130)
    assert trading.held() == []
    assert answers(trading) == []
    assert trading.lines.texts("📡 Signal server: ")[0].endswith("got 'auth_failed'")
    assert trading.lines.times("🌊 No wave of 22:30")


def test_a_server_that_cannot_be_reached_is_tried_until_the_wave_is_over(
    make_trading: MakeTrading,
) -> None:
    trading = trading_waves(make_trading, signal_server="ws://nobody/")
    trading.run_to(WAVE_S + 130)
    assert len(trading.lines.texts("📡 Signal server: ")) > 100
    assert trading.lines.times("🌊 No wave of 22:30")
