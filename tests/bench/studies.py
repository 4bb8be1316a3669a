"""What a study pays for: whole runs, one after the other, on two processors, and by Dask."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from replay import parallel, runner
from replay.tuning.crew import Crew, carry_out
from replay.tuning.lanes import Lanes
from replay.tuning.store import Store
from replay.tuning.work import Work
from replay.tuning.worker import Limits
from tests.bench.figures import Figure, median_ratio, seconds
from tests.tuning.replays import Replays, replayed

VERSION = "current"
RUNS = 50
ITEMS = 40
RUNS_AN_ITEM = 4
ROUNDS = 3
LIMITS = Limits(timeout_s=600.0)


def _run_s(*, trace: bool) -> Callable[[], float]:
    """Seconds of a processor for one run: other processes do not count."""
    scenario = runner.load("sklusdt")

    def measured() -> float:
        before = time.process_time()
        for seed in range(RUNS):
            runner.play(scenario, "sklusdt", version=VERSION, seed=seed, trace=trace)
        return (time.process_time() - before) / RUNS

    measured()  # so that everything is loaded
    return measured


def _items() -> list[Replays]:
    return [
        Replays(tuple(range(first, first + RUNS_AN_ITEM)), VERSION, trace=False)
        for first in range(0, ITEMS * RUNS_AN_ITEM, RUNS_AN_ITEM)
    ]


def study_s(crew: Crew, items: list[Replays], work: Work = replayed) -> float:
    """Real seconds of a whole study, with a store of its own."""
    with TemporaryDirectory() as folder:

        def carried_out() -> None:
            with Store(Path(folder) / "study.db", study="bench", identity={}) as store:
                for done in carry_out(items, work, crew=crew, store=store):
                    if done.set_aside is not None:
                        raise RuntimeError(f"{done.item.title}: {done.set_aside}")

        return seconds(carried_out)


def _on_two_cores() -> Iterator[Figure]:
    from distributed import LocalCluster

    from replay.tuning.cluster import Cluster

    with ExitStack() as stack:
        one, two = (stack.enter_context(Lanes(count, LIMITS)) for count in (1, 2))
        cluster = stack.enter_context(
            LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
            )
        )
        dask = stack.enter_context(Cluster(cluster.scheduler_address, LIMITS))
        crews: tuple[Crew, ...] = (one, two, dask)
        for crew in crews:
            study_s(crew, _items()[:8])  # so that every process has loaded what it needs
        yield Figure(
            name="scaling_2_cores",
            value=median_ratio(
                lambda: study_s(one, _items()), lambda: study_s(two, _items()), ROUNDS
            ),
            unit="x",
            target=1.85,
            better="higher",
        )
        yield Figure(
            name="dask_overhead",
            value=median_ratio(
                lambda: study_s(dask, _items()), lambda: study_s(two, _items()), ROUNDS
            ),
            unit="x",
            target=1.15,
            better="lower",
        )


def figures() -> Iterator[Figure]:
    lean, full = _run_s(trace=False), _run_s(trace=True)
    yield Figure(
        name="runs_per_second_per_core",
        value=1 / statistics.median(lean() for _ in range(ROUNDS)),
        unit="runs/s of processor time",
        target=60,
        better="higher",
    )
    yield Figure(
        name="run_without_trace_ratio",
        value=median_ratio(lean, full, ROUNDS),
        unit="x",
        target=None,
        better="lower",
    )
    if parallel.processors() >= 2:
        yield from _on_two_cores()
