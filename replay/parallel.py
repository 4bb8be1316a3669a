"""Independent runs on several processors; the results come in the order of what was asked."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Mapped(Protocol):
    """As `map`."""

    def __call__(self, function: Callable[[T], R], things: Sequence[T], /) -> Iterable[R]:
        """What the function makes of each thing, in their order."""


def processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def workers(count: int) -> Iterator[Mapped]:
    """A `map` over so many processes; with 1 it is the built-in one. Functions, things and results
    have to be picklable. What a function raises is raised here."""
    if count == 1:
        yield map
        return
    with _pool(count) as mapped:
        yield mapped


@contextmanager
def processes(count: int) -> Iterator[Mapped]:
    """As `workers`, with so many at a time and a new process for every thing."""
    with _pool(count, max_tasks_per_child=1) as mapped:
        yield mapped


@contextmanager
def _pool(count: int, max_tasks_per_child: int | None = None) -> Iterator[Mapped]:
    # Each process starts anew: a copy of this one would share its loggers' locks and its clocks.
    with ProcessPoolExecutor(
        max_workers=count,
        mp_context=multiprocessing.get_context("spawn"),
        max_tasks_per_child=max_tasks_per_child,
    ) as pool:
        try:
            yield pool.map
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
