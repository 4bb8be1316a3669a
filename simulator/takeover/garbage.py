"""When the process looks for garbage while a world runs, and what it looks at."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


class _Depth:
    """How many are in the middle of `set_aside`."""

    count = 0


@contextmanager
def set_aside() -> Iterator[None]:
    """Until the end a collection looks only at what was made since: at most some thousand objects
    of a run, not at the hundreds of thousands of all modules."""
    if _Depth.count == 0:
        gc.freeze()
    _Depth.count += 1
    try:
        yield
    finally:
        _Depth.count -= 1
        if _Depth.count == 0:
            gc.unfreeze()


@contextmanager
def collections_at_fixed_points() -> Iterator[None]:
    """Keeps the garbage collector from choosing its own moments; the world chooses them.

    What a collection finalises can log and send; that must not depend on how much was allocated
    before the run.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        with set_aside():
            yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def nothing_left() -> Iterator[None]:
    """At the end what was made since, and refers to itself, is gone: a world and its bot do, and
    who plays thousands of runs cannot keep most of a megabyte of each.

    Python itself would not find it: it takes for old what has seen other collections.
    """
    with set_aside():
        try:
            yield
        finally:
            gc.collect()
