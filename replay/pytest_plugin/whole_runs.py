"""Whole scenarios inside a test: a program, or a bot by its factory, from its start to its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from replay import runner
from replay.programs import Program
from replay.pytest_plugin import failures, marks, options
from replay.result import RunResult


class RunScenario:
    """What the fixture `run_scenario` gives. No world may be entered beside it."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request

    def __call__(
        self,
        scenario: str | Path,
        *,
        bot: str | None = None,
        program: Sequence[str] | None = None,
        directory: Path | None = None,
        env_file: Path | None = None,
        scratch: bool = True,
        seed: int | None = None,
        check: bool = True,
    ) -> RunResult:
        """`bot` is a version, or `package.module:create`; by default the first that the scenario
        speaks of. `program` is what stands behind `replay exec SCENARIO --`; it works in
        `directory`, by default that of the test, or in a copy of it as long as `scratch` is on: no
        test finds what another one left. The test fails where the run is not as the
        scenario expects, unless `check` is off. Raises SimulatorError."""
        request = self._request
        name = marks.found(str(scenario), request.node)
        loaded = marks.load(request.config, name)
        given = options.given_seed(request.config)
        found = None
        if program is not None:
            folder = directory or request.path.parent
            found = Program.of(program, directory=folder, env_file=env_file, scratch=scratch)
        result = runner.play(
            loaded,
            name,
            version=bot or loaded.versions[0],
            seed=seed if given is None else given,
            program=found,
        )
        if check and not (result.verdict.ok and not result.refusals):
            pytest.fail(failures.of_run(result), pytrace=False)
        return result
