"""`replay tune`, stopped and killed in the middle: it goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.tuning.disturbed import Disturbed, all_gone, finished, wait_for, workers_of

STUDIED = (1, 2, 3, 5, 8)


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Disturbed]:
    each = Disturbed(tmp_path)
    yield each
    each.close()


def in_the_middle(
    study: Disturbed, held: int
) -> tuple[subprocess.Popen[str], list[psutil.Process], dict[str, str]]:
    """The command, its workers and what it has stored, both workers being busy with candidate
    `held`, which does not go on."""
    before = study.begun()[held]
    command = study.start("--workers", "2")
    done = 2 * STUDIED.index(held)
    wait_for(
        lambda: study.begun()[held] == before + 2 and len(study.stored()) == done,
        command,
    )
    return command, workers_of(command), study.stored()


def test_a_study_stopped_twice_and_killed_ends_as_one_that_was_not(study: Disturbed) -> None:
    for held, number, ending in ((2, signal.SIGINT, 130), (3, signal.SIGTERM, 143)):
        with study.held(held):
            command, workers, stored = in_the_middle(study, held)
            os.killpg(command.pid, number)  # as a terminal and a supervisor do
            code, out, told = finished(command)
        assert (code, out) == (ending, "")
        assert told.splitlines()[-1] == (
            f"replay: stopped by {number.name}: 2 items done"
            + (", 2 known from before" if held == 3 else "")
            + "; what is done is kept in tune-laws/runs.sqlite; the same command goes on from there"
        )
        assert "Traceback" not in told
        assert len(workers) >= 2
        assert all_gone(workers)
        assert study.stored() == stored

    with study.held(5):
        command, workers, stored = in_the_middle(study, 5)
        os.killpg(command.pid, signal.SIGKILL)
        assert finished(command)[0] == -signal.SIGKILL
        assert all_gone(workers)
    begun = study.begun()

    code, out, told = study.ended("--workers", "2")
    assert code == 0, told
    assert "4 items done, 6 known from before\n" in told
    kept = study.stored()
    assert len(kept) == 10
    assert {key: kept[key] for key in stored} == stored
    # Two runs of each of the items that the kill had caught or kept from being begun.
    assert study.begun() - begun == {5: 4, 8: 4}
    assert study.tables() == undisturbed(study)


def undisturbed(study: Disturbed) -> dict[str, bytes]:
    """What the same study gives that one worker carries out, and nobody stops."""
    code, _, told = study.ended("--workers", "1", "--out", "undisturbed")
    assert code == 0, told
    assert told.splitlines() == [
        "5 candidates, up to 4 runs each: 5 kept, 0 beaten, 0 not good enough",
        "10 items done",
    ]
    return study.tables("undisturbed")
