"""A bot made of several hosts, and several bots in one world."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from replay import runner
from replay.programs import Program
from replay.result import RunResult
from scenarios.errors import ScenarioError
from simulator.errors import InputError
from tests.programs.made import digests_elsewhere

SCENARIO = """\
name: several
title: Several hosts
start: 2026-11-02T10:00:00+00:00
until: +10 min
links:
  - {{between: [bot, fapi.binance.com], latency: 20 ms}}
  - {{between: [other, fapi.binance.com], latency: 50 ms}}
  - {{between: [bot, other], latency: 5 ms}}
venues:
  binance:
    profile: 2025-10+algo
    balance: 1000
    instruments:
      ADAUSDT:
        {{tick_size: 0.0001, step_size: 1, price: {{constant: 0.5}}, book: {{quantity: 9999}}}}
hosts:
  other: {other}
bot:
  environment: {{KEY: "${{binance.api_key}}", SECRET: "${{binance.secret}}", NAME: main}}
{more}
expect:
  mine: {{outcome: {outcome}, breaks: {breaks}}}
"""
ENVIRONMENT = 'environment: {KEY: "${binance.api_key}", SECRET: "${binance.secret}", NAME: other}'
BUYS = """\
import asyncio, logging, os, sys
import ccxt.async_support as ccxt

log = logging.getLogger("mine")

async def order(side, quantity, **params):
    keys = {"apiKey": os.environ["KEY"], "secret": os.environ["SECRET"]}
    async with ccxt.binanceusdm(keys) as exchange:
        await exchange.create_order("ADA/USDT:USDT", "market", side, quantity, params=params)
        log.warning("%s %s", side, quantity)
"""
ASKS = """\
import asyncio, aiohttp, os

async def main():
    await asyncio.sleep(1)
    async with aiohttp.ClientSession() as session:
        async with session.get("http://other:8080/buy/12") as reply:
            assert (await reply.text()) == "bought"

asyncio.run(main())
"""
SERVES = (
    BUYS
    + """
from aiohttp import web

async def buy(request):
    await order("buy", float(request.match_info["quantity"]))
    return web.Response(text="bought")

app = web.Application()
app.router.add_get("/buy/{quantity}", buy)
web.run_app(app, port=8080, print=None)
"""
)


NAKED = {"outcome": "naked", "breaks": "[no_unprotected_position]"}


def scenario(
    folder: Path,
    other: str,
    *,
    more: str = "",
    outcome: str = "untouched",
    breaks: str = "[]",
) -> Path:
    file = folder / "several.yaml"
    text = SCENARIO.format(other=other, more=more, outcome=outcome, breaks=breaks)
    file.write_text(text, encoding="utf-8")
    return file


def written(folder: Path, **programs: str) -> Path:
    """Writes a Python file for each; the folder again."""
    for name, text in programs.items():
        (folder / f"{name}.py").write_text(dedent(text), encoding="utf-8")
    return folder


def run(file: Path, main: str = "main.py") -> RunResult:
    program = Program.of([main], directory=file.parent)
    return runner.play(runner.load(str(file)), str(file), version="mine", program=program)


def finding(result: RunResult, name: str) -> tuple[bool, str]:
    """Whether it held, and the evidence."""
    found = next(each for each in result.verdict.findings if each.name == name)
    return found.held, found.evidence


def logged(result: RunResult) -> list[tuple[str, str]]:
    """Host and message of what the bots log by `mine`."""
    return [
        (each["host"], each["message"])
        for each in result.trace
        if each["kind"] == "log" and each["logger"] == "mine"
    ]


def test_a_bot_of_two_hosts_trades_with_one_account(tmp_path: Path) -> None:
    written(tmp_path, main=ASKS, worker=SERVES)
    file = scenario(tmp_path, f"{{run: worker.py, {ENVIRONMENT}}}", **NAKED)
    result = run(file)
    assert result.verdict.ok, result.verdict.surprises
    assert logged(result) == [("other", "buy 12.0")]
    orders = [each for each in result.trace if each["kind"] == "request" and each["account"]]
    assert {each["client"] for each in orders} == {"other"}
    assert {each["account"] for each in orders} == {"bot"}
    assert finding(result, "other: the program ends with 0")[0]


def test_another_bot_has_an_account_of_its_own_and_is_judged_by_it(tmp_path: Path) -> None:
    written(tmp_path, main=BUYS + "asyncio.run(asyncio.sleep(1))")
    written(tmp_path, second=BUYS + 'asyncio.run(order("buy", 19))')
    other = f"{{run: second.py, account: own, {ENVIRONMENT}}}"
    result = run(scenario(tmp_path, other))
    assert result.outcomes == {"ADAUSDT": "untouched"}
    assert finding(result, "no_unprotected_position") == (True, "there was no position")
    held, evidence = finding(result, "other: no_unprotected_position")
    assert not held
    assert "ADAUSDT +19" in evidence
    expected = other.replace(
        "own,", "own, expect: {outcome: naked, breaks: [no_unprotected_position]},"
    )
    result = run(scenario(tmp_path, expected))
    assert result.verdict.ok, result.verdict.surprises
    assert finding(result, "other: ADAUSDT ends naked") == (True, "ADAUSDT ended naked, +19")
    assert finding(result, "ADAUSDT ends untouched")[0]


SHOWS = """
import os, sys, json, time, threading
import config
time.sleep({pause})
import late
config.seen.append(os.environ["NAME"])
for _ in range(3):
    time.sleep(0.3)
    os.environ["COUNT"] = str(int(os.environ.get("COUNT", "0")) + 1)
print(json.dumps([
    sys.argv, os.environ["NAME"], os.environ["COUNT"], os.path.basename(os.getcwd()),
    config.seen, late.where, sys.modules["__main__"].__dict__ is globals(),
    threading.current_thread() is threading.main_thread(),
]))
"""


def test_each_program_has_its_own_modules_arguments_variables_and_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, pause in (("a", 0.5), ("b", 0.25)):
        folder = tmp_path / name
        folder.mkdir()
        written(folder, config="seen = []", late=f"where = {name!r}")
        written(folder, main=SHOWS.format(pause=pause))
    other = f'{{run: "main.py --other", directory: b, {ENVIRONMENT}}}'
    file = scenario(tmp_path, other)
    before = os.getcwd(), sys.argv, sys.path, dict(os.environ)
    program = Program.of(["main.py", "--first"], directory=tmp_path / "a")
    result = runner.play(runner.load(str(file)), str(file), version="mine", program=program)
    assert result.verdict.ok, result.verdict.surprises
    assert (os.getcwd(), sys.argv, sys.path, dict(os.environ)) == before
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert shown == [
        [["main.py", "--other"], "other", "3", "b", ["other"], "b", True, True],
        [["main.py", "--first"], "main", "3", "a", ["main"], "a", True, True],
    ]


STOPS = """
import signal, sys, time, logging

def stop(number, frame):
    logging.getLogger("mine").warning("told to stop")
    sys.exit(3)

signal.signal(signal.SIGUSR1, lambda *_: logging.getLogger("mine").warning("poked"))
signal.signal(signal.SIGTERM, stop)
while True:
    time.sleep(10)
    logging.getLogger("mine").warning("slept")
"""


def test_posix_signals_reach_a_program_beside_the_bots_in_its_own_thread(tmp_path: Path) -> None:
    written(tmp_path, main="import time; time.sleep(40)", second=STOPS)
    more = """stimulus:
      - {at: +5 s, send: SIGUSR1, host: other}
      - {at: +25 s, send: SIGTERM, host: other}"""
    result = run(scenario(tmp_path, "{run: second.py, exit_code: 3}", more=more))
    assert result.verdict.ok, result.verdict.surprises
    assert [each for _, each in logged(result)] == ["poked", "slept", "slept", "told to stop"]
    ended = next(each for each in result.trace if each["kind"] == "exit")
    assert (ended["host"], ended["code"], ended["t"]) == ("other", 3, 25 * 10**9)


@pytest.mark.parametrize(
    ("text", "code", "held"),
    [("import time; time.sleep(3600)", -15, True), ("import sys; sys.exit(4)", 4, False)],
)
def test_how_a_program_beside_the_bots_ends_is_judged(
    tmp_path: Path, text: str, code: int, held: bool
) -> None:
    written(tmp_path, main="import time; time.sleep(1)", second=text)
    result = run(scenario(tmp_path, "{run: second.py}"))
    assert finding(result, "other: the program ends with 0") == (held, f"it ended with {code}")


COUNTS = """
import logging, pathlib, time
state = pathlib.Path("state.txt")
life = int(state.read_text()) + 1 if state.exists() else 1
state.write_text(str(life))
while True:
    logging.getLogger("mine").warning("life %d", life)
    time.sleep(10)
"""


def test_a_host_beside_the_bots_crashes_and_is_started_again(tmp_path: Path) -> None:
    written(tmp_path, main="import time; time.sleep(40)", second=COUNTS)
    more = "crash: [{host: other, at: +15 s, restart: {after: 10 s}}]"
    result = run(scenario(tmp_path, "{run: second.py}", more=more))
    assert result.verdict.ok, result.verdict.surprises
    assert [each for _, each in logged(result)] == ["life 1"] * 2 + ["life 2"] * 2
    assert result.faults_fired["other: crash 1 (at its moment)"] == 1


def test_a_crash_at_a_request_waits_for_a_request_of_its_own_host(tmp_path: Path) -> None:
    price = "requests.get('https://fapi.binance.com/fapi/v1/time', timeout=5)"
    written(tmp_path, main=f"import requests, time; {price}; time.sleep(20)")
    written(tmp_path, second=f"import requests, time; time.sleep(5); {price}")
    more = "crash: [{host: other, request: GET /fapi/v1/time}]"
    result = run(scenario(tmp_path, "{run: second.py, exit_code: -9}", more=more))
    crashed = next(each for each in result.trace if each["kind"] == "crash")
    assert crashed["host"] == "other"
    assert crashed["t"] > 5 * 10**9
    assert finding(result, "other: the program ends with -9")[0]


DRIVEN = """
import asyncio, logging

class Handle:
    def __init__(self, settings):
        self.settings = settings
    async def start(self):
        logging.getLogger("mine").warning("keys %d", len(self.settings["credentials"]))
    async def deliver(self, signal):
        await asyncio.sleep(self.settings["pause"])
        logging.getLogger("mine").warning("%s", signal["symbol"])
    async def stop(self):
        pass

def create(settings):
    return Handle(settings)
"""


def test_a_driven_bot_beside_another_is_handed_signals_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, pair_bot=DRIVEN)
    monkeypatch.syspath_prepend(tmp_path)
    signal = "signal: {id: 1, symbol: ADAUSDT, side: BUY, scores: [1, 1]}"
    more = f"stimulus: [{{at: +1 s, {signal}}}, {{at: +1 s, host: other, {signal}}}]"
    other = "{factory: pair_bot:create, settings: {pause: 3}, account: own}"
    file = scenario(tmp_path, other, more=more)
    text = file.read_text(encoding="utf-8").replace(
        "bot:\n", "bot:\n  factory: pair_bot:create\n  settings: {pause: 8}\n"
    )
    file.write_text(text, encoding="utf-8")
    result = runner.run(str(file), version="mine")
    assert result.verdict.ok, result.verdict.surprises
    assert logged(result) == [
        ("bot", "keys 1"),
        ("other", "keys 1"),
        ("other", "ADAUSDT"),
        ("bot", "ADAUSDT"),
    ]


def test_a_driven_bot_runs_beside_a_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, pair_bot=DRIVEN, worker=SERVES)
    monkeypatch.syspath_prepend(tmp_path)
    file = scenario(tmp_path, f"{{run: worker.py, {ENVIRONMENT}}}")
    text = file.read_text(encoding="utf-8").replace("bot:\n", "bot:\n  factory: pair_bot:create\n")
    file.write_text(text, encoding="utf-8")
    result = runner.run(str(file), version="mine")
    assert result.verdict.ok, result.verdict.surprises
    assert logged(result) == [("bot", "keys 1")]


def test_two_programs_are_the_same_in_other_processes(tmp_path: Path) -> None:
    written(tmp_path, main=ASKS, worker=SERVES)
    file = scenario(tmp_path, f"{{run: worker.py, {ENVIRONMENT}}}", **NAKED)
    assert digests_elsewhere(tmp_path, file, "main.py") == {run(file).digest}


@pytest.mark.parametrize(
    ("other", "more", "message"),
    [
        ("{clock_offset: 1 ms}", "", "hosts.other — nothing runs on this host; give `run`"),
        ("{run: a.py, factory: a:b}", "", "hosts.other.factory: a:b — needs one of `run` and"),
        ("{factory: a:b, directory: x}", "", "directory` goes with `run`; leave it out"),
        ("{run: a.py, expect: {outcome: opened}}", "", "a part of the bot is judged with it"),
        ("{run: a.py}", "crash: [{host: nobody, at: +1 s}]", "no such host with a bot"),
        (
            "{run: a.py}",
            "signal_server: {}\nneighbours: {other: {address: '127.0.0.1:5432'}}",
            "neighbours.other — is the name of a host already",
        ),
    ],
)
def test_what_a_host_cannot_be_is_told(tmp_path: Path, other: str, more: str, message: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        runner.load(str(scenario(tmp_path, other, more=more)))
    assert message in str(refused.value)


def test_a_program_that_is_not_there_is_told_before_anything_runs(tmp_path: Path) -> None:
    written(tmp_path, main="")
    with pytest.raises(InputError, match=r"second\.py: no such program"):
        run(scenario(tmp_path, "{run: second.py}"))
