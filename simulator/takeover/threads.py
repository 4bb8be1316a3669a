"""Threads that code on a host starts become strands of the world, and wait where it can see them.

Locks made during a run are the world's; what `threading` and `queue` build on them follows.
"""

# mypy: disable-error-code="attr-defined"
# It takes the place of what `threading` keeps to itself.

from __future__ import annotations

import _thread
import concurrent.futures.thread as pools
import itertools
import queue
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from simulator.clock import NS_PER_S
from simulator.errors import HostCrashed
from simulator.locks import WorldLock
from simulator.strands import Strand

if TYPE_CHECKING:
    from simulator.world import World

_REAL_LOCK: Any = _thread.allocate_lock
_REAL_LOCK_TYPE: Any = threading.Lock  # another object from 3.13 on
_REAL_SIMPLE_QUEUE: Any = queue.SimpleQueue
_REAL_START: Any = _thread.start_new_thread
THREADS: tuple[Any, ...] = (_REAL_LOCK, _REAL_SIMPLE_QUEUE, _REAL_START, _REAL_LOCK_TYPE)
"""What is replaced wherever a module has it."""


class Threads:
    """Starts and joins the threads of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._strands: weakref.WeakKeyDictionary[threading.Thread, Strand] = (
            weakref.WeakKeyDictionary()
        )

    def new_lock(self) -> Any:
        """A lock of the world for code on a host, a real one for the code around it."""
        return _REAL_LOCK() if self._world.current is None else WorldLock(self._world)

    def clock(self, real: Any, replacements: Mapping[Any, Any]) -> Any:
        """The monotonic clock for `threading` and `queue`, which threads around the run use too:
        those go on by the real one."""
        virtual = replacements[real]
        world = self._world
        return lambda: virtual() if world.owns_this_thread() else real()

    def start(self, real: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """`real` starts a thread (`_thread.start_new_thread` and its like): as a strand."""
        world = self._world
        if world.current is None:
            return real(function, *args, **kwargs)
        strand = world.strands.add(world.current)
        thread = getattr(function, "__self__", None)
        arguments = args[0] if args else ()  # from 3.13 on `threading` passes none

        def body() -> None:
            strand.run(function, arguments)

        result = real(body, (), **kwargs) if args else real(body, **kwargs)
        if isinstance(thread, threading.Thread):
            self._strands[thread] = strand
            strand.thread = thread
            self._prepare(thread, strand)
            strand.step()
        return result

    @staticmethod
    def _prepare(thread: threading.Thread, strand: Strand) -> None:
        """`Thread.start` waits for this event, maybe with locks in its hands that the thread's
        own code will want: that code begins at the thread's next turn."""
        started: Any = thread._started
        really_set = started.set

        def set_and_pause() -> None:
            really_set()
            strand.wait(lambda: True, None)

        started.set = set_and_pause
        told: Any = thread
        really_tell = told._invoke_excepthook

        def tell_what_is_its_own(ending: threading.Thread) -> None:
            if not isinstance(sys.exception(), HostCrashed):  # its process was killed: no failure
                really_tell(ending)

        def unwinding_is_no_failure() -> None:
            told._invoke_excepthook = lambda ending: None

        told._invoke_excepthook = tell_what_is_its_own
        strand.before_unwinding = unwinding_is_no_failure

    def main_thread(self, real: Callable[[], threading.Thread]) -> threading.Thread:
        """That of the program whose code asks."""
        host = self._world.current
        strand = None if host is None else host.main_strand
        for thread, each in self._strands.items():
            if each is strand:
                return thread
        return real()

    def is_alive(self, real: Any, thread: threading.Thread) -> bool:
        strand = self._strands.get(thread)
        return bool(real(thread)) if strand is None else not strand.over

    def join(self, real: Any, thread: threading.Thread, timeout: float | None = None) -> None:
        strand = self._strands.get(thread)
        if strand is not None and thread is not threading.current_thread():
            limit_ns = None if timeout is None else max(0, round(timeout * NS_PER_S))
            if not self._world.block_until(lambda: strand.over, limit_ns):
                return
            if strand.lost:
                return
            timeout = None  # it has ended: what is left takes no time
        real(thread, timeout)


def thread_replacements(threads: Threads) -> dict[Any, Any]:
    """For each of `THREADS` what stands for it during a run."""
    python_queue: Any = queue._PySimpleQueue

    def start_new_thread(function: Any, args: Any, kwargs: Any = None) -> Any:
        return threads.start(_REAL_START, lambda *given: function(*given, **(kwargs or {})), args)

    fakes = (threads.new_lock, python_queue, start_new_thread, threads.new_lock)
    return dict(zip(THREADS, fakes, strict=True))


@contextmanager
def threads_hand_over(threads: Threads, replacements: Mapping[Any, Any]) -> Iterator[None]:
    """Within it, threads run one at a time, in a fixed order, and wait by the world's clock."""
    module: Any = threading
    kind: Any = threading.Thread
    start_name = (
        "_start_joinable_thread"
        if hasattr(module, "_start_joinable_thread")
        else "_start_new_thread"
    )
    real_start, real_join, real_is_alive = getattr(module, start_name), kind.join, kind.is_alive
    real_main_thread = threading.main_thread
    changes: list[tuple[Any, str, Any]] = [
        (
            module,
            start_name,
            lambda function, *a, **k: threads.start(real_start, function, *a, **k),
        ),
        (module, "Lock", threads.new_lock),
        (module, "_allocate_lock", threads.new_lock),
        (module, "_CRLock", None),
        (module, "_counter", itertools.count(1).__next__),
        (module, "main_thread", lambda: threads.main_thread(real_main_thread)),
        (kind, "join", lambda thread, timeout=None: threads.join(real_join, thread, timeout)),
        (kind, "is_alive", lambda thread: threads.is_alive(real_is_alive, thread)),
        (queue, "SimpleQueue", queue._PySimpleQueue),
        (module, "_time", threads.clock(module._time, replacements)),
        (queue, "time", threads.clock(queue.time, replacements)),
        (pools.ThreadPoolExecutor, "_counter", itertools.count().__next__),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    for owner, name, value in changes:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)
