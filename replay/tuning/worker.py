"""A process that carries out one call after another, and may die, hang or run out of memory.

`ProcessPoolExecutor`, `loky` and `joblib` declare the whole pool broken when one of its processes
dies, and do not say whose call it was; none of them can end a call that hangs. With one process of
its own for each caller the guilty call is known, and nobody else notices.
"""

from __future__ import annotations

import contextlib
import faulthandler
import math
import multiprocessing
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from simulator.caller import is_foreign, raising_place
from simulator.errors import SimulatorError

_GRACE_S = 5.0
"""A worker ends itself when a call takes too long, and tells where it stands. One that cannot even
do that is killed so much later."""
_FIRST_S = 120.0
"""What comes first may take as long: starting Python and importing, on a machine that is busy."""
_LOOK_S = 0.1
"""How often it is looked how much memory a call takes."""
_MB = 1_000_000
_SPACE_MB = 4_000
"""Of address space beyond the memory: code, stacks, and what is reserved and never touched."""

First: TypeAlias = Callable[[], str | None]
"""What a process does before all else. Says why it must not be given work, if it must not."""


class CallError(SimulatorError):
    """A call that came to nothing: what it raised, or what became of its process."""


class RefusedError(SimulatorError):
    """A process that must not be given work, and why. No call is to blame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call may take."""

    timeout_s: float = 60.0  # of real time; a worker's first call imports what it needs
    memory_mb: int | None = None
    """What its process may hold, code and libraries included, where that can be seen (Linux). It is
    looked at now and then, and whoever takes more is ended: a bot that survives a MemoryError would
    be measured as if the limit was its own. Only what asks for some GB at once gets that."""


class Worker:
    """The process, started when it is first needed and again whenever it is gone; what comes
    `first` comes at each of its starts."""

    def __init__(self, limits: Limits, first: First | None = None) -> None:
        self._limits = limits
        self._first = first
        self._folder = TemporaryDirectory(prefix="replay-")
        self._stands = Path(self._folder.name) / "stands"
        self._ended = False
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection[Any, Any] | None = None

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What the function returns. Function and arguments have to be picklable.

        Raises CallError for whatever it raises, and when the process does not survive it, and
        RefusedError when the process must not be given work.
        """
        if self._connection is None:
            self._start()
            self._begin()
        succeeded, result = self._asked(self._limits.timeout_s, function, *arguments)
        if not succeeded:
            if result.startswith(MemoryError.__name__):
                self._kill()  # what else went wrong in it for want of memory, nobody knows
            raise CallError(result)
        return result

    def end(self) -> None:
        """From any thread: whatever the process does is over, and so is every later call."""
        self._ended = True
        if (process := self._process) is not None:
            process.kill()

    def close(self) -> None:
        """Ends the process and forgets what it left."""
        self._kill()
        self._folder.cleanup()

    def _kill(self) -> None:
        if self._process is not None and self._connection is not None:
            self._connection.close()
            self._process.kill()
            self._process.join()
            self._process = self._connection = None

    def _begin(self) -> None:
        if self._first is None:
            return
        _, why = self._asked(_FIRST_S, self._first)
        if why is not None:  # also what it raised: it has not even what is needed to ask it
            self._kill()
            raise RefusedError(why)

    def _asked(
        self, timeout_s: float, function: Callable[..., Any], *arguments: Any
    ) -> tuple[bool, Any]:
        """Whether it returned, and what; else what it raised."""
        connection = self._connection
        assert connection is not None  # it has been started
        try:
            connection.send((timeout_s, function, arguments))
            self._wait_for(connection, timeout_s)
            succeeded, result = connection.recv()
        except (EOFError, OSError):
            raise CallError(self._cause_of_death(timeout_s)) from None
        return succeeded, result

    def _wait_for(self, connection: Connection[Any, Any], timeout_s: float) -> None:
        """Until it answers or is gone. Raises CallError for what it takes too much of."""
        limit_mb = self._limits.memory_mb
        patience_s = timeout_s + _GRACE_S
        look_s = patience_s if limit_mb is None else _LOOK_S
        for _ in range(math.ceil(patience_s / look_s)):
            if wait([connection], look_s):
                return
            if limit_mb is not None and self._held_mb() > limit_mb:
                self._kill()
                raise CallError(f"took more than {limit_mb} MB of memory")
        self._kill()
        raise CallError(self._too_long(timeout_s))

    def _held_mb(self) -> float:
        """The memory of the process; 0 where that cannot be seen, and when it is gone."""
        assert self._process is not None  # it is waited for
        try:
            pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        except (OSError, IndexError):
            return 0.0
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / _MB

    def _start(self) -> None:
        self._stands.unlink(missing_ok=True)
        # It starts anew: a copy of this one would share its loggers' locks and its clocks.
        spawn = multiprocessing.get_context("spawn")
        connection, theirs = spawn.Pipe()
        process = spawn.Process(
            target=_serve, args=(theirs, self._limits, self._stands), daemon=True
        )
        # Ctrl-C reaches all processes of a terminal, those that are about to start as well.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()  # so that its death is the end of the connection
        self._process, self._connection = process, connection
        if self._ended:  # meanwhile
            process.kill()

    def _cause_of_death(self, timeout_s: float) -> str:
        process = self._process
        assert process is not None  # whose connection has just ended
        process.join(_GRACE_S)
        code = process.exitcode
        self._kill()
        if self._stands.exists() and self._stands.stat().st_size:
            return self._too_long(timeout_s)
        match code:
            case None:
                return "its worker closed the connection"
            case -9:
                return "its worker was killed (SIGKILL): by the system for want of memory?"
            case _ if code < 0:
                return f"its worker was ended by {signal.Signals(-code).name}"
        return f"its worker ended with exit code {code}"

    def _too_long(self, timeout_s: float) -> str:
        place = self._place()
        at = f", at {place}" if place else ""
        return f"took longer than {timeout_s:g} s of real time{at}"

    def _place(self) -> str:
        """Where it stood when its time was up: file, line and function; empty if it was not."""
        try:
            told = self._stands.read_text(errors="replace")
        except FileNotFoundError:
            return ""
        main_thread = told.rpartition("Thread 0x")[2]  # the last of all
        frames = re.findall(r'File "(.*)", line (\d+) in (.*)', main_thread)
        own = next((frame for frame in frames if is_foreign(frame[0])), None)
        if own is None:
            return ""
        path, line, function = own
        return f"{'/'.join(Path(path).parts[-2:])}:{line} in {function}"


def _serve(connection: Connection[Any, Any], limits: Limits, stands: Path) -> None:
    """What the process does: calls, until nobody is there any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started it
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    # In the middle of a run `os._exit` is the bot's, and ends only that.
    threading.Thread(target=_end_with_parent, args=(os._exit,), daemon=True).start()
    _limit_memory(limits.memory_mb)
    with stands.open("w") as told, contextlib.suppress(EOFError, OSError):
        while True:
            try:
                timeout_s, function, arguments = connection.recv()
            except ImportError as error:  # it has not what the caller has
                connection.send((False, _described(error)))
                continue
            faulthandler.dump_traceback_later(timeout_s, exit=True, file=told)
            try:
                reply = True, function(*arguments)
            except Exception as error:
                reply = False, _described(error)
            finally:
                faulthandler.cancel_dump_traceback_later()
            connection.send(reply)


def _described(error: Exception) -> str:
    told = f"{type(error).__name__}: {error}".removesuffix(": ")
    return f"{told} ({raising_place(error.__traceback__)})"


def _end_with_parent(end: Callable[[int], object]) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # this is the worker's process
    parent.join()
    end(1)  # in the middle of a call, too: nobody will ever ask for what it gives


def _limit_memory(memory_mb: int | None) -> None:
    if memory_mb is not None and sys.platform == "linux":
        import resource

        limit = (memory_mb + _SPACE_MB) * _MB
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
