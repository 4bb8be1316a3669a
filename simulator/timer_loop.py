"""The time of a host's loop, and the callbacks that wait for it.

Timers are kept by integer nanosecond and order of creation: equal times fire in the order in which
they were set.
"""

# mypy: disable-error-code="attr-defined, override"
# A loop that is a subclass of asyncio's own reads attributes that typeshed does not list.

from __future__ import annotations

import asyncio
import contextvars
import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulator.clock import NS_PER_S
from simulator.handles import Ready, Timer

if TYPE_CHECKING:
    from simulator.host import Host

_COMPACT_ABOVE = 100
"""Cancelled timers are swept out when there are more than these and they are the majority."""


class TimerLoop(asyncio.BaseEventLoop):
    """The part of `HostLoop` that keeps time. Never used alone."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self._clock = host.world.env
        self._origin_ns = host.origin_ns
        self._timers: list[tuple[int, int, asyncio.TimerHandle]] = []
        self._timer_count = 0
        self._cancelled_timers = 0
        self._fired_s = 0.0

    def time(self) -> float:
        """Seconds on the host's monotonic clock; the same as `time.monotonic()` in a run."""
        if self.host.drift:
            now = self.host.monotonic_ns() / NS_PER_S
        else:
            now = (self._clock._now - self._origin_ns) / NS_PER_S
        # A timer fires at the nearest nanosecond, which may lie a rounding before its float; who
        # asks then must not find itself early and wait again for ever.
        fired = self._fired_s
        return now if now > fired else fired

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        if self._closed:
            self._check_closed()
        timer = Timer(when, callback, args, self, context or contextvars.copy_context())
        if self.host.drift:
            when_ns = self.host.moment_ns(when)
        else:
            when_ns = self._origin_ns + round(when * NS_PER_S)
        self._timer_count += 1
        heapq.heappush(self._timers, (when_ns, self._timer_count, timer))
        return timer

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        # As `call_at(time() + delay)`, in one call: this is what every sleep goes through.
        if self._closed:
            self._check_closed()
        host = self.host
        if host.drift:
            return self.call_at(self.time() + delay, callback, *args, context=context)
        now = (self._clock._now - self._origin_ns) / NS_PER_S
        if now < self._fired_s:
            now = self._fired_s
        when = now + delay
        timer = Timer(when, callback, args, self, context or contextvars.copy_context())
        self._timer_count += 1
        entry = (self._origin_ns + round(when * NS_PER_S), self._timer_count, timer)
        heapq.heappush(self._timers, entry)
        return timer

    def call_at_ns(
        self, when_ns: int, callback: Callable[..., object], *args: Any
    ) -> asyncio.TimerHandle:
        """Like `call_at`, at an exact moment of the world, in the host's own empty context."""
        timer = Timer(0.0, callback, args, self, self.host.context)
        self._timer_count += 1
        heapq.heappush(self._timers, (when_ns, self._timer_count, timer))
        return timer

    def call_soon(
        self,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        if self._closed:
            self._check_closed()
        handle = Ready(callback, args, self, context or contextvars.copy_context())
        self._ready.append(handle)
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self._cancelled_timers += 1
        if self._cancelled_timers > _COMPACT_ABOVE:
            self._compact_timers()

    def _compact_timers(self) -> None:
        if self._cancelled_timers * 2 > len(self._timers):
            # In place: the list may be in somebody's hands.
            self._timers[:] = [entry for entry in self._timers if not entry[2]._cancelled]
            heapq.heapify(self._timers)
            self._cancelled_timers = 0

    def next_timer_ns(self) -> int | None:
        """When the earliest live timer is due, or None."""
        timers = self._timers
        while timers:
            entry = timers[0]
            if not entry[2]._cancelled:
                return entry[0]
            heapq.heappop(timers)
            entry[2]._scheduled = False
            self._cancelled_timers -= 1
        return None
