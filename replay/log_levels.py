"""What a run finds of `logging`, and leaves of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass


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


@contextmanager
def of_a_new_process() -> Iterator[None]:
    """A life of a program finds the root logger as Python makes it, and no handler, level or
    switch that it sets outlives it: neither in its next life, nor in the next run."""
    root = logging.getLogger()
    before = {name: _Logger.of(each) for name, each in _loggers()}
    disabled_below = root.manager.disable
    _Logger().put_into(root)
    try:
        yield
    finally:
        ours = [handler for each in before.values() for handler in each.handlers]
        theirs = [h for _, each in _loggers() for h in each.handlers if h not in ours]
        for name, each in _loggers():
            before.get(name, _Logger(level=logging.NOTSET)).put_into(each)
        logging.disable(disabled_below)
        for handler in dict.fromkeys(theirs):
            with suppress(OSError, ValueError):  # its file went with the host that crashed
                handler.close()


@dataclass(frozen=True, slots=True)
class _Logger:
    """What can be set of a logger; by default as the root logger is at first."""

    level: int = logging.WARNING
    handlers: Sequence[logging.Handler] = ()
    filters: Sequence[logging._FilterType] = ()
    propagate: bool = True
    disabled: bool = False

    @classmethod
    def of(cls, logger: logging.Logger) -> _Logger:
        return cls(
            level=logger.level,
            handlers=tuple(logger.handlers),
            filters=tuple(logger.filters),
            propagate=logger.propagate,
            disabled=logger.disabled,
        )

    def put_into(self, logger: logging.Logger) -> None:
        logger.handlers[:] = self.handlers
        logger.filters[:] = self.filters
        logger.propagate, logger.disabled = self.propagate, self.disabled
        logger.setLevel(self.level)


def _loggers() -> list[tuple[str, logging.Logger]]:
    """All there are, the root first, by name."""
    root = logging.getLogger()
    named = root.manager.loggerDict.items()
    return [("", root), *((n, each) for n, each in named if isinstance(each, logging.Logger))]
