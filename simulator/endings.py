"""How a program on a host ends, beside the end of its code.

Python waits for threads that are no daemons and calls what was registered with `atexit`. Both are
part of the run: after it, they would meet the real clock and the real network.
"""

from __future__ import annotations

import concurrent.futures.thread as pools
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulator.errors import HostCrashed, SimulatorError

if TYPE_CHECKING:
    import threading

    from simulator.host import Host

_QUEUES: Any = vars(pools)["_threads_queues"]
"""Of the workers of thread pools."""


def come(host: Host) -> None:
    """The code of a host's main program is over: its threads are waited for, then its last words
    are said, those that were registered last first, and what it left open is closed.

    An error in there is told and changes nothing. Raises SimulatorError and HostCrashed.
    """
    _survived(lambda: _wait_for_threads(host))
    while host.last_words:
        _survived(host.last_words.pop().say)
    host.world.network.cut_host(host)


def _wait_for_threads(host: Host) -> None:
    while awaited := _awaited(host):
        for thread in awaited:
            _let_go(thread)
        awaited[0].join()


def _awaited(host: Host) -> list[threading.Thread]:
    """In the order in which they were started."""
    strands = host.world.strands
    return [
        each.thread
        for each in strands.alive
        if each.thread is not None
        and each.host is host
        and each is not strands.current
        and not each.over
        and not each.thread.daemon
    ]


def _let_go(worker: Any) -> None:
    """A thread of a pool ends once it has nothing more to do."""
    if worker in _QUEUES:
        pool = worker._args[0]() if worker._args else None  # a weak reference
        if pool is None:
            _QUEUES[worker].put(None)
        else:
            pool.shutdown(wait=False)


def _survived(action: Callable[[], object]) -> None:
    try:
        action()
    except (HostCrashed, SimulatorError) as error:
        if not isinstance(error, OSError):
            raise
        traceback.print_exc()
    except (Exception, SystemExit, KeyboardInterrupt):
        traceback.print_exc()
