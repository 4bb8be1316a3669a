"""What a run finds of `logging`, and leaves of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def as_in_production() -> Iterator[None]:
    """The bot prints from INFO up, to nowhere: its lines are in the trace, the screen is ours."""
    with kept():
        root = logging.getLogger()
        root.setLevel(logging.INFO)
        root.addHandler(logging.NullHandler())
        yield


@contextmanager
def kept() -> Iterator[None]:
    """What a program sets up of logging is gone with it."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
