"""A study that is killed or stopped in the middle goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from replay.tuning.store import Store
from replay.tuning.work import written
from tests.tuning.jobs import Number, rows_of
from tests.tuning.study import items

COUNT = 100
PATIENCE_S = 60.0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts the study of this test, as often as it is called."""
    started: list[subprocess.Popen[str]] = []
    (tmp_path / "marks").mkdir()
    command = [sys.executable, "-m", "tests.tuning.study", "study.db", str(COUNT), "marks"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    def study() -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                command,
                cwd=tmp_path,
                env=environment,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        )
        return started[-1]

    yield study
    for each in started:
        each.kill()
        each.wait()
        assert each.stderr is not None  # see above
        each.stderr.close()


def opened(folder: Path) -> Store:
    return Store(folder / "study.db", study="numbers", identity={})


def wait_for(condition: Callable[[], bool], study: subprocess.Popen[str]) -> None:
    """Asks again and again, as often as it takes a process to end that does nothing."""
    for _ in range(int(PATIENCE_S / 0.05)):
        if condition():
            return
        try:
            study.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"the study ended with {study.returncode}: {study.communicate()[1]}")
    pytest.fail(f"nothing after {PATIENCE_S:g} s")


def stored(folder: Path) -> int:
    if not (folder / "study.db").exists():
        return 0
    with closing(opened(folder)) as store:
        return len(store)


def undisturbed(folder: Path) -> str:
    """The table of a run in this process, with nobody who dies."""
    numbers = [Number(number) for number in range(COUNT)]
    with Store(folder / "undisturbed.db", study="numbers", identity={}) as store:
        for each in numbers:
            store.add(each, written(rows_of, each))
        table: str = store.rows(numbers).to_csv()
    return table


def in_the_middle(folder: Path, study: subprocess.Popen[str]) -> list[psutil.Process]:
    """Waits until some items are done, and not all; the workers."""
    wait_for(lambda: stored(folder) >= COUNT // 4, study)
    return psutil.Process(study.pid).children(recursive=True)


def test_a_study_killed_in_the_middle_goes_on_and_ends_as_one_that_was_not(
    tmp_path: Path, start: Callable[[], subprocess.Popen[str]]
) -> None:
    study = start()
    workers = in_the_middle(tmp_path, study)
    study.send_signal(signal.SIGKILL)
    study.communicate()
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE_S)
    assert not alive  # nobody is left behind
    killed_at = stored(tmp_path)
    assert COUNT // 4 <= killed_at < COUNT

    again = start()
    _, told = again.communicate(timeout=PATIENCE_S)
    assert (again.returncode, told) == (0, "")
    with closing(opened(tmp_path)) as store:
        assert len(store) == COUNT
        assert store.all_set_aside() == ()
        table = store.rows(items(COUNT, tmp_path)).to_csv()
    assert table == undisturbed(tmp_path)
    # What was done before was not done again: only what the kill caught was, and what died.
    tries = Counter((tmp_path / "marks" / "tries").read_text().split())
    dying = {str(each.number) for each in items(COUNT, tmp_path) if each.does == "dies once"}
    caught = [number for number, times in tries.items() if times > 1 + (number in dying)]
    assert len(caught) <= 4


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
def test_a_study_that_is_told_to_end_says_how_far_it_came_and_leaves_nobody_behind(
    tmp_path: Path,
    start: Callable[[], subprocess.Popen[str]],
    number: signal.Signals,
    exit_code: int,
) -> None:
    study = start()
    workers = in_the_middle(tmp_path, study)
    assert len(workers) >= 2
    if number == signal.SIGINT:
        os.killpg(study.pid, number)  # as a terminal does
    else:
        study.send_signal(number)
    _, told = study.communicate(timeout=PATIENCE_S)
    assert study.returncode == exit_code
    done = stored(tmp_path)
    assert told.startswith(f"stopped by {number.name}: ")
    assert told.endswith("what is done is kept in study.db\n")
    assert COUNT // 4 <= done < COUNT
    assert f" {done} items done" in told or done - 4 <= int(told.split()[3]) <= done
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE_S)
    assert not alive

    again = start()
    assert again.communicate(timeout=PATIENCE_S) == (None, "")
    assert stored(tmp_path) == COUNT
