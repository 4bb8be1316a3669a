"""A runner made by hand for several scenarios, and attempts of its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from replay import cli
from replay.ci.attempt import Attempt
from replay.cli.shared import Runner
from replay.result import Finding, RunResult, Verdict
from simulator.errors import SimulatorError
from tests.replay.made import result

BROKEN = Finding(
    kind="invariant", name="no_unknown_order", held=False, evidence="SKLUSDT order 7, open"
)


@dataclass
class MadeRunner:
    """Answers for `scenarios`, {name: {version: result or error}}; an error in the place of the
    versions is that of reading the scenario."""

    made: Mapping[str, Mapping[str, RunResult | SimulatorError] | SimulatorError]
    asked: list[tuple[str, str]] = field(default_factory=list)

    def names(self) -> Sequence[str]:
        return list(self.made)

    def scenarios(self) -> Sequence[tuple[str, str]]:
        return [(name, f"title of {name}") for name in self.made]

    def versions(self, name_or_path: str, /) -> tuple[str, ...]:
        found = self.made[name_or_path]
        if isinstance(found, SimulatorError):
            raise found
        return tuple(found)

    def run(
        self,
        name_or_path: str,
        /,
        *,
        version: str,
        seed: int | None = None,
        database: Path | None = None,
    ) -> RunResult:
        self.asked.append((name_or_path, version))
        versions = self.made[name_or_path]
        assert not isinstance(versions, SimulatorError)
        found = versions[version]
        if isinstance(found, SimulatorError):
            raise found
        again = self.asked.count((name_or_path, version)) > 1
        # A result whose digest is empty is another one each time.
        digest = found.digest or ("22" if again else "11") * 32
        return replace(found, scenario=name_or_path, version=version, digest=digest)


def replay(
    monkeypatch: pytest.MonkeyPatch,
    runner: Runner,
    *arguments: str | Path,
    environment: Mapping[str, str | Path] | None = None,
) -> Result:
    """The command as a machine would call it whose environment has nothing else of GitHub's."""
    monkeypatch.setattr(cli.shared, "runner", lambda: runner)
    cleared = dict.fromkeys(
        ("COLUMNS", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE")
    )
    given = {name: str(value) for name, value in (environment or {}).items()}
    return CliRunner().invoke(
        cli.app, [str(argument) for argument in arguments], env={**cleared, **given}
    )


def broken(version: str = "current", *findings: Finding) -> RunResult:
    return result(version, verdict=Verdict(findings=findings or (BROKEN,)))


def attempt(made: RunResult | SimulatorError, **changes: object) -> Attempt:
    if isinstance(made, SimulatorError):
        tried = Attempt(scenario="sklusdt", version="current", error=made)
    else:
        tried = Attempt(scenario=made.scenario, version=made.version, result=made)
    return replace(tried, **changes)  # type: ignore[arg-type]
