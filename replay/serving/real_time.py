"""A loop whose venues live by the wall clock: what is due in the model happens when it is due."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable
from typing import Any

from simulator.clock import NS_PER_S, Clock


def wall_ns() -> int:
    """Nanoseconds since the epoch, as this machine has it."""
    return time.time_ns()  # det-ok: clients in other processes sign with the same clock


class _Selector(selectors.DefaultSelector):
    """Waits no longer than until the model's next event, and brings the model up to date before
    any code of the loop runs: whoever handles a request finds the present moment."""

    def __init__(self, clock: Clock, now_ns: Callable[[], int]) -> None:
        super().__init__()
        self._clock = clock
        self._now_ns = now_ns

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        next_ns = self._clock.next_event_ns()
        if next_ns is not None:
            due_s = max(0, next_ns - self._now_ns()) / NS_PER_S
            timeout = due_s if timeout is None else min(timeout, due_s)
        ready = super().select(timeout)
        # A wall clock that is set back stands still for the model until it has caught up.
        behind_ns = self._now_ns() - self._clock.now
        if behind_ns > 0:
            self._clock.pass_ns(behind_ns)
        return ready


def loop_of(clock: Clock, now_ns: Callable[[], int] = wall_ns) -> asyncio.AbstractEventLoop:
    """A loop that keeps `clock` at `now_ns()`, with every event on the way in its order."""
    return asyncio.SelectorEventLoop(_Selector(clock, now_ns))
