"""Work for tests and benchmarks: whole replays, a few seeds an item."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from replay import runner
from replay.tuning.work import Row
from scenarios.schema import Scenario


@dataclass(frozen=True, slots=True)
class Replays:
    """An item: a version of the bot in SKLUSDT, once for each seed."""

    seeds: tuple[int, ...]
    version: str = "current"
    trace: bool = True

    @property
    def key(self) -> str:
        return f"{self.version}-{self.trace}-{self.seeds}"

    @property
    def title(self) -> str:
        return f"sklusdt, bot {self.version}, seeds {self.seeds}"


def replayed(item: Replays) -> list[Row]:
    """A row for each seed."""
    return [_row(item, seed) for seed in item.seeds]


def _row(item: Replays, seed: int) -> Row:
    result = runner.play(_sklusdt(), "sklusdt", version=item.version, seed=seed, trace=item.trace)
    return {
        "seed": result.seed,
        "digest": result.digest,
        "virtual_s": result.virtual_ns / 1e9,
        "as_expected": result.verdict.ok,
        "milestones": len(result.milestones),
    }


@cache
def _sklusdt() -> Scenario:
    return runner.load("sklusdt")
