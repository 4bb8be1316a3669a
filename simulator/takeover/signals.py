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
    from simulator.world import World


@contextmanager
def signals_of_the_hosts(world: World) -> Iterator[None]:
    """Within it, code that runs on a host speaks of that host's signals."""
    real_set, real_get, real_kill = signal.signal, signal.getsignal, os.kill
    real_pause = signal.pause

    def set_handler(number: int, handler: Any) -> Any:
        host = world.current
        if host is None:
            return real_set(number, handler)
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

    def get_handler(number: int) -> Any:
        host = world.current
        if host is None:
            return real_get(number)
        return host.program_handlers.get(int(number), first_handler(int(number)))

    def kill(pid: int, number: int) -> None:
        host = world.current
        if host is None or pid != os.getpid():
            real_kill(pid, number)
        elif number:  # 0 asks whether there is such a process
            send(host, number)
            host.must_live()

    def pause() -> None:
        host = world.current
        if host is None:
            real_pause()
            return
        before = host.signals_handled
        world.block_until(lambda: host.signals_handled > before, None)

    def raise_signal(number: int) -> None:
        kill(os.getpid(), number)

    with ExitStack() as undo:
        for owner, name, fake in (
            (signal, "signal", set_handler),
            (signal, "getsignal", get_handler),
            (signal, "raise_signal", raise_signal),
            (signal, "pause", pause),
            (os, "kill", kill),
        ):
            undo.enter_context(_replaced(owner, name, fake))
        yield


@contextmanager
def _replaced(owner: Any, name: str, fake: Callable[..., Any]) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, fake)
    try:
        yield
    finally:
        setattr(owner, name, before)
