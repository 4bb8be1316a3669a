"""What a study came to, as tables: a line for each candidate, a line for each run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from replay.tuning.studying import Findings
from simulator.errors import InputError


def _candidates(findings: Findings) -> pd.DataFrame:
    """The candidates by number: parameters, runs, standing and why, whether on the front, equal to
    the recommended one or it; for each objective and constraint the estimate with its interval
    (`success`, `success_low`, `success_high`)."""
    decision = findings.decision
    lines: list[dict[str, Any]] = []
    for each in sorted(decision.candidates, key=lambda one: one.number):
        line: dict[str, Any] = {"candidate": each.number, **each.values, "runs": each.runs}
        line |= {
            "standing": each.standing,
            "why": each.why,
            "recommended": each.number == decision.recommended,
            "not_distinguishable": each.number in decision.equals,
            "front": each.number in decision.front,
        }
        for name, estimate in each.estimates.items():
            line |= {
                name: estimate.value,
                f"{name}_low": estimate.low,
                f"{name}_high": estimate.high,
            }
        lines.append(line)
    return pd.DataFrame(lines)


def write(findings: Findings, folder: Path) -> list[Path]:
    """Both tables, as Parquet and as CSV. Raises InputError where that cannot be."""
    written: list[Path] = []
    for name, table in (("candidates", _candidates(findings)), ("runs", findings.rows)):
        for suffix in ("parquet", "csv"):
            file = folder / f"{name}.{suffix}"
            try:
                if suffix == "parquet":
                    table.to_parquet(file, index=False)
                else:
                    table.to_csv(file, index=False, lineterminator="\n")
            except (OSError, ImportError) as error:
                raise InputError(f"{file}: cannot be written: {error}") from error
            written.append(file)
    return written
