"""Findings of studies whose runs are drawn, not replayed; what is planted in them is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from replay.tuning.decision import Decision, Judge
from replay.tuning.items import Source
from replay.tuning.studying import Findings
from scenarios import study_loader
from scenarios.study import Study
from scenarios.units import NS_PER_S, parse_duration

LAGS = ["0 ms", "300 ms", "600 ms", "1.5 s", "4 s", "6.5 s", "7 s", "12 s"]

LAG_STUDY = """\
name: lag
title: How often, and how long, to ask for an order that cannot be found yet
description: |
  Every law of tries, first delay and growth against every lag:
  which lag each survives.
scenarios: [late_order_bybit]
parameters:
  tries: {setting: order_fetch_attempts, values: [1, 2, 3, 5, 8]}
  delay_s: {setting: bybit_order_fetch_delay_s, values: [0.1, 0.25, 0.5, 1.0]}
  growth: {setting: order_fetch_growth, values: [1.0, 1.5, 2.0]}
circumstances:
  lag:
    path: venues.bybit.behaviour.visibility[0].lag
    values: [0 ms, 300 ms, 600 ms, 1.5 s, 4 s, 6.5 s, 7 s, 12 s]
runs: {at_least: 10, at_most: 20}
objectives: [{maximise: success}, {minimise: time_to_protected_s}, {minimise: requests}]
constraints: [{metric: success, at_least: 0.7}]
"""

FEW = LAG_STUDY.replace("[1, 2, 3, 5, 8]", "[1, 5]").replace("[0.1, 0.25, 0.5, 1.0]", "[0.5]")
"""With six candidates."""

SOURCE = Source(file="late_order_bybit", text="", folder="")

Rows = Callable[[dict[str, Any], dict[str, Any], Sequence[int]], pd.DataFrame]
"""Of a candidate's values, a cell and seeds: the metrics, a line for each."""


def study(folder: Path, text: str = LAG_STUDY) -> Study:
    file = folder / "study.yaml"
    file.write_text(text, encoding="utf-8")
    return study_loader.load(file)


def findings(
    study: Study,
    values: Sequence[dict[str, Any]],
    rows_of: Rows,
    *,
    runs: int,
    set_aside: Sequence[str] = (),
) -> Findings:
    """All candidates in all circumstances with the same seeds, as the real judge sees them."""
    seeds = range(study.runs.first_seed, study.runs.first_seed + runs)
    parts = []
    for number, each in enumerate(values):
        for cell in study.box():
            part = rows_of(each, cell, seeds)
            shown = {name: str(value) for name, value in cell.items()}
            parts.append(part.assign(candidate=number, **shown, seed=list(seeds)))
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    decision = (
        Judge(study).decide(rows, values) if parts else Decision(candidates=(), recommended=None)
    )
    return Findings(
        study=study,
        sources=dict.fromkeys(study.scenarios, SOURCE),
        rows=rows,
        decision=decision,
        rounds=1,
        set_aside=tuple(set_aside),
    )


def patience_s(values: dict[str, Any]) -> float:
    """What a law of tries waits for in all: its tries, each delay longer than the one before."""
    return float(sum(values["delay_s"] * values["growth"] ** n for n in range(values["tries"])))


def asked_at_s(values: dict[str, Any], lags: Any) -> Any:
    """When the first try is made that finds the order; when the last one is where none does."""
    tries = np.cumsum([values["delay_s"] * values["growth"] ** n for n in range(values["tries"])])
    return tries[np.minimum(np.searchsorted(tries, lags), len(tries) - 1)]


def lag_rows(values: dict[str, Any], cell: dict[str, Any], seeds: Sequence[int]) -> pd.DataFrame:
    """A run succeeds where its lag, which varies by a tenth, is shorter than the patience."""
    lag_s = parse_duration(cell["lag"]) / NS_PER_S
    chance = np.array([np.random.default_rng([seed, 7]).normal(1.0, 0.1) for seed in seeds])
    lags = lag_s * np.abs(chance)
    success = lags < patience_s(values)
    return metrics(
        len(seeds),
        success=success.astype(int),
        rolled_back=(~success).astype(int),
        unprotected_s=np.where(success, lags, 20.0),
        time_to_protected_s=0.4 + asked_at_s(values, lags),
        requests=4 + values["tries"] * (lag_s > 0.5),
    )


def metrics(count: int, **own: Any) -> pd.DataFrame:
    """All that a run is measured by, for so many runs."""
    plain = {
        "success": 1,
        "rolled_back": 0,
        "unprotected_s": 0.0,
        "time_to_protected_s": 1.0,
        "requests": 10,
        "weight": 10,
        "lost_usdt": 0.0,
    }
    return pd.DataFrame({**plain, **own}, index=range(count))


def lag_findings(folder: Path, *, runs: int = 20, text: str = LAG_STUDY) -> Findings:
    of = study(folder, text)
    return findings(of, list(of.grid()), lag_rows, runs=runs, set_aside=["late_order_bybit 3"])
