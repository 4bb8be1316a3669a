"""Scenarios tried one after another: in this process, or each source tree in a process of its own.

A tree is a folder with a version of the bot in it. Python has one set of modules in a process, so
two versions side by side need two processes.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from replay.ci.attempt import Attempt
from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    from replay.result import RunResult


class Play(Protocol):
    """As `replay.runner.run`."""

    def __call__(self, name_or_path: str, /, *, version: str, seed: int | None) -> RunResult: ...


def tried(play: Play, scenario: str, version: str, seed: int | None, *, twice: bool) -> Attempt:
    """One run, or two; an error that ends it is part of what came of it."""
    attempt = Attempt(scenario=scenario, version=version)
    try:
        result = play(scenario, version=version, seed=seed)
        again = play(scenario, version=version, seed=seed) if twice else None
    except SimulatorError as error:
        return replace(attempt, error=error)
    if again is None:
        return replace(attempt, result=result)
    told = _differences(result, again)
    return replace(attempt, result=result, deterministic=not told, differences=told)


def tried_here(
    play: Play, runs: Sequence[tuple[str, str]], *, seed: int | None, twice: bool
) -> Iterator[Attempt]:
    """Every run, scenario and version, in this process and in the order of `runs`."""
    return (tried(play, name, version, seed, twice=twice) for name, version in runs)


def _differences(first: RunResult, second: RunResult) -> tuple[str, ...]:
    from replay.traces import difference

    if first.digest == second.digest:
        return ()
    found = difference.first_difference(first.trace_lines, second.trace_lines)
    if found is None:
        return (f"the digests differ, the traces do not: {first.digest}, {second.digest}",)
    return tuple(difference.lines(found))


@dataclass(frozen=True, slots=True)
class SourceTree:
    """A version of a bot, by the folder that its packages are imported from."""

    label: str
    folder: Path

    @classmethod
    def parse(cls, text: str) -> SourceTree:
        """`1.4=../bot-1.4`; a folder alone is labelled by its name. Raises InputError."""
        label, separator, path = text.rpartition("=")
        folder = Path(path)
        if not folder.is_dir():
            raise InputError(f"--source {text}: {path} is no folder; name the bot's source tree")
        return cls(label if separator else folder.resolve().name, folder)


def trees(texts: Sequence[str]) -> tuple[SourceTree, ...]:
    """All of them, as typed. Raises InputError, also for two of one label."""
    found = tuple(SourceTree.parse(text) for text in texts)
    labels = [tree.label for tree in found]
    for label in labels:
        if labels.count(label) > 1 or not label or ":" in label:
            raise InputError(
                f"--source: {label!r} cannot tell two trees apart; give each a label of its own, "
                "LABEL=FOLDER, without a colon"
            )
    return found


@dataclass(frozen=True, slots=True)
class _Task:
    """What one process does."""

    tree: SourceTree
    scenarios: tuple[str, ...]
    factory: str | None
    seed: int | None
    twice: bool


def tried_in(
    trees: Sequence[SourceTree],
    runs: Sequence[tuple[str, str]],
    *,
    factory: str | None,
    seed: int | None,
    twice: bool,
) -> Iterator[Attempt]:
    """Every run, scenario and label, in a new process for each tree; in the order of `runs`.

    `factory` is `module:function` in the tree; None takes the scenario's.
    """
    from replay import parallel

    tasks = [
        _Task(tree, tuple(name for name, of in runs if of == tree.label), factory, seed, twice)
        for tree in trees
    ]
    found: dict[tuple[str, str], Attempt] = {}
    with parallel.processes(min(len(tasks), parallel.processors())) as mapped:
        for attempts in mapped(_try_tree, tasks):
            found |= {(each.scenario, each.version): each for each in attempts}
    yield from (found[run] for run in runs)


def _try_tree(task: _Task) -> list[Attempt]:
    """In a process of its own: nothing of the bot has been imported here yet."""
    from replay import runner

    sys.path.insert(0, str(task.tree.folder.resolve()))

    def play(name_or_path: str, /, *, version: str, seed: int | None) -> RunResult:
        scenario = runner.load(name_or_path)
        if task.factory is not None:
            scenario = scenario.with_factory(task.factory)
        result = runner.play(scenario, name_or_path, version=version, seed=seed)
        return replace(result, command=_command(task, name_or_path, result.seed))

    label = task.tree.label
    return [tried(play, each, label, task.seed, twice=task.twice) for each in task.scenarios]


def _command(task: _Task, name_or_path: str, seed: int) -> str:
    bot = ["--bot", task.factory] if task.factory is not None else []
    source = f"{task.tree.label}={task.tree.folder}"
    return "replay run " + shlex.join([name_or_path, *bot, "--source", source, "--seed", str(seed)])
