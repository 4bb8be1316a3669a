"""What runs came to, kept in a file, so that later runs can say what changed.

The file is JSON, sorted, one line for each figure:

    format      1, counted up whenever a key changes its meaning or goes
    scenarios   {scenario: {version: entry}}, and of each entry:
      seed
      digest      SHA-256 of the trace without the line numbers of the bot's code
      outcome     "as expected", or what else the run ended with
      outcomes    {symbol: how it ended}
      findings    {expectation or invariant: held, broken ...}
      milestones  {name and symbol: how often}; mark prices, one a second, are left out
      figures_ms  {what: how long, in ms}, as `replay.ci.figures` has them
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from replay.ci.attempt import Attempt
from replay.ci.figures import figures, numbered
from replay.clocktime import NS_PER_MS
from replay.result import Finding, Milestone
from replay.timeline import REPEATED
from scenarios.document import read_document
from scenarios.errors import Problem, ScenarioError
from scenarios.problems import problems_of
from simulator.errors import InputError
from simulator.trace import digest_without_line_numbers

_FORMAT = 1
_CURE = "remove it and write it anew with --write-baseline"


class Entry(BaseModel):
    """What one version came to in one scenario."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    digest: str
    outcome: str
    outcomes: dict[str, str]
    findings: dict[str, str]
    milestones: dict[str, int]
    figures_ms: dict[str, Decimal]


class Baseline(BaseModel):
    """A whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = _FORMAT
    scenarios: dict[str, dict[str, Entry]]

    def runs(self) -> dict[tuple[str, str], Entry]:
        """The entries by scenario and version, sorted."""
        return {
            (scenario, version): entry
            for scenario, versions in sorted(self.scenarios.items())
            for version, entry in sorted(versions.items())
        }


def entry_of(attempt: Attempt) -> Entry | None:
    """What a baseline keeps of an attempt; None of one that left no result."""
    result = attempt.result
    if result is None:
        return None
    return Entry(
        seed=result.seed,
        digest=digest_without_line_numbers(result.trace_lines),
        outcome=attempt.outcome,
        outcomes=dict(result.outcomes),
        findings=_states(result.verdict.findings),
        milestones=_counts(result.milestones),
        figures_ms={
            name: Decimal(duration_ns) / NS_PER_MS for name, duration_ns in figures(result).items()
        },
    )


def made_of(
    attempts: Sequence[Attempt],
    before: Baseline | None = None,
    covers: Callable[[str], bool] = lambda _: True,
) -> Baseline:
    """A baseline of these attempts. Of the one before stays what was not asked for, as `covers`
    says of a scenario, and what is in the place of an attempt without a result."""
    scenarios: dict[str, dict[str, Entry]] = {}
    failed = {attempt.scenario for attempt in attempts if attempt.result is None}
    for scenario, versions in before.scenarios.items() if before is not None else ():
        if scenario in failed or not covers(scenario):
            scenarios[scenario] = dict(versions)
    for attempt in attempts:
        made = entry_of(attempt)
        if made is not None:
            scenarios.setdefault(attempt.scenario, {})[attempt.version] = made
    return Baseline(scenarios=scenarios)


def text(baseline: Baseline) -> str:
    """A baseline as it stands in a file."""
    written = json.dumps(
        baseline.model_dump(), ensure_ascii=False, indent=1, sort_keys=True, default=_number
    )
    return written + "\n"


def read(option: str, file: Path) -> Baseline:
    """Raises InputError, with the option that names the file, or with the line, for a file that
    cannot be read or is no baseline."""
    try:
        written = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{option} {file}: cannot be read: {why}; {_CURE} {file}") from error
    document = read_document(written, str(file))
    found: Mapping[str, Any] = document.data if isinstance(document.data, dict) else {}
    if found.get("format") != _FORMAT:
        value = str(found.get("format", ""))
        rule = f"must be {_FORMAT} in a baseline" + ("" if value else ", and is missing")
        raise ScenarioError([_problem(file, document.line(("format",)), "format", value, rule)])
    try:
        baseline = Baseline.model_validate(document.data)
    except ValidationError as error:
        problems = [*document.problems, *problems_of(error, document, Baseline)]
        raise ScenarioError(sorted(problems, key=lambda each: each.line)) from None
    if document.problems:
        raise ScenarioError(document.problems)
    return baseline


def _problem(file: Path, line: int, key: str, value: str, rule: str) -> Problem:
    return Problem(
        file=str(file), line=line, key=key, value=value, rule=rule, cure=f"{_CURE} {file}"
    )


def _states(findings: Iterable[Finding]) -> dict[str, str]:
    """How each came out. Two of one name are numbered."""
    names = numbered((finding.name, index) for index, finding in enumerate(findings))
    outcomes = [finding.outcome for finding in findings]
    return {name: outcomes[index] for name, index in names}


def _counts(milestones: Iterable[Milestone]) -> dict[str, int]:
    return dict(
        Counter(
            " ".join(filter(None, (one.name, one.groups.get("symbol"))))
            for one in milestones
            if one.name != REPEATED
        )
    )


def _number(value: object) -> int | float:
    assert isinstance(value, Decimal)
    return int(value) if value == value.to_integral_value() else float(value)
