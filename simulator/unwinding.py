"""Ends code that catches whatever is raised in it and goes on.

`while True: try: ... except BaseException: continue` is never left by an exception that is raised
where it calls: each is caught, and the next call is made. So once a guest has swallowed a few, an
exception is raised at every step of its own code, also between its `try` blocks, until the frame
of ours that called it is reached. Nothing of it runs on, not even a `finally`.
"""

from __future__ import annotations

import ctypes
import sys
from types import FrameType
from typing import Any

from simulator.caller import is_ours
from simulator.errors import HostCrashed, SimulatorError

PATIENCE = 10
"""How often a guest may swallow that its world has come to an end, before it is made to end."""

# A trace function of Python's is dropped with the first error that it raises; one of C's stays.
# This one takes the object and the frame (what else it is handed it does not look at), calls the
# object's `__delitem__`, and passes on what that raises.
_RAISES_AND_STAYS = ctypes.cast(ctypes.pythonapi.PyObject_DelItem, ctypes.c_void_p)
_set_trace: Any = ctypes.pythonapi.PyEval_SetTrace
_set_trace.argtypes = (ctypes.c_void_p, ctypes.py_object)
_set_trace.restype = None


def unwind() -> None:
    """Has the code that called into the simulator on this thread end, up to the simulator's own
    frame that called it. Without such a frame nothing is done: then nobody is a guest here."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    while frame is not None and not is_ours(frame.f_code.co_filename):
        frame = frame.f_back
    if frame is not None:
        _set_trace(_RAISES_AND_STAYS, _Unwinding(frame))


def close(coro: Any) -> None:
    """Ends a coroutine that is suspended for good; nothing of it runs on."""
    before = sys.gettrace()
    _set_trace(_RAISES_AND_STAYS, _Unwinding(None))
    try:
        coro.close()
    except BaseException:
        return  # whatever dead code says
    finally:
        sys.settrace(before)


class _Unwinding:
    """What is asked at each step of each frame, until one of them is the `end`."""

    def __init__(self, end: FrameType | None) -> None:
        self._end = end
        self._before = sys.gettrace()

    def __delitem__(self, frame: FrameType) -> None:
        if frame is self._end:
            sys.settrace(self._before)
        elif not is_ours(frame.f_code.co_filename):
            raise HostCrashed("the guest goes on although its world is over")


class Patience:
    """How often the guests of a world have been told of its end, and what to tell their caller."""

    def __init__(self) -> None:
        self._told = 0
        self.given_up: SimulatorError | None = None
        """What a guest went on swallowing until it was made to end."""

    def told(self, error: SimulatorError | None = None) -> None:
        """Called whenever an error after which no guest can go on is about to be raised in one:
        the world's, or none where its host has crashed."""
        self._told += 1
        if self._told > PATIENCE:
            self.given_up = error or self.given_up
            unwind()

    def renew(self) -> None:
        """A host starts again: what its code has swallowed before is over."""
        self._told = 0

    def check(self) -> None:
        """Raises what a guest that was made to end had swallowed, for its caller."""
        error, self.given_up = self.given_up, None
        if error is not None:
            raise error
