"""`replay tune --cluster`: real workers, one of which is killed, and such as must not work."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from distributed import LocalCluster

from tests.tuning.disturbed import GUEST, Disturbed, all_gone, finished, wait_for


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


def another_worker(address: str, folder: Path) -> subprocess.Popen[bytes]:
    """A worker whose bot is another one."""
    folder.mkdir()
    (folder / "guest.py").write_text(f"{GUEST}\nPATIENCE_S = 3\n", encoding="utf-8")
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "distributed.cli.dask_worker", address),
            *("--nthreads", "1", "--no-dashboard", "--no-nanny", "--name", "another"),
            *("--death-timeout", "60"),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


REFUSED = r"worker tcp://127\.0\.0\.1:\d+: guest's code is [0-9a-f]{12} there and [0-9a-f]{12} here"


def test_a_worker_with_another_bot_is_refused_be_it_there_at_once_or_late(
    study: Disturbed, tmp_path: Path
) -> None:
    with cluster(1) as workers:
        address = workers.scheduler_address
        with study.held(3):
            command = study.start("--cluster", address)
            wait_for(lambda: study.begun()[3] == 1, command)
            worker = another_worker(address, tmp_path / "another")
            code, out, told = finished(command)
        assert (code, out) == (2, "")
        assert re.search(
            rf"^replay: not all workers are as it is here: {REFUSED}: 4 items done; what is done "
            r"is kept in tune-laws/runs\.sqlite: have the same everywhere and give the same "
            r"command again$",
            told,
            re.MULTILINE,
        )
        assert len(study.stored()) == 4

        code, out, told = study.ended("--cluster", address)
        assert (code, out) == (2, "")
        assert re.fullmatch(
            rf"replay: --cluster {address}: {REFUSED}: have the same on all workers as here, and "
            r"start them again\n",
            told,
        )
        assert len(study.stored()) == 4
        worker.terminate()
        worker.wait()
