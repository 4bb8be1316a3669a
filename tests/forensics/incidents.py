"""The incidents, their logs and their runs, each read or played once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from replay import runner
from replay.forensics.comparison import Comparison, compare
from replay.logs import production_log
from replay.logs.production_log import ProductionLog
from replay.result import RunResult
from scenarios.schema import Scenario

LOGS = Path(__file__).parents[2] / "fixtures" / "logs"
OFFSET_S = 4 * 3600

FILES = {
    "sklusdt": "sklusdt_2025-10-28.log",
    "velvetusdt": "velvetusdt_2025-10-29.log",
    "1000000babydogeusdt": "1000000babydogeusdt_2025-10-29.log",
    "degenusdt": "degenusdt_2025-10-29.log",
    "wave_limit": "wave_limit_2025-10-12.log",
}
"""The log of each incident."""


@cache
def scenario(name: str) -> Scenario:
    return runner.load(name)


@cache
def log(name: str) -> ProductionLog:
    return production_log.read(LOGS / FILES[name], None, OFFSET_S)


@cache
def run(name: str, version: str | None = None) -> RunResult:
    """A run with the version that the incident happened to, or with another."""
    incident = scenario(name).incident
    assert incident is not None
    return runner.run(name, version=version or incident.version)


def beside(name: str, version: str | None = None) -> Comparison:
    """An incident's log beside such a run."""
    return compare(log(name), run(name, version), until_ns=scenario(name).until)
