"""`replay tune --cluster`: real workers, one of which is killed, and such as must not work."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from distributed import LocalCluster

from tests.tuning.disturbed import Disturbed, all_gone, finished, wait_for


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disturbed]:
    """The workers of a cluster that is started here find its bot."""
    monkeypatch.syspath_prepend(str(tmp_path))
    each = Disturbed(tmp_path)
    yield each
    each.close()


@contextmanager
def cluster(workers: int) -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as each:
        yield each


def test_a_worker_of_the_cluster_is_killed_and_the_tables_are_those_of_one_process(
    study: Disturbed,
) -> None:
    with cluster(2) as workers:
        with study.held(3):
            command = study.start("--cluster", workers.scheduler_address)
            wait_for(lambda: study.begun()[3] == 2, command)
            victim = psutil.Process(workers.workers[0].process.pid)
            lanes = victim.children(recursive=True)
            victim.send_signal(signal.SIGKILL)
            assert lanes
            assert all_gone(lanes)
        code, _, told = finished(command)
        assert code == 0, told
        assert "10 items done, 1 retried" in told
    assert len(study.stored()) == 10
    assert study.ended("--workers", "1", "--out", "alone")[0] == 0
    assert study.tables() == study.tables("alone")
