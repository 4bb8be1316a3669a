"""A study as a process of its own, to be killed: `python -m tests.tuning.study STORE ITEMS MARKS`.

Each try leaves a line of its number in MARKS; every thirtieth item dies at its first.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from replay.tuning.crew import carry_out
from replay.tuning.lanes import Lanes
from replay.tuning.stopping import StoppedError, stopped_by_signals
from replay.tuning.store import Store
from replay.tuning.work import Row
from replay.tuning.worker import Limits
from tests.tuning.jobs import Number, rows_of


def items(count: int, marks: Path) -> list[Number]:
    """The items of the study."""
    return [
        Number(number, "dies once" if number % 30 == 9 else "counts", marks)
        for number in range(count)
    ]


def slowly(item: Number) -> list[Row]:
    """As `rows_of`, for long enough to be killed in the middle; it counts how often."""
    assert item.marks is not None  # see `items`
    with (item.marks / "tries").open("a") as tries:
        tries.write(f"{item.number}\n")
    threading.Event().wait(0.02)
    return rows_of(item)


def main(file: str, count: str, marks: str) -> int:
    with (
        Store(Path(file), study="numbers", identity={}) as store,
        stopped_by_signals() as stop,
        Lanes(2, Limits(timeout_s=60.0)) as crew,
    ):
        try:
            for _ in carry_out(
                items(int(count), Path(marks)), slowly, crew=crew, store=store, stop=stop
            ):
                pass
        except StoppedError as error:
            sys.stderr.write(f"{error}\n")
            return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
