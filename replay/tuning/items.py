"""One piece of work: a candidate in one of the circumstances, with some seeds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from replay import runner
from replay.tuning.measuring import measured
from replay.tuning.work import Row
from scenarios.schema import Scenario

Values = tuple[tuple[str, Any], ...]
"""A mapping that can be compared and hashed; lists in it are tuples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A scenario's file as it was read: a worker on another machine need not have it."""

    file: str
    text: str
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Pure: equal items have equal rows, wherever they are worked on."""

    source: Source
    changes: Values
    """Of the scenario: values for places in its file."""
    bot: str
    settings: Values
    seeds: tuple[int, ...]

    @property
    def key(self) -> str:
        """The same for equal items, in every process."""
        told = [
            self.source.file,
            self.source.text,
            self.changes,
            self.bot,
            self.settings,
            self.seeds,
        ]
        text = json.dumps(told, default=str, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def title(self) -> str:
        """For a person."""
        values = {**dict(self.changes), **dict(self.settings)}
        told = ", ".join(f"{name}={value}" for name, value in values.items())
        return f"{self.source.file}: {told}, seeds {self.seeds[0]} to {self.seeds[-1]}"


def as_values(mapping: Mapping[str, Any]) -> Values:
    """In the order of the mapping."""
    return tuple((name, _hashable(value)) for name, value in mapping.items())


def _hashable(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_hashable(each) for each in value)
    return value


def work(item: Item) -> Sequence[Row]:
    """A row for each seed. Raises SimulatorError for a scenario that cannot be run so."""
    scenario = prepared(item)
    version = item.bot
    name = item.source.file
    return [
        measured(scenario, runner.play(scenario, name, version=version, seed=seed, trace=False))
        for seed in item.seeds
    ]


def prepared(item: Item) -> Scenario:
    """The scenario with the item's changes and settings. Raises ScenarioError."""
    scenario = _changed(item.source, item.changes)
    scenario = scenario.with_settings(item.bot, dict(item.settings))
    # Of the night's log nothing is asked: it would be read anew for every run.
    return scenario.model_copy(update={"log": None})


def _scalar(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


@lru_cache(maxsize=64)
def _changed(source: Source, changes: Values) -> Scenario:
    data = {path: _document_value(value) for path, value in changes}
    return runner.load_text(source.text, source.file, folder=Path(source.folder), changes=data)


def _document_value(value: Any) -> Any:
    """As the reader of a file has it: lists, and exact numbers."""
    if isinstance(value, tuple):
        return [_document_value(each) for each in value]
    return _scalar(value)
