"""The mark `scenario`, read and checked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from scenarios.schema import CURRENT, Scenario
from scenarios.types import nearest
from simulator.errors import InputError

_ARGUMENTS = ("version", "seed")
_EXAMPLE = '@pytest.mark.scenario("sklusdt", version="current", seed=7)'
_LOADED: pytest.StashKey[dict[tuple[str, int], Scenario]] = pytest.StashKey()


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What a test is marked with."""

    name: str
    """As it was written: a name or a path."""
    scenario: Scenario
    version: str
    seed: int | None


def read(node: pytest.Item) -> Marked | None:
    """The closest mark; None if there is none. Raises InputError for what cannot be used."""
    mark = node.get_closest_marker("scenario")
    if mark is None:
        return None
    for argument in mark.kwargs:
        if argument not in _ARGUMENTS:
            cure = nearest(argument, _ARGUMENTS)
            raise InputError(f"mark scenario: {argument} — no such argument; {cure}")
    if len(mark.args) != 1 or not isinstance(mark.args[0], (str, os.PathLike)):
        raise InputError(f"mark scenario: {mark.args} — needs one name or path; write {_EXAMPLE}")
    name, version, seed = (
        os.fspath(mark.args[0]),
        mark.kwargs.get("version"),
        mark.kwargs.get("seed"),
    )
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise InputError(f"mark scenario: seed {seed!r} — must be a whole number; write seed=7")
    scenario = load(node.config, found(name, node))
    return Marked(name=name, scenario=scenario, version=_version(scenario, version), seed=seed)


def load(config: pytest.Config, name: str) -> Scenario:
    """The scenario of that name or in that file; read once. Raises ScenarioError."""
    from replay import runner
    from scenarios import catalogue

    path = catalogue.find(name)
    loaded = config.stash.setdefault(_LOADED, {})
    key = (str(path), path.stat().st_mtime_ns)
    if key not in loaded:
        loaded[key] = runner.load(str(path))
    return loaded[key]


def found(name: str, node: pytest.Item) -> str:
    """A path is looked for from the working directory, then from the test's own."""
    path = Path(name)
    beside = node.path.parent / path
    is_path = path.suffix in (".yaml", ".yml") or path.parent != Path(".")
    return str(beside) if is_path and not path.is_file() and beside.is_file() else name


def _version(scenario: Scenario, version: object) -> str:
    known = scenario.versions
    if version is None:
        return CURRENT if CURRENT in known else known[0]
    if version not in known:
        cure = nearest(str(version), known)
        raise InputError(
            f"mark scenario: version {version!r} — {scenario.name} speaks of none such; {cure}"
        )
    return str(version)
