"""The interpreter as a program finds it when it starts, whatever ran in it before."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Context, localcontext
from typing import Any

from replay import log_levels

# Not `warnings` and `sys.unraisablehook`: a crash silences both for longer than a life lasts.
_REPLACEABLE: tuple[tuple[Any, str], ...] = (
    *((sys, name) for name in ("stdin", "stdout", "stderr")),
    (sys, "excepthook"),
    (threading, "excepthook"),
)
_SWITCHES: tuple[tuple[Callable[[], Any], Callable[[Any], None]], ...] = (
    (socket.getdefaulttimeout, socket.setdefaulttimeout),
    (sys.getrecursionlimit, sys.setrecursionlimit),
)


@contextmanager
def as_in_a_new_process() -> Iterator[None]:
    """What a life of a program sets here ends with it: the next one, the report and whoever
    called get back what they had."""
    with ExitStack() as undo:
        undo.enter_context(log_levels.of_a_new_process())
        undo.enter_context(localcontext(Context()))
        for owner, name in _REPLACEABLE:
            undo.callback(setattr, owner, name, getattr(owner, name))
        for get, put in _SWITCHES:
            undo.callback(put, get())
        sys.excepthook = sys.__excepthook__  # the command has one of its own
        yield
