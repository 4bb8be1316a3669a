"""`replay tune` in a process of its own, of a study whose bot can be held and come to grief."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import psutil
import pytest

PATIENCE_S = 110.0
_SOON_S = 20.0
TABLES = ("runs.csv", "runs.parquet", "candidates.csv", "candidates.parquet", "report.html")

STUDY = """\
name: laws
title: Which law of asking survives which lag
scenarios: [late_order_bybit]
bot: guest:create
parameters:
  tries: {setting: order_fetch_attempts, values: [1, 2, 3, 5, 8]}
circumstances:
  lag: {path: "venues.bybit.behaviour.visibility[0].lag", values: [0 ms, 1.5 s]}
runs: {at_least: 2, at_most: 2}
objectives: [{maximise: success}, {minimise: requests}]
"""

GUEST = '''\
"""Leaves a mark of each run; comes to grief where a file says so, and waits where one is locked."""

import fcntl
from os import getpid, kill  # the real ones: in a run they are the world's
from pathlib import Path
from signal import SIGKILL

from bot_under_test.adapter import create as reference

HERE = Path(__file__).parent


def create(settings):
    tries = settings["order_fetch_attempts"]
    with open(HERE / "marks", "a") as marks:
        marks.write(f"{tries}\\n")
    with open(HERE / f"gate-{tries}", "a") as gate:
        fcntl.flock(gate, fcntl.LOCK_SH)
    trouble = HERE / f"trouble-{tries}"
    match trouble.read_text() if trouble.exists() else "":
        case "dies":
            kill(getpid(), SIGKILL)
        case "hangs":
            with open(HERE / "shut", "a") as one, open(HERE / "shut", "a") as other:
                fcntl.flock(one, fcntl.LOCK_EX)
                fcntl.flock(other, fcntl.LOCK_EX)
        case "leaks":
            try:
                held = [b"x" * 10_000_000 for _ in range(300)]
            except MemoryError:
                pass  # as many a bot does with whatever goes wrong
        case "fails":
            raise RuntimeError("out of order")
    return reference({**settings, "version": "current"})
'''


class Disturbed:
    """A folder with the study and its bot, in which the command is started."""

    def __init__(self, folder: Path, study: str = STUDY) -> None:
        self.folder = folder
        (folder / "laws.yaml").write_text(study, encoding="utf-8")
        (folder / "guest.py").write_text(GUEST, encoding="utf-8")
        self._started: list[subprocess.Popen[str]] = []

    def start(
        self, *options: str, stderr: int | IO[str] = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        """As in a terminal: with a process group of its own."""
        unwanted = ("CI", "FORCE_COLOR", "COLUMNS", "PYTHONPATH")
        self._started.append(
            subprocess.Popen(
                [str(Path(sys.executable).with_name("replay")), "tune", "laws.yaml", *options],
                cwd=self.folder,
                env={name: value for name, value in os.environ.items() if name not in unwanted},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                start_new_session=True,
            )
        )
        return self._started[-1]

    def ended(self, *options: str) -> tuple[int, str, str]:
        """How the command ends, and what it says on both of its outputs."""
        return finished(self.start(*options))

    def close(self) -> None:
        for each in self._started:
            each.kill()
            each.communicate()

    @contextmanager
    def held(self, tries: int) -> Iterator[None]:
        """Runs of this candidate do not go on meanwhile."""
        with (self.folder / f"gate-{tries}").open("a") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield

    def trouble(self, **kinds: str) -> None:
        """What the candidates come to, and no others."""
        for each in self.folder.glob("trouble-*"):
            each.unlink()
        for name, kind in kinds.items():
            (self.folder / f"trouble-{name.removeprefix('tries_')}").write_text(kind)

    def begun(self) -> Counter[int]:
        """How many runs of each candidate were ever begun."""
        marks = self.folder / "marks"
        return Counter(map(int, marks.read_text().split())) if marks.exists() else Counter()

    def stored(self, out: str = "tune-laws") -> dict[str, str]:
        """The rows of each item, as they are kept."""
        file = self.folder / out / "runs.sqlite"
        if not file.exists():
            return {}
        with closing(sqlite3.connect(file)) as database:
            found = "SELECT name FROM sqlite_master WHERE name = 'results'"
            if not database.execute(found).fetchall():
                return {}
            return dict(database.execute("SELECT key, rows FROM results ORDER BY key"))

    def tables(self, out: str = "tune-laws") -> dict[str, bytes]:
        return {name: (self.folder / out / name).read_bytes() for name in TABLES}


def finished(command: subprocess.Popen[str]) -> tuple[int, str, str]:
    """How it ends, and what it says, which is no terminal's business here."""
    out, told = command.communicate(timeout=PATIENCE_S)
    assert not re.findall(r"[^\n -~→≈◦×]", out + told)
    return command.returncode, out, told


def wait_for(condition: Callable[[], bool], command: subprocess.Popen[str]) -> None:
    """Asks again and again, while the command runs."""
    for _ in range(int(PATIENCE_S / 0.05)):
        if condition():
            return
        try:
            command.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"the command ended with {command.returncode}: {command.communicate()}")
    pytest.fail(f"nothing after {PATIENCE_S:g} s")


def workers_of(command: subprocess.Popen[str]) -> list[psutil.Process]:
    """All that it has started."""
    return psutil.Process(command.pid).children(recursive=True)


def all_gone(processes: list[psutil.Process]) -> bool:
    """Whether they end by themselves, and do not wait for their time to be up."""
    return psutil.wait_procs(processes, timeout=_SOON_S)[1] == []
