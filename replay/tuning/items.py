"""One piece of work: a candidate in one of the circumstances, with some seeds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from replay import runner
from replay.tuning.measuring import measured
from replay.tuning.values import as_typed, unpacked, unpacked_exactly
from replay.tuning.work import Row
from scenarios.schema import Scenario
from simulator.errors import InputError, SimulatorError


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
    changes: str
    """Of the scenario: values for places in its file, `packed`."""
    bot: str
    settings: str
    """Of the bot, `packed`."""
    seeds: tuple[int, ...]
    profiles: str = ""
    """A digest of the profiles that the scenario is run under, of which it has but the names."""

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
            self.profiles,
        ]
        text = json.dumps(told, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def title(self) -> str:
        """For a person."""
        values = {**unpacked(self.changes), **unpacked(self.settings)}
        told = ", ".join(f"{name}={as_typed(value)}" for name, value in values.items())
        return f"{self.source.file}: {told}, seeds {self.seeds[0]} to {self.seeds[-1]}"


def work(item: Item) -> Sequence[Row]:
    """A row for each seed. Raises SimulatorError for a scenario that cannot be run so, and for a
    run that tried to get out of its world: what such a one is measured by is worth nothing."""
    scenario = prepared(item)
    return [_row(scenario, item, seed) for seed in item.seeds]


def _row(scenario: Scenario, item: Item, seed: int) -> Row:
    name = item.source.file
    result = runner.play(scenario, name, version=item.bot, seed=seed, trace=False)
    if result.refusals:
        raise SimulatorError(f"seed {seed}: {result.refusals[0]}")
    return measured(scenario, result)


def unusable(item: Item) -> Sequence[Row]:
    """As work: no row if the item can be run, and one with the `error` if it cannot. What else
    befalls it, it raises."""
    try:
        work(item)
    except InputError as error:
        return [{"error": str(error)}]
    return []


def prepared(item: Item) -> Scenario:
    """The scenario with the item's changes and settings. Raises ScenarioError."""
    scenario = _changed(item.source, item.changes)
    scenario = scenario.with_settings(item.bot, unpacked(item.settings))
    # Of the night's log nothing is asked: it would be read anew for every run.
    return scenario.model_copy(update={"log": None})


@lru_cache(maxsize=64)
def _changed(source: Source, changes: str) -> Scenario:
    return runner.load_text(
        source.text,
        source.file,
        folder=Path(source.folder),
        changes=unpacked_exactly(changes),
    )
