"""Every log record of the code under test goes into the trace, whatever its log level lets out.

What the bot itself writes stays exactly as it is: its handlers see the records they would have
seen. A record that only the trace sees is marked `hidden`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from simulator.caller import raising_place

if TYPE_CHECKING:
    from simulator.world import World


@contextmanager
def captured_logs(world: World) -> Iterator[None]:
    """Records all levels; the world's `log_listeners` are told of each record after it was handled.

    Where not everything is wanted (`world.loggers_heard`), a record below its logger's level is not
    even made, unless it tells of an exception.
    """
    logger_class: Any = logging.Logger
    is_enabled = logger_class.isEnabledFor
    handle = logger_class.handle
    inside_logging = vars(logging)

    def is_enabled_for(self: logging.Logger, level: int) -> bool:
        if is_enabled(self, level):
            return True
        # Code that asks gets the true answer; the logging methods themselves go on to `handle`.
        caller = sys._getframe(1)
        if caller.f_globals is not inside_logging:
            return False
        return is_heard(self.name) or bool(caller.f_locals.get("kwargs", {}).get("exc_info"))

    @cache
    def is_heard(logger: str) -> bool:
        heard = world.loggers_heard
        return heard is None or any(fnmatchcase(logger, pattern) for pattern in heard)

    def handle_record(self: logging.Logger, record: logging.LogRecord) -> None:
        host = world.current
        if world.deaf:
            return
        if host is not None:
            host.must_live()
        enabled = is_enabled(self, record.levelno)
        _trace(world, record, hidden=not enabled)
        if enabled:
            handle(self, record)
        for listener in world.log_listeners:
            listener(record)
            if host is not None:
                host.must_live()  # one that crashes a host says so by returning

    logger_class.isEnabledFor = is_enabled_for
    logger_class.handle = handle_record
    _forget_cached_levels()
    try:
        yield
    finally:
        logger_class.isEnabledFor = is_enabled
        logger_class.handle = handle


def _forget_cached_levels() -> None:
    """Loggers remember which levels are off."""
    logging.Logger.manager._clear_cache()  # type: ignore[attr-defined]


def _trace(world: World, record: logging.LogRecord, *, hidden: bool) -> None:
    host = world.current.name if world.current is not None else "world"
    fields: dict[str, Any] = {
        "logger": record.name,
        "level": record.levelname,
        "message": _message(record),
    }
    if hidden:
        fields["hidden"] = True
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is not None:
        fields["exception"] = {
            "type": type(error).__qualname__,
            "message": str(error),
            "place": raising_place(error.__traceback__),
        }
    world.trace.record("log", host, **fields)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # a wrong format string must not end the bot where logging would not
        return f"{record.msg!r} (not formatted: {error})"
