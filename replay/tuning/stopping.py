"""How work that takes hours is told to end early: Ctrl-C and SIGTERM, or whoever else wants it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from simulator.errors import SimulatorError


class StoppedError(SimulatorError):
    """The work was told to end before it was done."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message, exit_code)
        self.exit_code = exit_code

    def __str__(self) -> str:
        return str(self.args[0])


class Stop:
    """Whether the work is to end, and who wants to know of it."""

    def __init__(self) -> None:
        self.asked_by: signal.Signals | None = None
        self.listeners: list[Callable[[], None]] = []
        """Told when it is asked, in the middle of anything: they may do no more than wake up
        whoever waits."""

    def ask(self, by: signal.Signals) -> None:
        """From now on nothing new is begun."""
        self.asked_by = by
        for tell in self.listeners:
            tell()

    def error(self, told: str) -> StoppedError:
        """How the work ends then: `told` says how far it came. Shells expect these codes."""
        assert self.asked_by is not None  # somebody has asked
        return StoppedError(f"stopped by {self.asked_by.name}: {told}", 128 + self.asked_by)


@contextmanager
def stopped_by_signals() -> Iterator[Stop]:
    """The first SIGINT or SIGTERM asks to stop; the second ends the process as if there was
    nothing to keep (nothing is lost even then). Only for the main thread."""
    stop = Stop()
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, _: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_DFL)
        stop.ask(signal.Signals(number))

    for each in before:
        signal.signal(each, ask)
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
