"""POSIX signals inside a world: sent by the world, never by the real machine.

`signal.signal` and `getsignal` speak of the signals of the host whose code runs; the handlers of
the real process stay as they are, so that Ctrl-C at a real keyboard still ends a run.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from simulator.signals import first_handler, send

if TYPE_CHECKING:
    from simulator.host import Host
    from simulator.world import World


class _Signals:
    """The functions that stand for those of `signal` and `os`; each takes the host that asks."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._real_kill = os.kill

    def signal(self, host: Host, number: int, handler: Any) -> Any:
        number = int(signal.Signals(number))
        if not callable(handler) and handler not in (signal.SIG_DFL, signal.SIG_IGN):
            raise TypeError(
                "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object"
            )
        if number in (signal.SIGKILL, signal.SIGSTOP):
            raise OSError(22, "Invalid argument")
        before = host.program_handlers.get(number, first_handler(number))
        host.program_handlers[number] = handler
        return before

    def getsignal(self, host: Host, number: int) -> Any:
        return host.program_handlers.get(int(number), first_handler(int(number)))

    def raise_signal(self, host: Host, number: int) -> None:
        self.kill(host, os.getpid(), number)

    def pause(self, host: Host) -> None:
        before = host.signals_handled
        self._world.block_until(lambda: host.signals_handled > before, None)

    def kill(self, host: Host, pid: int, number: int) -> None:
        if pid != os.getpid():
            self._real_kill(pid, number)
        elif number:  # 0 asks whether there is such a process
            send(host, number)
            host.must_live()


@contextmanager
def signals_of_the_hosts(world: World) -> Iterator[None]:
    """Within it, code that runs on a host speaks of that host's signals."""
    ours = _Signals(world)
    with ExitStack() as undo:
        for fake in (ours.signal, ours.getsignal, ours.raise_signal, ours.pause):
            undo.enter_context(_replaced(world, signal, fake))
        undo.enter_context(_replaced(world, os, ours.kill))
        yield


@contextmanager
def _replaced(world: World, owner: Any, fake: Callable[..., Any]) -> Iterator[None]:
    """Outside any host the real one answers."""
    name = fake.__name__
    real = getattr(owner, name)

    def ask(*args: Any) -> Any:
        host = world.current
        return real(*args) if host is None else fake(host, *args)

    setattr(owner, name, ask)
    try:
        yield
    finally:
        setattr(owner, name, real)
