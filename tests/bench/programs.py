"""A program under `replay exec`, against the same bot driven through its factory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from replay import runner
from replay.programs import Program
from tests.bench.bots import asking
from tests.bench.figures import Figure, median_ratio, seconds

SCENARIO = """
name: asking
title: A bot that asks for its orders
start: 2026-11-02T10:00:00+00:00
until: +2 min
links:
  - {between: [bot, fapi.binance.com], latency: 20 ms}
venues:
  binance:
    profile: 2025-10+algo
    balance: 1000
    instruments:
      ADAUSDT: {tick_size: 0.0001, step_size: 1, price: {constant: 0.5}}
bot:
  factory: tests.bench.bots.asking:create
  environment: {BINANCE_API_KEY: "${binance.api_key}", BINANCE_SECRET: "${binance.secret}"}
expect:
  asking: {outcome: untouched}
"""
SIGNAL = """
stimulus:
  - {at: +0 s, signal: {id: 1, symbol: ADAUSDT, side: BUY, scores: [1, 1]}}
"""
WARM_UP = 2


def figures() -> Iterator[Figure]:
    program = Program.of(["asking.py"], directory=Path(asking.__file__).parent)
    alone = runner.load_text(SCENARIO, "asking.yaml")
    driven = runner.load_text(SCENARIO + SIGNAL, "asking.yaml")

    def asked(of: Program | None) -> float:
        """Real seconds of a whole run, its set-up included."""
        results = []
        scenario = driven if of is None else alone
        took = seconds(
            lambda: results.append(
                runner.play(scenario, "asking.yaml", version="asking", program=of)
            )
        )
        (result,) = results
        assert result.verdict.ok, result.verdict.surprises
        requests = sum(each["kind"] == "request" for each in result.trace)
        assert requests == asking.REQUESTS
        return took

    for _ in range(WARM_UP):
        asked(program)
        asked(None)
    yield Figure(
        name="exec_overhead",
        value=median_ratio(lambda: asked(program), lambda: asked(None)),
        unit="x",
        target=1.1,
        better="lower",
    )
