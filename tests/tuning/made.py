"""Studies whose runs are a formula, so that the best setting is known."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

from replay.tuning.commands import Commands, worst
from replay.tuning.crew import Done
from replay.tuning.items import Item
from replay.tuning.studying import Findings, Studying
from replay.tuning.values import unpacked
from replay.tuning.work import Row
from scenarios import study_loader
from scenarios.study import Study

Formula = Callable[[dict[str, Any], dict[str, Any], random.Random], dict[str, Any]]
"""Of settings, changes and a source of chance, the same for all candidates: the metrics."""

STUDY = """\
name: made
title: A study made for a test
scenarios: [late_order_bybit]
parameters:
  tries: {setting: order_fetch_attempts, values: [1, 2, 3, 4]}
objectives: [{maximise: success}, {minimise: requests}]
runs: {at_least: 50, at_most: 400}
"""


def study(folder: Path, text: str = STUDY) -> Study:
    file = folder / "study.yaml"
    file.write_text(dedent(text), encoding="utf-8")
    return study_loader.load(file)


class Runs:
    """Carries items out by the formula, and remembers what was asked for."""

    seed = 0
    """Of the run that the formula is asked for."""

    def __init__(self, formula: Formula) -> None:
        self._formula = formula
        self.items: list[Item] = []

    def __call__(self, items: Sequence[Item]) -> Iterable[Done]:
        for item in items:
            self.items.append(item)
            yield Done(item=item, rows=tuple(self._row(item, seed) for seed in item.seeds))

    def _row(self, item: Item, seed: int) -> Row:
        chance = random.Random(seed)
        Runs.seed = seed
        settings, changes = unpacked(item.settings), unpacked(item.changes)
        return {
            "seed": seed,
            "success": 1,
            "rolled_back": 0,
            "unprotected_s": 0.0,
            "time_to_protected_s": 1.0,
            "requests": 10,
            "weight": 10,
            "lost_usdt": 0.0,
            **self._formula(settings, changes, chance),
        }


def found(study: Study, runs: Runs, folder: Path) -> Findings:
    return Studying(study, folder).run(runs)


def worst_commands(findings: Findings) -> dict[int, str]:
    """By candidate: what repeats its worst run."""
    commands = Commands(findings)
    groups = findings.rows.groupby("candidate", sort=True)
    return {int(str(number)): commands.of_row(worst(of)) for number, of in groups}
