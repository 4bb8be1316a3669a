"""Every clock of the process tells the world's time, as the current host's clock shows it.

freezegun replaces `datetime`, `date` and the functions of `time`, also where modules took them by
name. Its factory and its functions are then made to ask the world, so that each host can have its
own offset and nothing has to be moved when time passes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import freezegun
import freezegun.api as frozen

from simulator.caller import calling_place
from simulator.clock import NS_PER_S
from simulator.errors import SpinningError
from simulator.host import UPTIME_NS
from simulator.takeover.captures import HARNESS, replaced

if TYPE_CHECKING:
    from simulator.world import World

_READS_LIMIT = 2_000_000
"""Reads of a clock without anything else happening before somebody is said to wait by looking."""

_REAL_SLEEP = time.sleep
_EPOCH = frozen.real_datetime(1970, 1, 1)


class _Clocks:
    """The functions that stand for those of `time` while a world is entered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._clock = world.env
        self._last_read_ns = -1
        self._reads = 0

    def _check_progress(self) -> None:
        """Catches a loop that waits by looking at the clock: looking does not move it."""
        now: int = self._clock._now
        if now != self._last_read_ns:
            self._last_read_ns = now
            self._reads = 0
        self._reads += 1
        if self._reads > _READS_LIMIT:
            raise SpinningError(
                f"the clock was read {_READS_LIMIT} times at the same instant, last at "
                f"{calling_place()}; virtual time passes only while something waits: sleep instead"
            )

    def wall_ns(self) -> int:
        host = self._world.current
        if host is None:
            return self._clock._now
        self._check_progress()
        return host.wall_ns()

    def monotonic_ns(self) -> int:
        host = self._world.current
        if host is None:
            return UPTIME_NS + self._clock.elapsed_ns
        self._check_progress()
        return host.monotonic_ns()

    def wall_s(self) -> float:
        return self.wall_ns() / NS_PER_S

    def monotonic_s(self) -> float:
        return self.monotonic_ns() / NS_PER_S

    def wall_datetime(self) -> datetime:
        """Naive UTC, to the microsecond: what freezegun asks its factories for."""
        return _EPOCH + timedelta(microseconds=self.wall_ns() // 1_000)

    def sleep(self, seconds: float) -> None:
        """`time.sleep`: the host stands still, the world goes on."""
        self._world.block(round(seconds * NS_PER_S))


@contextmanager
def virtual_time(world: World) -> Iterator[None]:
    """All time is the world's."""
    clocks = _Clocks(world)
    offset = timedelta(seconds=world.utc_offset_s)
    with _local_zone(world.utc_offset_s), _asking(clocks, offset):
        freezer = freezegun.freeze_time(_EPOCH, tz_offset=offset, ignore=list(HARNESS))
        freezer.start()
        frozen.freeze_factories[-1] = clocks.wall_datetime  # type: ignore[call-overload]
        try:
            with replaced({_REAL_SLEEP: clocks.sleep}):
                yield
        finally:
            freezer.stop()


@contextmanager
def _asking(clocks: _Clocks, offset: timedelta) -> Iterator[None]:
    """Has freezegun use the world's functions: to the nanosecond, and without walking the stack.

    Its `now(tz)` adds the local offset to a time that has its own zone already
    (spulec/freezegun#348); it gets one that does not.
    """

    def now(cls: Any, tz: Any = None) -> datetime:
        moment = clocks.wall_datetime()
        if tz is None:
            return frozen.datetime_to_fakedatetime(moment + offset)
        return frozen.datetime_to_fakedatetime(tz.fromutc(moment.replace(tzinfo=tz)))

    functions: dict[str, Callable[..., Any]] = {
        "fake_time": clocks.wall_s,
        "fake_time_ns": clocks.wall_ns,
        "fake_monotonic": clocks.monotonic_s,
        "fake_monotonic_ns": clocks.monotonic_ns,
        "fake_perf_counter": clocks.monotonic_s,
        "fake_perf_counter_ns": clocks.monotonic_ns,
    }
    before = {name: getattr(frozen, name) for name in functions}
    before_now = frozen.FakeDatetime.__dict__["now"]
    before_limit = frozen.call_stack_inspection_limit
    frozen.call_stack_inspection_limit = 0  # nobody who asks by module gets the real time
    for name, function in functions.items():
        setattr(frozen, name, _named(name, function))
    fake_datetime: Any = frozen.FakeDatetime
    fake_datetime.now = classmethod(now)
    try:
        yield
    finally:
        fake_datetime.now = before_now
        frozen.call_stack_inspection_limit = before_limit
        for name, function in before.items():
            setattr(frozen, name, function)


def _named(name: str, function: Callable[[], Any]) -> Callable[[], Any]:
    """A plain function: freezegun reads `__name__`, and a method's cannot be set."""

    def read() -> Any:
        return function()

    read.__name__ = name
    return read


@contextmanager
def _local_zone(utc_offset_s: int) -> Iterator[None]:
    """The C library's local time, which log formatters use, is that of the scenario."""
    before = os.environ.get("TZ")
    zone = timezone(timedelta(seconds=utc_offset_s))
    hours, rest = divmod(abs(utc_offset_s), 3_600)
    sign = "-" if utc_offset_s >= 0 else "+"  # POSIX counts westward
    name = zone.tzname(None).removeprefix("UTC").replace(":", "") or "+00"
    os.environ["TZ"] = f"<{name}>{sign}{hours:02d}:{rest // 60:02d}"
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
