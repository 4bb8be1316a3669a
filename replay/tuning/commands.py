"""The command that repeats one run of a study, and the run of a candidate that is worth it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from replay.tuning.studying import Findings, changes_of, settings_of
from replay.tuning.values import as_typed, same


def _options(findings: Findings, values: Mapping[str, Any], cell: Mapping[str, Any]) -> list[str]:
    study = findings.study
    settings = settings_of(study, values)
    changes = changes_of(study, cell, findings.sources[cell["scenario"]], findings.likes)
    options = [f"--setting={name}={as_typed(value)}" for name, value in settings.items()]
    return options + [f"--change={path}={as_typed(value)}" for path, value in changes.items()]


def _command(findings: Findings, cell: Mapping[str, Any], seed: int, options: Sequence[str]) -> str:
    file = findings.sources[cell["scenario"]].file
    said = ["replay", "run", file, f"--bot={findings.study.bot}", f"--seed={seed}", *options]
    return shlex.join(said)


def worst(rows: pd.DataFrame) -> Mapping[Any, Any]:
    """Of some runs: one that failed, of these the one longest unprotected, and then the one latest
    protected, or never; of equals, that with the least seed."""
    rows = rows[rows["success"] == rows["success"].min()]
    rows = rows[rows["unprotected_s"] == rows["unprotected_s"].max()]
    late = rows["time_to_protected_s"].astype(float).fillna(float("inf"))
    rows = rows[late == late.max()]
    return rows.iloc[int(rows["seed"].to_numpy().argmin())].to_dict()


class Commands:
    """The commands of a study's runs, by their rows; what many share is worked out once."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._values = {each.number: each.values for each in findings.decision.candidates}
        cells = list(findings.study.box())
        self._names = list(cells[0])
        self._cells = {self._place(cell): cell for cell in cells}
        self._options: dict[tuple[Any, ...], list[str]] = {}

    def of_row(self, row: Mapping[Any, Any]) -> str:
        """Of one line of the table of runs."""
        number, place = int(row["candidate"]), self._place(row)
        cell = self._cells[place]
        if (number, place) not in self._options:
            self._options[number, place] = _options(self._findings, self._values[number], cell)
        return _command(self._findings, cell, int(row["seed"]), self._options[number, place])

    def _place(self, cell: Mapping[Any, Any]) -> tuple[str, ...]:
        return tuple(same(cell[name]) for name in self._names)
