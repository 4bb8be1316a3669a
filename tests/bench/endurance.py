"""What 10,000 runs in one process cost more than 100: they take minutes, so only on demand."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from replay.tuning.crew import carry_out
from replay.tuning.lanes import Lanes
from replay.tuning.store import Store
from replay.tuning.work import Row
from replay.tuning.worker import Limits
from tests.bench.figures import Figure
from tests.tuning.replays import Replays, replayed

RUNS = int(os.environ.get("BENCH_RUNS", "10000"))
AT = 100
AROUND = 50  # runs before and after, whose median is taken
_MB = 1e6


@dataclass(frozen=True, slots=True)
class _Spent:
    """By a process, until now."""

    processor_s: float
    memory_mb: float


@cache
def _me() -> psutil.Process:
    return psutil.Process()


def _spent() -> _Spent:
    return _Spent(time.process_time(), _me().memory_info().rss / _MB)


def weighed(item: Replays) -> list[Row]:
    """What a run took of its process, instead of what came out."""
    before = _spent()
    replayed(item)
    after = _spent()
    return [{"took_s": after.processor_s - before.processor_s, "memory_mb": after.memory_mb}]


class _Study:
    """A study's process, its store and its one worker, a run at a time."""

    def __init__(self, stack: ExitStack) -> None:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        self._store = stack.enter_context(Store(folder / "study.db", study="bench", identity={}))
        self._crew = stack.enter_context(Lanes(1, Limits(timeout_s=600.0)))
        self._seeds = count()

    def run(self) -> _Spent:
        """One more: what it took of both processes, and what both hold after it."""
        before = _spent()
        item = Replays((next(self._seeds),), trace=False)
        [done] = carry_out([item], weighed, crew=self._crew, store=self._store)
        [row] = done.rows
        ours = _spent()
        return _Spent(
            float(row["took_s"] or 0) + ours.processor_s - before.processor_s,
            float(row["memory_mb"] or 0) + ours.memory_mb,
        )


def _held_mb(runs: list[_Spent]) -> float:
    return statistics.median(each.memory_mb for each in runs)


def figures() -> Iterator[Figure]:
    with ExitStack() as stack:
        old, new = _Study(stack), _Study(stack)
        runs = [old.run() for _ in range(RUNS)]
        for _ in range(AT):
            new.run()
        # Side by side: what else the machine does then concerns both.
        pairs = [(old.run(), new.run()) for _ in range(2 * AROUND)]
    yield Figure(
        name="cost_growth",
        value=statistics.median(late.processor_s / early.processor_s for late, early in pairs),
        unit="x",
        target=1.05,
        better="lower",
    )
    yield Figure(
        name="memory_growth_mb",
        value=_held_mb(runs[-2 * AROUND :]) - _held_mb(runs[AT - AROUND : AT + AROUND]),
        unit="MB",
        target=20,
        better="lower",
    )
