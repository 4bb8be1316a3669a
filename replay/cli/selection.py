"""Which scenarios a command runs: one by its name or path, a folder of them, or all."""

from __future__ import annotations

from collections.abc import Iterator
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
    several: bool = False  # asked for as many scenarios, even if there is but one
    complete: bool = False  # asked for everything there is, of every version


def select(
    runner: Runner, scenario: str | None, bot: str | None, *, every: bool = False
) -> Selection:
    """`bot` is the only version, by default each that a scenario speaks of. Raises InputError for
    a choice that cannot be made; a scenario that cannot be read is in `unreadable`."""
    if every and scenario not in (None, ALL):
        raise InputError(f"--all and {scenario}: leave one of the two out")
    if scenario is None and not every:
        raise InputError("no scenario: name one, its file or a folder of them, or add --all")
    if scenario is None or scenario == ALL:
        return _of([name for name, _ in runner.scenarios()], runner, bot, several=True)
    folder = Path(scenario)
    if folder.is_dir() and scenario not in (name for name, _ in runner.scenarios()):
        return _of(in_folder(folder), runner, bot, several=True)
    return _of([scenario], runner, bot, several=False)


def in_folder(folder: Path) -> list[str]:
    """The paths of the YAML files in a folder and below, sorted, hidden ones left out.

    Raises InputError if there is none.
    """
    found = sorted(
        path.as_posix()
        for path in folder.rglob("*")
        if path.suffix in _SUFFIXES and path.is_file() and not _hidden(path.relative_to(folder))
    )
    if not found:
        raise InputError(f"{folder}: no scenario in it; a scenario's file ends with .yaml or .yml")
    return found


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _of(names: list[str], runner: Runner, bot: str | None, *, several: bool) -> Selection:
    runs: list[tuple[str, str]] = []
    unreadable: list[Attempt] = []
    for name in names:
        try:
            runs += _versions(runner, name, bot)
        except SimulatorError as error:
            unreadable.append(Attempt(scenario=name, version="", error=error))
    return Selection(
        runs=tuple(runs),
        unreadable=tuple(unreadable),
        several=several,
        complete=several and bot is None,
    )


def _versions(runner: Runner, name: str, bot: str | None) -> Iterator[tuple[str, str]]:
    for version in (bot,) if bot is not None else runner.versions(name):
        yield name, version
