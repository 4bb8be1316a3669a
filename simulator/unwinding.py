"""Ends code whose host has crashed or whose world is over, whatever it makes of exceptions.

An exception that is raised where a guest calls is not enough: its `finally` would run, with effects
on files, and a `while True: try: ... except BaseException: continue` would go on for ever. So an
exception is raised at every step of its own code, also between its `try` blocks, until the frame of
ours that called it is reached.
"""

from __future__ import annotations

import ctypes
import sys
from types import FrameType
from typing import Any

from simulator.caller import is_foreign, is_ours
from simulator.errors import HostCrashed, SimulatorError

PATIENCE = 10
"""How often a guest may swallow that its world can't go on before it is made to end."""

# A trace function of Python's is dropped with the first error that it raises; one of C's stays.
# This one takes the object and the frame (what else it is handed it does not look at), calls the
# object's `__delitem__`, and passes on what that raises.
_RAISES_AND_STAYS = ctypes.cast(ctypes.pythonapi.PyObject_DelItem, ctypes.c_void_p)
_set_trace: Any = ctypes.pythonapi.PyEval_SetTrace
_set_trace.argtypes = (ctypes.c_void_p, ctypes.py_object)
_set_trace.restype = None


# Handlers of the guest's that are left half-way do not put back what was being handled before them:
# whatever is raised later would seem to come of it.
_set_handled: Any = ctypes.pythonapi.PyErr_SetHandledException
_set_handled.argtypes = (ctypes.py_object,)
_set_handled.restype = None

_ENTRIES = ("Host.run", "HostLoop.run_due", "Strand.run")
"""Where the simulator calls code of a host."""


_STANDING = "_stand"
"""The function in which a guest stands still; it has what was `handled` when it was called."""


def unwind(why: str) -> None:
    """Has the code that called into the simulator on this thread end, up to where the simulator
    called it: HostCrashed comes out there. Where it did not, nobody is a guest, and nothing is
    done."""
    if isinstance(sys.gettrace(), _Unwinding):
        return  # it is on its way out
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_qualname in _ENTRIES and is_ours(code.co_filename):
            _set_trace(_RAISES_AND_STAYS, _Unwinding(frame, why, _handled_below(frame)))
            return
        frame = frame.f_back


def _handled_below(frame: FrameType | None) -> BaseException | None:
    """What was being handled where a guest called that stands still around a frame."""
    while frame is not None:
        if frame.f_code.co_qualname == _STANDING and is_ours(frame.f_code.co_filename):
            handled: BaseException | None = frame.f_locals["handled"]
            return handled
        frame = frame.f_back
    return None


def close(coro: Any) -> None:
    """Ends a coroutine that is suspended for good; nothing of it runs on."""
    before = sys.gettrace()
    _set_trace(_RAISES_AND_STAYS, _Unwinding(None, "closed", None))
    try:
        coro.close()
    except BaseException:
        return  # whatever dead code says
    finally:
        _put_back(before)


def _put_back(trace: Any) -> None:
    if isinstance(trace, _Unwinding):
        _set_trace(_RAISES_AND_STAYS, trace)
    else:
        sys.settrace(trace)


class _Unwinding:
    """What is asked at each step of each frame, until one of them is the `end`."""

    def __init__(self, end: FrameType | None, why: str, handled: BaseException | None) -> None:
        self._end = end
        self._handled = handled
        self._why = why
        self._before = sys.gettrace()

    def __delitem__(self, frame: FrameType) -> None:
        if frame is self._end:  # the error has come there, and is not handled yet
            _set_handled(self._handled)
            sys.settrace(self._before)
        elif is_foreign(frame.f_code.co_filename):  # asyncio and threading put things in order
            raise HostCrashed(self._why)


class Patience:
    """How often guests were told that their world can't go on, and what to tell their caller."""

    def __init__(self) -> None:
        self._told = 0
        self.given_up: SimulatorError | None = None
        """What a guest went on swallowing until it was made to end."""

    def told(self, error: SimulatorError) -> None:
        """Called whenever an error after which nothing can go on is about to be raised in a
        guest."""
        self._told += 1
        if self._told > PATIENCE:
            self.given_up = error
            unwind(str(error))

    def check(self) -> None:
        """Raises what a guest that was made to end had swallowed, for its caller."""
        error, self.given_up = self.given_up, None
        if error is not None:
            raise error
