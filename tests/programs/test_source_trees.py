"""Versions of a bot side by side, each from a source tree of its own."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from replay import cli
from scenarios.errors import Problem, ScenarioError
from simulator.errors import InputError, RealConnectionError, SimulatorError, UnknownHostError

SCENARIO = """\
name: side_by_side
title: Two versions of one bot
start: 2026-11-02T10:00:00+00:00
until: +2 min
venues:
  binance:
    profile: 2025-10+algo
    balance: 1000
    instruments:
      ADAUSDT:
        {tick_size: 0.0001, step_size: 1, price: {constant: 0.5}, book: {quantity: 9999}}
invariants: {unprotected_limit: 1 s}
stimulus:
  - at: +1 s
    signal: {id: 1, symbol: ADAUSDT, side: BUY, scores: [1, 1], quantity: 20}
expect:
  "1.0": {outcome: naked, breaks: [no_unprotected_position]}
  "1.1": {outcome: opened}
"""
BOT = """
import ccxt.async_support as ccxt
from my_bot.stops import protect

class Handle:
    def __init__(self, settings):
        keys = settings["credentials"]["binance"]
        self.exchange = ccxt.binanceusdm({"apiKey": keys["api_key"], "secret": keys["secret"]})
    async def start(self):
        await self.exchange.load_markets()
    async def deliver(self, signal):
        await self.exchange.create_order("ADA/USDT:USDT", "market", "buy", signal["quantity"])
        await protect(self.exchange, signal["quantity"])
    async def stop(self):
        await self.exchange.close()

def create(settings):
    return Handle(settings)
"""
STOPS = {
    "1.0": "async def protect(exchange, quantity):\n    pass\n",
    "1.1": """
async def protect(exchange, quantity):
    stop = {"stopPrice": 0.4, "reduceOnly": True}
    await exchange.create_order("ADA/USDT:USDT", "STOP_MARKET", "sell", quantity, params=stop)
""",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The scenario, and both versions of the same package."""
    for version, stops in STOPS.items():
        package = tmp_path / f"bot-{version}" / "my_bot"
        package.mkdir(parents=True)
        for name, text in (("__init__", ""), ("replaying", BOT), ("stops", stops)):
            (package / f"{name}.py").write_text(text, encoding="utf-8")
    (tmp_path / "side_by_side.yaml").write_text(SCENARIO, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def replay(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(each) for each in arguments])


def side_by_side(*more: str) -> Result:
    return replay("run", "side_by_side.yaml", "--bot", "my_bot.replaying:create", *more)


def test_versions_from_two_trees_are_judged_side_by_side(folder: Path) -> None:
    sources = ("--source", "1.0=bot-1.0", "--source", "1.1=bot-1.1")
    ended = side_by_side(*sources, "--twice", "--json", "result.json")
    assert ended.exit_code == 0, ended.output
    runs = json.loads((folder / "result.json").read_text(encoding="utf-8"))["runs"]
    found = [(each["version"], each["outcomes"], each["deterministic"]) for each in runs]
    assert found == [("1.0", {"ADAUSDT": "naked"}, True), ("1.1", {"ADAUSDT": "opened"}, True)]
    assert runs[0]["command"] == (
        "replay run side_by_side.yaml --bot my_bot.replaying:create --source 1.0=bot-1.0 --seed 1"
    )


def test_a_folder_alone_is_labelled_by_its_name_and_has_to_open(folder: Path) -> None:
    ended = side_by_side("--source", "bot-1.0", "--source", "bot-1.1", "--json", "result.json")
    assert ended.exit_code == 1
    runs = json.loads((folder / "result.json").read_text(encoding="utf-8"))["runs"]
    assert [(each["version"], each["ok"]) for each in runs] == [
        ("bot-1.0", False),
        ("bot-1.1", True),
    ]


def test_what_a_tree_cannot_do_is_told_and_the_other_is_run(folder: Path) -> None:
    (folder / "bot-1.1" / "my_bot" / "stops.py").unlink()
    ended = side_by_side("--source", "1.0=bot-1.0", "--source", "1.1=bot-1.1")
    assert ended.exit_code == 2
    assert "cannot be imported: No module named 'my_bot.stops'" in ended.stderr
    assert "ADAUSDT ended naked" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--source", "nowhere"], "--source nowhere: nowhere is no folder"),
        (["--source", "a=bot-1.0", "--source", "a=bot-1.1"], "--source: 'a' cannot tell two"),
    ],
)
def test_a_tree_that_cannot_be_named_so_is_refused(
    folder: Path, arguments: list[str], message: str
) -> None:
    ended = side_by_side(*arguments)
    assert ended.exit_code == 2
    assert message in ended.output


def test_a_version_is_no_factory(folder: Path) -> None:
    ended = replay("run", "side_by_side.yaml", "--bot", "1.0", "--source", "1.0=bot-1.0")
    assert ended.exit_code == 2
    assert "with --source it is what makes the bot, module:factory" in ended.output


@pytest.mark.parametrize(
    "error",
    [
        InputError("latency must be >= 0"),
        RealConnectionError("connection", "1.2.3.4:443", "bot.py:1 in main"),
        UnknownHostError("api.example", 443, "bot.py:1 in main", ["bot"]),
        ScenarioError([Problem(file="a", line=1, key="b", value="c", rule="d", cure="e")]),
    ],
)
def test_errors_come_through_from_another_process(error: SimulatorError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
