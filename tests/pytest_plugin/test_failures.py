"""What a failed test shows of its world."""

from __future__ import annotations

import pytest

pytest_plugins = ("pytester",)

BOT = """
import asyncio, logging
import ccxt.async_support as ccxt
import pytest

log = logging.getLogger("bot")

@pytest.mark.scenario("sklusdt")
async def test_protects(binance):
    binance.behave(faults=[{"name": "busy", "endpoint": "POST /fapi/v1/order", "kind": "error",
                            "status": 503, "body": "{}", "nth": [2]}])
    async with ccxt.binanceusdm({"apiKey": binance.api_key, "secret": binance.secret}) as client:
        await client.create_order("SKL/USDT:USDT", "market", "buy", 308)
        log.info("bought")
        for number in range(30):
            log.info("look number %d", number)
            await asyncio.sleep(1)
        try:
            await client.create_order("SKL/USDT:USDT", "market", "buy", 309)
        except ccxt.ExchangeNotAvailable:
            log.debug("swallowed", exc_info=True)
        log.warning("gave up")
    assert len(binance.orders) == 2
"""


@pytest.mark.parametrize("columns", [60, 80, 100, 200])
def test_a_failure_shows_the_last_seconds_what_was_hidden_and_how_to_repeat_it(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    suite.makepyfile(test_bot=BOT)
    ended = suite.runpytest("--world-seed", "12", "--tb=short")
    ended.assert_outcomes(failed=1)
    ended.stdout.fnmatch_lines(
        [
            "*- simulated world -*",
            "Timeline around 22:34:3?.*, seed 12",
            "22:34:3?.*   bot       look number 29",
            "22:34:3?.*   binance   POST /fapi/v1/order SKLUSDT BUY MARKET 309: 503*",
            "22:34:3?.*   bot       WARNING gave up",
            "* of * rows, further away, left out",
            "What the log level hid",
            "    1   22:34:3?.*   ExchangeNotAvailable: *",
            "faults that fired  binance: busy, 1 times",
            "repeat with  pytest test_bot.py::test_protects --world-seed 12",
        ]
    )
    shown = ended.stdout.str().split(" simulated world ")[1].split("short test summary")[0]
    assert "look number 5" not in shown.splitlines()
    assert "bought" not in shown
    # The last line is pytest's own rule.
    widest = max(len(line) for line in shown.splitlines()[1:-1])
    assert widest <= min(max(columns, 80), 100)


def test_the_command_names_the_test_as_seen_from_where_pytest_was_called(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = suite.mkpydir("inner")
    (inner / "test_bot.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('each', ['a b'])\n"
        "def test_it(world, each): assert not each\n"
    )
    monkeypatch.chdir(inner)
    ended = suite.runpytest()
    command = "pytest 'test_bot.py::test_it[[]a b]' --world-seed 1"
    ended.stdout.fnmatch_lines([f"repeat with  {command}"])
    ended.stdout.fnmatch_lines(["Up to 00:00:00.000, seed 1: no order, no event and no milestone"])


def test_what_failed_long_after_anything_happened_still_shows_the_last_of_it(
    suite: pytest.Pytester,
) -> None:
    suite.makepyfile(
        test_bot="""
        import asyncio, logging

        async def test_it(world):
            for number in range(40):
                logging.getLogger("bot").info("number %d.", number)
            await asyncio.sleep(3600)
            assert False
        """
    )
    ended = suite.runpytest()
    ended.stdout.fnmatch_lines(
        ["Timeline around 01:00:00.000*", "00:00:00.000   bot    number 39."]
    )
    ended.stdout.no_fnmatch_line("*number 30.")


def test_an_asynchronous_fixture_that_fails_shows_its_world_too(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_bot="""
        import asyncio, logging
        import pytest

        @pytest.fixture
        async def connected(binance):
            logging.getLogger("bot").warning("connecting")
            await asyncio.sleep(5)
            raise ValueError("no answer")

        def test_it(connected): ...
        """
    )
    ended = suite.runpytest("--tb=short")
    ended.assert_outcomes(errors=1)
    ended.stdout.fnmatch_lines(
        [
            "test_bot.py:8: in connected",
            "E   ValueError: no answer",
            "00:00:00.000   bot    WARNING connecting",
        ]
    )
    ended.stdout.no_fnmatch_line("*simulator/*")


def test_a_failed_test_without_a_world_shows_none(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_bot="def test_it(): assert False")
    ended = suite.runpytest()
    ended.assert_outcomes(failed=1)
    ended.stdout.no_fnmatch_line("*simulated world*")


def test_keys_never_appear(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_bot="""
        import logging

        def test_it(binance):
            logging.getLogger("bot").warning("key %s %s", binance.api_key, binance.secret)
            print("\\nkey", binance.api_key)
            assert False
        """
    )
    output = suite.runpytest("-s", "-p", "no:logging").stdout.str()
    key = next(line.split()[1] for line in output.splitlines() if line.startswith("key "))
    shown = output.split(" simulated world ")[1]
    assert "WARNING key ***" in shown
    assert key not in shown
