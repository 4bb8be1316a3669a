"""Which scenarios a command runs: one by its name or path, a folder of them, or all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from replay.ci.attempt import Attempt
from replay.cli.shared import ALL, Runner
from simulator.errors import InputError, SimulatorError

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What to run, in order, and what could not be read."""

    runs: tuple[tuple[str, str], ...]  # scenario, by name or path, and version
    unreadable: tuple[Attempt, ...] = ()
    of: str | None = None  # the scenario or folder that was asked for; None for all
    several: bool = False  # asked for as many scenarios, even if there is but one
    every_version: bool = True

    def covers(self, scenario: str) -> bool:
        """Whether everything there is of a scenario was asked for: of what a baseline has and
        this run has not, it says what is gone and what was only left out."""
        is_path = scenario.endswith(_SUFFIXES)
        if self.of is None:
            asked = not is_path
        elif self.several:
            asked = is_path and Path(scenario).is_relative_to(self.of)
        else:
            asked = scenario == self.of
        return asked and self.every_version


def select(
    runner: Runner, scenario: str | None, only: Sequence[str] | None, *, every: bool = False
) -> Selection:
    """`only` are the versions, by default each that a scenario speaks of. Raises InputError for
    a choice that cannot be made; of several, one that cannot be read is in `unreadable`."""
    if every and scenario not in (None, ALL):
        raise InputError(f"--all and {scenario}: leave one of the two out")
    if scenario is None and not every:
        raise InputError("no scenario: name one, its file or a folder of them, or add --all")
    if scenario is None or scenario == ALL:
        return _of(runner.names(), runner, only, of=None, several=True)
    folder = Path(scenario)
    if folder.is_dir() and scenario not in runner.names():
        return _of(_in_folder(folder), runner, only, of=scenario, several=True)
    return _of([scenario], runner, only, of=scenario, several=False)


def _in_folder(folder: Path) -> list[str]:
    """The paths of the YAML files in a folder and below, sorted, without hidden ones, and without
    what lies in folders called `profiles` and `studies`.

    Raises InputError if there is none.
    """
    found = sorted(
        path.as_posix()
        for path in folder.rglob("*")
        if path.suffix in _SUFFIXES and path.is_file() and not _left_out(path.relative_to(folder))
    )
    if not found:
        raise InputError(f"{folder}: no scenario in it; a scenario's file ends with .yaml or .yml")
    return found


def _left_out(path: Path) -> bool:
    from scenarios.catalogue import NO_SCENARIOS

    return any(part.startswith(".") for part in path.parts) or any(
        part in NO_SCENARIOS for part in path.parts[:-1]
    )


def _of(
    names: Sequence[str],
    runner: Runner,
    only: Sequence[str] | None,
    *,
    of: str | None,
    several: bool,
) -> Selection:
    runs: list[tuple[str, str]] = []
    unreadable: list[Attempt] = []
    for name in names:
        try:
            runs += ((name, each) for each in (only or runner.versions(name)))
        except SimulatorError as error:
            unreadable.append(Attempt(scenario=name, version="", error=error))
    return Selection(
        runs=tuple(runs),
        unreadable=tuple(unreadable),
        of=of,
        several=several,
        every_version=only is None,
    )
