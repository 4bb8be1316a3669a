"""The scenarios that come with the project, and finding one by name or by path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from scenarios.errors import Problem, ScenarioError
from scenarios.loader import load
from scenarios.schema import Scenario
from scenarios.types import nearest

FOLDER = Path(__file__).resolve().parent

NO_SCENARIOS = ("profiles", "studies")
"""Folders beside the scenarios whose files are something else."""

INCIDENTS = ""
"""The group of those that lie in no folder of their own."""


def grouped() -> dict[str, list[str]]:
    """The names of the scenarios at hand, sorted, by the folder that they lie in."""
    groups: dict[str, list[str]] = {INCIDENTS: []}
    for name, path in sorted(_files().items()):
        group = "" if path.parent == FOLDER else path.parent.name
        groups.setdefault(group, []).append(name)
    return groups


def names() -> list[str]:
    """The names of the scenarios at hand: the incidents, then the other groups, each sorted."""
    return [name for group in grouped().values() for name in group]


def _files() -> dict[str, Path]:
    return {
        path.stem: path for path in FOLDER.rglob("*.yaml") if path.parent.name not in NO_SCENARIOS
    }


def find(name: str) -> Path:
    """The file of a scenario: by its name, `sklusdt`, or by a path. Raises ScenarioError."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.parent != Path("."):
        if path.is_file():
            return path
        rule, cure = "no such file", f"scenarios by name: {', '.join(names())}"
    elif (found := _files().get(name)) is not None:
        return found
    else:
        rule, cure = "no such scenario", nearest(name, names())
    raise ScenarioError([Problem(file=str(path), line=1, key="", value=name, rule=rule, cure=cure)])


def open_scenario(
    name: str,
    *,
    milestones: Sequence[str] | None = None,
    names_in: Callable[[Path], Sequence[str]] | None = None,
) -> Scenario:
    """Finds and loads a scenario; the rest is as in `load`. Raises ScenarioError."""
    return load(find(name), milestones=milestones, names_in=names_in)
