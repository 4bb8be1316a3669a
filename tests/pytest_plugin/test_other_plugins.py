"""Beside pytest-asyncio, anyio's plugin and pytest-xdist: to each its own tests."""

from __future__ import annotations

import json

import pytest

from tests.pytest_plugin.conftest import INI

pytest_plugins = ("pytester",)

LOOP = """
import asyncio
import pytest

def simulated():
    return type(asyncio.get_running_loop()).__module__.startswith("simulator")
"""


@pytest.mark.parametrize(("mode", "mark"), [("auto", ""), ("strict", "@pytest.mark.asyncio")])
def test_pytest_asyncio_keeps_every_test_that_uses_no_world(
    pytester: pytest.Pytester, mode: str, mark: str
) -> None:
    pytester.makeini(INI.format(lines=f"asyncio_mode = {mode}"))
    pytester.makepyfile(
        test_bot=f"""
        import pytest_asyncio
        {LOOP.replace(chr(10), chr(10) + "        ")}
        {"@pytest_asyncio.fixture"}
        async def decorated():
            await asyncio.sleep(0)
            yield simulated()

        {mark}
        async def test_theirs(decorated):
            assert not simulated() and not decorated

        async def test_ours(decorated, world):
            await asyncio.sleep(3600)
            assert simulated() and decorated

        @pytest.mark.asyncio
        async def test_ours_with_their_mark(decorated, binance):
            await asyncio.sleep(3600)
            assert simulated() and decorated

        {mark}
        async def test_theirs_afterwards(decorated):
            assert not simulated() and not decorated

        @pytest.mark.scenario("sklusdt")
        async def test_ours_by_the_mark_alone(decorated):
            assert simulated() and decorated
        """
    )
    pytester.runpytest("-p", "no:anyio").assert_outcomes(passed=5)


def test_anyio_keeps_every_test_that_uses_no_world(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_bot=LOOP
        + """
@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.fixture
async def opened():
    await asyncio.sleep(0)
    yield simulated()

@pytest.mark.anyio
async def test_theirs(opened):
    assert not simulated() and not opened

async def test_ours(opened, world):
    await asyncio.sleep(3600)
    assert simulated() and opened

@pytest.mark.anyio
async def test_ours_with_their_mark(opened, binance):
    assert simulated() and opened
"""
    )
    suite.runpytest("-p", "no:asyncio").assert_outcomes(passed=3)


def test_a_world_has_no_trio_and_skips_it(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_bot="""
        import pytest

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
        async def test_it(world): ...
        """
    )
    ended = suite.runpytest("-rs")
    ended.assert_outcomes(passed=1, skipped=1)
    ended.stdout.fnmatch_lines(["SKIPPED *: anyio_backend: trio — a world has asyncio loops only"])


def test_an_asynchronous_test_of_nobody_stays_one(suite: pytest.Pytester) -> None:
    suite.makepyfile(test_bot="async def test_it(): ...")
    ended = suite.runpytest("-p", "no:asyncio", "-p", "no:anyio")
    ended.stdout.fnmatch_lines(["*async def functions are not natively supported*"])


DIGESTS = """
import asyncio, json, os
from pathlib import Path
import ccxt.async_support as ccxt
import pytest

def keep(request, world):
    Path(os.environ["DIGESTS"], request.node.name).write_text(world.digest)

async def buy(venue):
    make = {"binance": ccxt.binanceusdm, "bybit": ccxt.bybit}[venue.name]
    async with make({"apiKey": venue.api_key, "secret": venue.secret}) as client:
        symbol = "SKL/USDT:USDT" if "SKLUSDT" in venue.exchange.instruments else "BTC/USDT:USDT"
        await client.create_order(symbol, "market", "buy", 308 if "SKL" in symbol else 0.01)

@pytest.mark.parametrize("number", range(4))
async def test_two_venues(request, world, binance, bybit, number):
    await asyncio.sleep(number)
    await buy(binance)
    await buy(bybit)
    keep(request, world)

@pytest.mark.parametrize("seed", [pytest.param(n, marks=pytest.mark.scenario("sklusdt", seed=n))
                                  for n in range(3)])
async def test_scenario(request, world, binance, seed):
    await buy(binance)
    keep(request, world)
"""


def test_a_parallel_run_has_the_digests_of_one_process(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite.makepyfile(test_bot=DIGESTS)
    suite.mkdir("scenarios")
    found: list[dict[str, str]] = []
    for number, options in enumerate(((), ("-n", "2"))):
        folder = suite.mkdir(f"digests-{number}")
        monkeypatch.setenv("DIGESTS", str(folder))
        monkeypatch.setenv("PYTHONHASHSEED", str(number))
        ended = suite.runpytest_subprocess(*options, "-q")
        ended.assert_outcomes(passed=7)
        found.append({file.name: file.read_text() for file in folder.iterdir()})
    assert found[0] == found[1]
    assert len(dict.fromkeys(found[0].values())) == 7, json.dumps(found[0], indent=1)


def test_nothing_is_loaded_for_a_suite_that_uses_none_of_it(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        test_bot="""
        import sys

        def test_it():
            loaded = dict.fromkeys(name.partition(".")[0] for name in sys.modules)
            for name in ("simulator", "scenarios", "ccxt", "aiohttp", "pandas", "rich", "freezegun",
                         "respx", "pydantic", "yaml", "simpy"):
                assert name not in loaded, name
            ours = [name for name in sys.modules if name.split(".")[0] == "replay"]
            assert sorted(ours) == ["replay", "replay.pytest_plugin", "replay.pytest_plugin.hooks"]
        """
    )
    no = [part for name in ("respx", "anyio") for part in ("-p", f"no:{name}")]
    suite.runpytest_subprocess(*no).assert_outcomes(passed=1)


def test_the_names_of_the_plugin_are_its_own(suite: pytest.Pytester) -> None:
    """pytest-replay is called `replay`, and so is the group of its options."""
    suite.makepyfile(
        test_bot="""
        def test_it(pytestconfig):
            names = [name for name, _ in pytestconfig.pluginmanager.list_name_plugin()]
            assert "trading-bot-simulator" in names
            assert "replay" not in names
        """
    )
    suite.runpytest().assert_outcomes(passed=1)
