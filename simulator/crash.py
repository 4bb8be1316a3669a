"""What a killed process leaves: ended connections, what it has written out, and nothing else.

Code of a host that has crashed does not go on, but Python cannot drop a suspended coroutine without
running its `finally` blocks. So these run where nothing they do has an effect: without a loop, a
connection, a database, a log or a file that keeps what they write.
"""

from __future__ import annotations

import gc
import io
import os
import sqlite3
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from simulator.unwinding import close

if TYPE_CHECKING:
    import asyncio

    from simulator.host import Host
    from simulator.strands import Strand
    from simulator.world import World


class Graves:
    """The hosts of a world that have crashed and of which something is left in memory."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._left: list[tuple[Host, list[asyncio.Task[Any]], list[Strand]]] = []
        self._silence: ExitStack | None = None

    def kill(self, host: Host) -> None:
        """Takes a host's connections, loops, threads and open files away.

        What its code is in the middle of is still to be unwound; until then nobody is warned of
        what it drops. The rest is cleared away at a fixed point, so that two runs stay equal.
        """
        world = self._world
        if self._silence is None:
            self._silence = ExitStack()
            self._silence.enter_context(_nobody_is_warned())
        with _deaf(world):
            world.network.cut_host(host)
            left = [task for loop in tuple(world.loops_of(host)) for task in loop.die()]
            world.neighbours.cut(host)
            threads = world.strands.kill(host)
            _let_files_go(host)
        self._left.append((host, left, threads))

    @property
    def are_open(self) -> bool:
        """Whether something is left to be cleared away, once no code of it runs any more."""
        return self._silence is not None

    def bury(self) -> None:
        """Ends threads and coroutines that were suspended for good, oldest first, and collects what
        they held; nothing of it is traced or logged."""
        silence, self._silence = self._silence, None
        if silence is None:
            return
        world = self._world
        enabled, world.trace.enabled = world.trace.enabled, False
        with silence, _deaf(world):
            for host, left, threads in self._left:
                with world.at(host):
                    for strand in threads:
                        strand.unwind()
                    threads.clear()
                    _close(left)
            self._left.clear()
            gc.collect()
        world.trace.enabled = enabled


def _close(left: list[asyncio.Task[Any]]) -> None:
    for task in left:
        close(task.get_coro())
    left.clear()


@contextmanager
def _deaf(world: World) -> Iterator[None]:
    world.deaf = True
    try:
        yield
    finally:
        world.deaf = False


@contextmanager
def _nobody_is_warned() -> Iterator[None]:
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.unraisablehook = hook


def note_opened(host: Host, event: str, args: tuple[Any, ...]) -> None:
    """Called for the audit events `open` and `sqlite3.connect`: which files a crash concerns."""
    if event == "sqlite3.connect":
        path = args[0]
    else:
        path, mode, flags = args
        writes = flags & (os.O_WRONLY | os.O_RDWR) if mode is None else set(mode) & set("wax+")
        if not writes:
            return
    if isinstance(path, (str, bytes, os.PathLike)):
        host.written_files[_real(path)] = None


def _let_files_go(host: Host) -> None:
    """Databases go back to what was committed, files to what was written out.

    Only what was opened during the run is looked at: what was there before is frozen.
    """
    if not host.written_files:
        return
    for found in gc.get_objects():
        if isinstance(found, sqlite3.Connection):
            _close_database(host, found)
        elif isinstance(found, io.FileIO) and not found.closed and _is_written(host, found):
            _lose_buffer(found)
    host.written_files.clear()


def _is_written(host: Host, file: io.FileIO) -> bool:
    named = isinstance(file.name, (str, bytes))  # else it was made of a number
    return named and file.writable() and _real(file.name) in host.written_files


def _close_database(host: Host, connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.ProgrammingError):  # closed already, or of another thread
        (_, _, path) = connection.execute("PRAGMA database_list").fetchone()
        if path and _real(path) in host.written_files:
            connection.close()  # which rolls back, as the next process to open it would


def _lose_buffer(file: io.FileIO) -> None:
    """What is still in memory goes nowhere when the file object is dropped."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, file.fileno())
    finally:
        os.close(nowhere)


def _real(path: str | bytes | os.PathLike[Any]) -> str:
    return os.path.realpath(os.fsdecode(path))
