"""A program of one's own, the scenario it runs in, and what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

from typer.testing import CliRunner, Result

from replay import cli, runner
from replay.programs import Program
from replay.result import RunResult
from tests import elsewhere

SCENARIO = """\
name: mine
title: A program of one's own
start: 2026-11-02T10:00:00+00:00
until: +10 min
links:
  - {{between: [bot, fapi.binance.com], latency: 20 ms}}
venues:
  binance:
    profile: 2025-10+algo
    balance: 1000
    instruments:
      ADAUSDT:
        {{tick_size: 0.0001, step_size: 1, price: {{constant: 0.5}}, book: {{quantity: 9999}}}}
bot:
  environment: {environment}
stimulus: {stimulus}
expect:
  mine: {{outcome: {outcome}, exit_code: {exit_code}, breaks: {breaks}}}
"""
BUYS = """\
import asyncio, logging, os, signal, sys
import ccxt.async_support as ccxt

log = logging.getLogger("mine")


async def main(quantity):
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    keys = {"apiKey": os.environ["BINANCE_API_KEY"], "secret": os.environ["BINANCE_SECRET"]}
    async with ccxt.binanceusdm(keys) as exchange:
        await exchange.create_order("ADA/USDT:USDT", "market", "buy", quantity)
        log.warning("bought")
        await over.wait()
        await exchange.create_order(
            "ADA/USDT:USDT", "market", "sell", quantity, params={"reduceOnly": True}
        )
    log.warning("stopped")


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
"""
KEYS = '{BINANCE_API_KEY: "${binance.api_key}", BINANCE_SECRET: "${binance.secret}"}'


def scenario(folder: Path, **parts: object) -> Path:
    given = {
        "environment": KEYS,
        "stimulus": "[]",
        "outcome": "untouched",
        "exit_code": 0,
        "breaks": "[]",
        **parts,
    }
    file = folder / "mine.yaml"
    file.write_text(SCENARIO.format(**given), encoding="utf-8")
    return file


def program(folder: Path, text: str, *arguments: str, **more: object) -> Program:
    """A program of this text in a folder."""
    (folder / "main.py").write_text(dedent(text), encoding="utf-8")
    given = {"name": "main.py", "arguments": arguments, "directory": folder, **more}
    return Program(**given)  # type: ignore[arg-type]


def run(file: Path, of: Program) -> RunResult:
    found = runner.load(str(file))
    return runner.play(found, str(file), version="mine", program=of)


def replay(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(each) for each in arguments])


def told(result: RunResult, name: str) -> str:
    return next(each.evidence for each in result.verdict.findings if each.name.startswith(name))


def digests_elsewhere(folder: Path, file: Path, *command: str) -> set[str]:
    """Of the same run in two other processes, with two hash seeds."""
    arguments = ("exec", file.name, "--json", "result.json", "--", *command)
    digests = set()
    for hash_seed in ("1", "2"):
        elsewhere.replay(*arguments, cwd=folder, PYTHONHASHSEED=hash_seed)
        written = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        digests.add(written["runs"][0]["digest"])
    return digests
