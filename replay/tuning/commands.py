"""The command that repeats one run of a study, and the run of a candidate that is worth it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from replay.tuning.studying import Findings, changes_of, settings_of


def of_run(
    findings: Findings, values: Mapping[str, Any], cell: Mapping[str, Any], seed: int
) -> str:
    """`replay run`, with everything that the study changed."""
    study = findings.study
    source = findings.sources[cell["scenario"]]
    settings, _ = settings_of(study, values)
    options = [f"--setting={name}={_text(value)}" for name, value in settings.items()]
    changes = changes_of(study, cell, source)
    options += [f"--change={path}={_text(value)}" for path, value in changes.items()]
    said = ["replay", "run", source.file, f"--bot={study.bot}", f"--seed={seed}", *options]
    return shlex.join(said)


def worst_runs(findings: Findings) -> dict[int, str]:
    """By candidate: its worst run is one that failed, of these the one longest unprotected, and
    then the one latest protected."""
    rows = findings.rows
    cells = {tuple(map(str, cell.values())): cell for cell in findings.study.box()}
    names = list(next(iter(cells.values())))
    found: dict[int, str] = {}
    order = ["success", "unprotected_s", "time_to_protected_s", "seed"]
    ranked = rows.sort_values(order, ascending=[True, False, False, True], kind="stable")
    values = {each.number: each.values for each in findings.decision.candidates}
    for number, first in (
        ranked.groupby("candidate", sort=True).head(1).set_index("candidate").iterrows()
    ):
        cell = cells[tuple(str(first[name]) for name in names)]
        found[int(str(number))] = of_run(
            findings, values[int(str(number))], cell, int(first["seed"])
        )
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_text(each) for each in value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_text(each)}" for name, each in value.items()) + "}"
    return str(value)
