"""POSIX signals to a host's program: its handler is called, or the default action is taken.

A signal comes when the host's code waits: in its loop, or in a blocking call.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from simulator.stall import where_it_stands

if TYPE_CHECKING:
    from simulator.host import Host

_HARMLESS = (signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH)
"""Those whose default action is none."""


def send(host: Host, number: int) -> None:
    """What a signal does to a host's program: its handler, or the default action.

    Raises what a handler raises; where the program has a thread of its own, that is raised there.
    """
    world = host.world
    world.trace.record("signal", host.name, signal=signal.Signals(number).name)
    if number == signal.SIGKILL:
        _end(host, number)
        return
    on_loop = host.signal_handlers.get(number)
    if on_loop is not None:
        loop, callback, args = on_loop
        host.signals_handled += 1
        loop.call_soon_threadsafe(callback, *args)
        return
    handler = host.program_handlers.get(number, first_handler(number))
    if callable(handler):
        host.signals_handled += 1
        strand = host.main_strand
        if strand is not None and not strand.over and strand is not world.strands.current:
            strand.interrupt(lambda: handler(number, None))
            return
        with world.at(host):
            handler(number, None)
    elif handler == signal.SIG_DFL and number not in _HARMLESS:
        _end(host, number)


def _end(host: Host, number: int) -> None:
    host.ended_at = where_it_stands(host)
    host.crash(signal.Signals(number).name, code=-number)


def first_handler(number: int) -> Any:
    """What Python sets when it starts."""
    return signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
