"""Whole replays as work: the same table, whoever carries it out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from distributed import LocalCluster

from replay import runner
from replay.tuning.cluster import Cluster
from replay.tuning.crew import Crew, carry_out
from replay.tuning.lanes import Lanes
from replay.tuning.store import Store
from replay.tuning.worker import Limits
from scenarios import catalogue
from scenarios.schema import Scenario
from simulator.trace import digest_of
from tests.tuning.replays import Replays, replayed

LIMITS = Limits(timeout_s=120.0)
ITEMS = [Replays((1, 2)), Replays((3,)), Replays((4, 5)), Replays((6,))]


def table(folder: Path, name: str, crew: Crew) -> str:
    with Store(folder / f"{name}.db", study="sklusdt", identity={}) as store:
        done = list(carry_out(ITEMS, replayed, crew=crew, store=store))
        assert [each.set_aside for each in done] == [None] * len(ITEMS)
        written: str = store.rows(ITEMS).to_csv()
    return written


def test_replays_give_the_same_table_here_in_one_process_in_two_and_on_a_cluster(
    tmp_path: Path,
) -> None:
    with Lanes(1, LIMITS) as crew:
        one = table(tmp_path, "one", crew)
    with Lanes(2, LIMITS) as crew:
        two = table(tmp_path, "two", crew)
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
        ) as workers,
        Cluster(workers.scheduler_address, LIMITS) as cluster,
    ):
        dask = table(tmp_path, "cluster", cluster)
    assert one == two == dask
    digests = [line.split(",")[2] for line in one.splitlines()[1:]]
    scenario = runner.load("sklusdt")
    here = [runner.play(scenario, "sklusdt", version="current", seed=seed) for seed in range(1, 7)]
    assert digests == [result.digest for result in here]
    assert len(set(digests)) == 6


@pytest.mark.parametrize("version", ["2025-10-28", "current"])
def test_without_its_trace_a_run_is_judged_as_with_it(version: str) -> None:
    scenario = runner.load("sklusdt")
    full = runner.play(scenario, "sklusdt", version=version)
    lean = runner.play(scenario, "sklusdt", version=version, trace=False)
    assert full.digest == digest_of(full.trace_lines)
    assert (lean.digest, lean.trace, lean.trace_lines) == ("", (), ())
    assert (lean.venue_moments, lean.production) == ((), ())
    assert lean == replace(
        full,
        digest="",
        trace=(),
        trace_lines=(),
        venue_moments=(),
        production=(),
        unread_log_lines=(),
        log_notes=(),
        real_s=lean.real_s,
    )
    assert lean.milestones
    assert lean.verdict.findings


def test_an_exception_that_the_log_level_hides_is_found_without_a_trace() -> None:
    scenario = runner.load("sklusdt")
    assert runner.play(scenario, "sklusdt", version="2025-10-28", trace=False).hidden


def test_a_stall_after_a_hidden_record_takes_its_time_without_a_trace_too() -> None:
    path = catalogue.find("sklusdt")
    stall = {
        "after_log": {"logger": "ccxt.*", "message": "^POST .*/fapi/v1/order, Request"},
        "lasts": "70 ms",
    }

    def scenario(*stalls: object) -> Scenario:
        text = path.read_text(encoding="utf-8")
        changes = {"hosts.bot.stalls": list(stalls)}
        return runner.load_text(text, "sklusdt.yaml", folder=path.parent, changes=changes)

    def moments(scenario: Scenario, *, trace: bool) -> list[int]:
        result = runner.play(scenario, "sklusdt.yaml", version="current", trace=trace)
        return [each.time_ns for each in result.milestones]

    assert moments(scenario(stall), trace=False) == moments(scenario(stall), trace=True)
    assert moments(scenario(stall), trace=False) != moments(scenario(), trace=False)
