"""Bots that other people might have written, in `bot_under_test/examples`, run as they are.

What came of a run is read off the venue's side of `--json`; the numbers are those of the scenario's
prices and of the bot's settings, worked out by hand.
"""

from __future__ import annotations

import ast
import json
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import Result
from typer.testing import CliRunner

from replay import cli
from tests import elsewhere

EXAMPLES = Path(__file__).resolve().parents[2] / "bot_under_test" / "examples"


class Run(NamedTuple):
    bot: str
    scenario: str
    outcome: str
    position: str
    protected: bool


RUNS = (
    # 100 USDT at 0.5050, the price of the breakout: 198 ADA.
    Run("breakout", "calm", "closed", "0", True),
    Run("breakout", "sigterm_in_position", "closed", "0", True),
    Run("breakout", "late_orders", "closed", "0", True),
    Run("breakout", "crash_before_stop", "closed", "0", True),
    Run("breakout", "stream_lost", "naked", "-198", False),
    Run("breakout", "crash_and_late_positions", "naked", "198", False),
    # It buys 200 ADA each time.
    Run("dipper", "calm", "closed", "0", True),
    Run("dipper", "sigterm_in_position", "closed", "0", True),
    Run("dipper", "crash_in_position", "closed", "0", True),
    Run("dipper", "reply_lost", "opened", "200", True),
    Run("dipper", "late_positions", "naked", "200", False),
)

REAL = {"KEY": "4f1Treal0key0of0somebody9Z", "SECRET": "b7Rreal0secret0of0somebody2Q"}


def copy(bot: str, folder: Path) -> Path:
    """The bot in a folder of its own, so that what it writes stays and can be looked at."""
    tidy = shutil.ignore_patterns("__pycache__", ".*_cache", ".env", "*.db", "*.json", "*.jsonl")
    return shutil.copytree(EXAMPLES / bot, folder / bot, ignore=tidy)


def command(bot: Path, scenario: str, *options: str) -> list[str]:
    file = bot / "scenarios" / f"{scenario}.yaml"
    written = bot.parent / "result.json"
    return [
        *("exec", str(file), "--directory", str(bot), "--json", str(written)),
        *(*options, "--", "main.py"),
    ]


def replay(bot: Path, scenario: str, *options: str) -> Result:
    return CliRunner().invoke(cli.app, command(bot, scenario, *options))


def run_of(bot: Path) -> dict[str, Any]:
    (run,) = json.loads((bot.parent / "result.json").read_text(encoding="utf-8"))["runs"]
    assert isinstance(run, dict)
    return run


def finding(run: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in run["findings"] if each["name"].startswith(name))


def mended(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1
    file.write_text(text.replace(before, after), encoding="utf-8")


def test_every_scenario_of_the_examples_is_run() -> None:
    there = {(each.parents[1].name, each.stem) for each in EXAMPLES.glob("*/scenarios/*.yaml")}
    assert there == {(each.bot, each.scenario) for each in RUNS}


@pytest.mark.parametrize("wanted", RUNS, ids=lambda run: f"{run.bot}-{run.scenario}")
def test_a_bot_of_somebody_else_ends_as_its_scenario_says(wanted: Run, tmp_path: Path) -> None:
    bot = copy(wanted.bot, tmp_path)
    ended = replay(bot, wanted.scenario)
    assert ended.exit_code == 0, ended.output
    run = run_of(bot)
    assert run["outcomes"] == {"ADAUSDT": wanted.outcome}
    told = f"the venue holds {wanted.position}"
    assert finding(run, "ADAUSDT position")["evidence"] == told
    assert finding(run, "the program ends with")["evidence"] == "it ended with 0"
    assert finding(run, "no_unprotected_position")["held"] is wanted.protected
    assert all(times == 1 for times in run["faults_fired"].values())


def test_an_exit_that_only_reduces_keeps_the_lost_stream_from_turning_the_position(
    tmp_path: Path,
) -> None:
    bot = copy("breakout", tmp_path)
    mended(
        bot / "trader.py",
        """\
                type="MARKET",
                quantity=str(trade.quantity),
""",
        """\
                type="MARKET",
                quantity=str(trade.quantity),
                reduceOnly="true",
""",
    )
    assert replay(bot, "stream_lost").exit_code == 1  # what it is expected to break, it keeps
    run = run_of(bot)
    assert run["outcomes"] == {"ADAUSDT": "closed"}
    assert finding(run, "no_unprotected_position")["held"]


def test_more_patience_keeps_a_late_position_from_being_forgotten(tmp_path: Path) -> None:
    bot = copy("dipper", tmp_path)
    mended(bot / "main.py", "PATIENCE_S = 3.0", "PATIENCE_S = 6.0")
    assert replay(bot, "late_positions").exit_code == 1
    run = run_of(bot)
    assert run["outcomes"] == {"ADAUSDT": "closed"}
    assert finding(run, "no_unprotected_position")["held"]


@pytest.mark.parametrize(("name", "scenario"), [("breakout", "stream_lost"), ("dipper", "calm")])
def test_the_digest_is_the_same_in_other_processes_and_folders(
    name: str, scenario: str, tmp_path: Path
) -> None:
    bot = copy(name, tmp_path)
    assert replay(bot, scenario, "--scratch").exit_code == 0
    digests = [run_of(bot)["digest"]]
    for hash_seed in ("1", "2"):
        other = copy(name, tmp_path / f"in-another-folder-{hash_seed}")
        elsewhere.replay(*command(other, scenario, "--scratch"), PYTHONHASHSEED=hash_seed)
        digests.append(run_of(other)["digest"])
    assert len(set(digests)) == 1


def test_the_thread_of_a_bot_wakes_every_half_minute_of_virtual_time(tmp_path: Path) -> None:
    bot = copy("breakout", tmp_path)
    assert replay(bot, "calm").exit_code == 0
    lines = (bot / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(each) for each in lines]
    began = datetime(2026, 11, 2, 10, tzinfo=UTC).timestamp()
    beats, last = [row["at"] - began for row in rows[:-1]], rows[-1]
    # SIGTERM comes a quarter of an hour after the start, after or with the thirtieth.
    assert [round(each) for each in beats] == [30 * (number + 1) for number in range(len(beats))]
    assert len(beats) in (29, 30)
    # Fifteen candles end meanwhile, one of them at the moment of SIGTERM.
    assert last["candles"] in (14, 15)
    assert (last["entries"], last["exits"]) == (1, 1)


def test_what_a_bot_wrote_down_before_a_crash_is_there_after_it(tmp_path: Path) -> None:
    bot = copy("breakout", tmp_path)
    assert replay(bot, "crash_before_stop").exit_code == 0
    with sqlite3.connect(bot / "breakout.db") as database:
        rows = database.execute("SELECT side, quantity, status FROM trades").fetchall()
    database.close()
    assert rows == [("BUY", "198", "closed")]


@pytest.mark.parametrize("given", [(), ("--env-file", ".env")], ids=["its own", "given"])
@pytest.mark.parametrize(("name", "venue"), [("breakout", "BINANCE"), ("dipper", "BYBIT")])
def test_the_real_keys_of_an_env_file_are_nowhere(
    name: str, venue: str, given: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = copy(name, tmp_path)
    lines = (f"{venue}_API_{kind}={value}\n" for kind, value in REAL.items())
    (bot / ".env").write_text("".join(lines), encoding="utf-8")
    monkeypatch.chdir(bot)
    wanted = [
        *("--trace", "trace.jsonl", "--html", "run.html", "--perfetto", "run.perfetto.json"),
        *given,
    ]
    ended = replay(bot, "calm", *wanted)
    assert ended.exit_code == 0, ended.output
    assert run_of(bot)["outcomes"] == {"ADAUSDT": "closed"}
    left = {
        str(each.relative_to(tmp_path)): each.read_bytes()
        for each in tmp_path.rglob("*")
        if each.is_file() and each.name != ".env" and each.suffix != ".pyc"
    }
    assert {f"{name}/trace.jsonl", f"{name}/run.html", "result.json"} <= set(left)
    for value in REAL.values():
        assert value not in ended.output
        assert [file for file, text in left.items() if value.encode() in text] == []


def test_a_bot_that_loads_its_env_file_over_everything_trades_with_the_simulated_keys(
    tmp_path: Path,
) -> None:
    bot = copy("dipper", tmp_path)
    lines = "".join(f"BYBIT_API_{kind}={value}\n" for kind, value in REAL.items())
    (bot / ".env").write_text(f"{lines}QTY=150\n", encoding="utf-8")
    trace = tmp_path / "trace.jsonl"
    ended = replay(bot, "reply_lost", "--trace", str(trace))
    # Its settings do get through: it bought twice 150, and has 150 left instead of 200.
    assert ended.exit_code == 1
    assert finding(run_of(bot), "ADAUSDT position")["evidence"] == "the venue holds 150"
    entries = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    kept = [each["name"] for each in entries if each["kind"] == "kept_variable"]
    assert kept == ["BYBIT_API_KEY", "BYBIT_API_SECRET"]


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*/*.py")), ids=lambda each: each.stem)
def test_an_example_knows_nothing_of_this_project(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert not imported & {"simulator", "scenarios", "replay", "bot_under_test"}
    assert not [word for word in ("simulat", "replay", "virtual") if word in text.lower()]
