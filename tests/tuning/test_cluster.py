"""The same work on a Dask cluster: two real workers, one of which is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from distributed import LocalCluster

from replay.tuning.cluster import Cluster
from replay.tuning.crew import Progress, carry_out
from replay.tuning.lanes import Lanes
from replay.tuning.store import Store
from replay.tuning.worker import Limits
from simulator.errors import InputError
from tests.tuning.jobs import Number, process_of, rows_of

LIMITS = Limits(timeout_s=30.0)
NUMBERS = [Number(number) for number in range(60)]


@pytest.fixture
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as each:
        yield each


def opened(folder: Path, name: str) -> Store:
    return Store(folder / name, study="numbers", identity={})


def table(store: Store, items: list[Number]) -> str:
    written: str = store.rows(items).to_csv()
    return written


def test_a_worker_of_the_cluster_is_killed_and_the_table_is_that_of_local_processes(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    with opened(tmp_path, "local.db") as local, Lanes(1, LIMITS) as crew:
        list(carry_out(NUMBERS, rows_of, crew=crew, store=local))
        expected = table(local, NUMBERS)
    (tmp_path / "marks").mkdir()
    items = [Number(number, "takes a while", tmp_path / "marks") for number in range(60)]
    told: list[Progress] = []
    with (
        opened(tmp_path, "cluster.db") as store,
        Cluster(cluster.scheduler_address, LIMITS) as crew,
    ):
        doing = carry_out(items, rows_of, crew=crew, store=store, on_progress=told.append)
        for _ in range(20):
            next(doing)
        victim = psutil.Process(cluster.workers[0].process.pid)
        lanes = victim.children(recursive=True)
        victim.send_signal(signal.SIGKILL)
        rest = list(doing)
        assert len(rest) == 40
        assert table(store, NUMBERS) == expected
        assert store.all_set_aside() == ()
    assert lanes
    assert psutil.wait_procs(lanes, timeout=30)[1] == []
    assert told[-1].done == 60
    assert told[-1].retried >= 1


def test_an_item_that_kills_or_hangs_disturbs_no_worker_of_the_cluster(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    workers = [each.process.pid for each in cluster.workers.values()]
    does = {3: "dies", 5: "raises", 7: "hangs"}
    items = [Number(number, does.get(number, "counts")) for number in range(20)]
    with (
        opened(tmp_path, "study.db") as store,
        Cluster(cluster.scheduler_address, Limits(timeout_s=1.0)) as crew,
    ):
        done = list(carry_out(items, rows_of, crew=crew, store=store, tries=2))
    aside = {each.item.number: each.set_aside for each in done if each.set_aside is not None}
    assert list(aside) == [3, 5, 7]
    assert aside[3].startswith("its worker was killed (SIGKILL)")
    assert aside[5].startswith("ValueError: 5 is not wanted")
    assert aside[7].startswith("took longer than 1 s of real time, at tuning/jobs.py:")
    assert [each.process.pid for each in cluster.workers.values()] == workers


def test_the_workers_of_the_cluster_have_it_done_by_processes_of_their_own(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    workers = [each.process.pid for each in cluster.workers.values()]
    with (
        opened(tmp_path, "study.db") as store,
        Cluster(cluster.scheduler_address, LIMITS) as crew,
    ):
        done = list(carry_out(NUMBERS, process_of, crew=crew, store=store))
    rows = [each.rows[0] for each in done]
    assert {row["parent"] for row in rows} == set(workers)
    assert not {row["pid"] for row in rows} & {*workers, os.getpid()}


def test_a_cluster_that_is_gone_is_told_and_nothing_is_set_aside(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    items = [Number(number, "takes a while", tmp_path) for number in range(60)]
    with (
        opened(tmp_path, "study.db") as store,
        Cluster(cluster.scheduler_address, LIMITS) as crew,
    ):
        doing = carry_out(items, rows_of, crew=crew, store=store)
        next(doing)
        cluster.close()
        with pytest.raises(InputError, match=r"the workers are gone: \d+ items done.*same command"):
            list(doing)
        assert store.all_set_aside() == ()


def test_an_address_without_a_scheduler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("replay.tuning.cluster._CONNECT_S", 0.5)
    with pytest.raises(InputError, match=r"--cluster tcp://127.0.0.1:9: no scheduler answers"):
        Cluster("tcp://127.0.0.1:9", LIMITS)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("nonsense://x", "unknown address scheme 'nonsense'"),
        ("tcp://10.0.0.5", "missing port number"),
        ("head-node", "missing port number"),
    ],
)
def test_what_is_no_address_is_told_at_once(address: str, why: str) -> None:
    told = rf"^--cluster {address}: is no scheduler's address: {why}.*; write tcp://host:8786$"
    with pytest.raises(InputError, match=told):
        Cluster(address, LIMITS)


def test_a_cluster_without_workers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("replay.tuning.cluster._WORKERS_S", 0.2)
    with (
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", silence_logs=50) as empty,
        pytest.raises(InputError, match=r"the scheduler has no workers .*start some with: dask"),
    ):
        Cluster(empty.scheduler_address, LIMITS)
