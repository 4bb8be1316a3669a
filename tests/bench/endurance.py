"""What 10,000 runs in one process cost more than 100: they take minutes, so only on demand."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
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


def _runs() -> Iterator[_Spent]:
    """Of each run: what it took of its worker and of the study's process, and what both hold."""
    items = (Replays((seed,), trace=False) for seed in range(RUNS))
    with (
        TemporaryDirectory() as folder,
        Store(Path(folder) / "study.db", study="0" * 64, title="bench") as store,
        Lanes(1, Limits(timeout_s=600.0)) as crew,
    ):
        before = _spent()
        for done in carry_out(items, weighed, crew=crew, store=store):
            [row] = done.rows
            ours = _spent()
            yield _Spent(
                float(row["took_s"] or 0) + ours.processor_s - before.processor_s,
                float(row["memory_mb"] or 0) + ours.memory_mb,
            )
            before = ours


def figures() -> Iterator[Figure]:
    runs = list(_runs())
    early, late = runs[AT - AROUND : AT + AROUND], runs[-2 * AROUND :]
    took = [statistics.median(each.processor_s for each in some) for some in (early, late)]
    held = [statistics.median(each.memory_mb for each in some) for some in (early, late)]
    yield Figure(name="cost_growth", value=took[1] / took[0], unit="x", target=1.05, better="lower")
    yield Figure(
        name="memory_growth_mb", value=held[1] - held[0], unit="MB", target=20, better="lower"
    )
