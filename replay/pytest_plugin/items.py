"""Scenario files as tests: one item for each bot version that a file speaks of."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr

    from replay.result import RunResult
    from scenarios.schema import Scenario

WORKER_KEY = "replay_named"
_LOOKS_LIKE_ONE = re.compile(rb"^(start|venues|stimulus|expect):", re.MULTILINE)
_ENOUGH_KEYS = 3
_NAMED: pytest.StashKey[list[Path]] = pytest.StashKey()


class UnexpectedRunError(Exception):
    """A run that is not as its scenario expects."""

    def __init__(self, result: RunResult) -> None:
        super().__init__(f"{result.scenario}, bot {result.version}: not as expected")
        self.result = result


def named(config: pytest.Config) -> list[Path]:
    """The files and folders that were asked for: by argument, or as `scenario_folders`."""
    found = config.stash.get(_NAMED, None)
    if found is None:
        found = config.stash[_NAMED] = [*_arguments(config), *config.getini("scenario_folders")]
    return found


def add_folders(config: pytest.Config) -> None:
    """A bare `pytest` looks into the `scenario_folders` as well."""
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        return
    looked_into = [_resolved(config, argument) for argument in config.args]
    for folder in config.getini("scenario_folders"):
        if not any(folder.is_relative_to(other) for other in looked_into):
            config.args.append(str(folder))


def _arguments(config: pytest.Config) -> list[Path]:
    handed: list[str] | None = getattr(config, "workerinput", {}).get(WORKER_KEY)
    if handed is not None:
        return [Path(each) for each in handed]
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return []
    return [_resolved(config, argument) for argument in config.args]


def _resolved(config: pytest.Config, argument: str) -> Path:
    return (config.invocation_params.dir / argument.partition("::")[0]).resolve()


def scenario_file(path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """The file as a collector, if it was named, or lies in a folder that was and looks like one."""
    asked = named(parent.config)
    resolved = path.resolve()
    inside = any(folder in resolved.parents for folder in asked)
    if resolved in asked or (inside and _looks_like_one(path)):
        made: ScenarioFile = ScenarioFile.from_parent(parent, path=path)
        return made
    return None


def _looks_like_one(path: Path) -> bool:
    """Whether three of a scenario's four main keys begin a line of it."""
    try:
        keys = dict.fromkeys(_LOOKS_LIKE_ONE.findall(path.read_bytes()))
    except OSError:
        return False
    return len(keys) >= _ENOUGH_KEYS


class ScenarioFile(pytest.File):
    """One YAML file. A broken one is a collection error with file, line, rule and cure."""

    def collect(self) -> Iterator[ScenarioItem]:
        from replay.pytest_plugin import marks
        from simulator.errors import InputError

        name = os.path.relpath(self.path, self.config.invocation_params.dir)
        try:
            scenario = marks.load(self.config, name)
        except InputError as error:
            raise self.CollectError(str(error)) from None
        for version in scenario.versions:
            yield ScenarioItem.from_parent(
                self, name=version, scenario=scenario, shown=name, version=version
            )


class ScenarioItem(pytest.Item):
    """One version of the reference bot, taken once through the scenario."""

    def __init__(self, *, scenario: Scenario, shown: str, version: str, **rest: Any) -> None:
        super().__init__(**rest)
        self._scenario = scenario
        self._shown = shown
        self._version = version

    def runtest(self) -> None:
        from replay import runner
        from replay.pytest_plugin import options

        result = runner.play(
            self._scenario,
            self._shown,
            version=self._version,
            seed=options.given_seed(self.config),
        )
        self.user_properties.append(("digest", result.digest))
        if not result.verdict.ok or result.refusals:
            raise UnexpectedRunError(result)

    def add_report_section(self, when: str, key: str, content: str) -> None:
        """Not the bot's log: the timeline has the part of it that matters."""
        if key != "log":
            super().add_report_section(when, key, content)

    def repr_failure(
        self, excinfo: ExceptionInfo[BaseException], *args: Any, **kwargs: Any
    ) -> str | TerminalRepr:
        from replay.pytest_plugin import failures
        from simulator.errors import SimulatorError

        match excinfo.value:
            case UnexpectedRunError() as error:
                return failures.of_run(error.result)
            case SimulatorError() as error:
                return f"{type(error).__name__}: {error}\n\n{failures.repeat(self._command())}"
        return super().repr_failure(excinfo)

    def _command(self) -> str:
        seed = self.config.getoption("--world-seed")
        seed = self._scenario.seed if seed is None else seed
        return f"replay run {self._shown} --bot {self._version} --seed {seed}"

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self._scenario.name}, bot {self._version}"
