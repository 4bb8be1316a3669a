"""Work for tests: arithmetic, and the ways in which a worker can come to grief."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from replay.tuning.work import Row


@dataclass(frozen=True, slots=True)
class Number:
    """An item: what to do with a number."""

    number: int
    does: str = "counts"
    marks: Path | None = None
    """A folder in which each try leaves a file."""

    @property
    def key(self) -> str:
        return f"{self.number:05d}"

    @property
    def title(self) -> str:
        return f"number {self.number}, which {self.does}"


def rows_of(item: Number) -> list[Row]:
    """Two rows of all that a row can have; how the number comes to them depends on `does`."""
    first = item.marks is None or _first_try(item.marks, item.key)
    match item.does:
        case "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        case "dies once" if first:
            os.kill(os.getpid(), signal.SIGKILL)
        case "exits":
            os._exit(7)
        case "takes a while":
            threading.Event().wait(0.02)
        case "hangs":
            threading.Event().wait()
        case "allocates":
            bytearray(100_000_000_000)
        case "raises":
            raise ValueError(f"{item.number} is not wanted")
        case "gives a list":
            return [{"wrong": [1]}]  # type: ignore[dict-item]
    digest = hashlib.sha256(item.key.encode()).hexdigest()
    third = item.number / 3
    return [
        {"number": item.number, "third": third, "even": item.number % 2 == 0, "digest": digest},
        {"number": -item.number, "third": None, "even": None, "digest": "é\n\x00"},
    ]


def _first_try(marks: Path, key: str) -> bool:
    try:
        (marks / key).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def process_of(item: Number) -> list[Row]:
    """Whose work it was."""
    return [{"pid": os.getpid(), "parent": os.getppid()}]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An item of a module that the worker has not."""

    key: str = "elsewhere"
    title: str = "an item from elsewhere"

    def __reduce__(self) -> tuple[object, ...]:
        return import_module, ("my_bot.items",)
