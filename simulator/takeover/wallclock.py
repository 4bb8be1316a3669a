"""Every clock of the process tells the world's time, as the current host's clock shows it.

freezegun's `datetime` and `date` ask its newest factory for the time. During a run that factory is
the world, so that each host can have its own offset and nothing has to be moved when time passes.
The functions of `time` are the world's own: to the nanosecond, and without a walk up the stack.
"""

from __future__ import annotations

import copyreg
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import freezegun.api as frozen

from simulator.caller import calling_place
from simulator.clock import NS_PER_S
from simulator.errors import SpinningError
from simulator.host import UPTIME_NS
from simulator.takeover.freezes import freezes_go_on

if TYPE_CHECKING:
    from simulator.host import Host
    from simulator.world import World

_READS_LIMIT = 2_000_000
"""Reads of a clock without anything else happening before somebody is said to wait by looking."""

_EPOCH = frozen.real_datetime(1970, 1, 1)


class _Clocks:
    """The functions that stand for those of `time` while a world is entered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._clock = world.env
        self._origin_ns = world.env.start_ns - UPTIME_NS
        self._last_read_ns = -1
        self._reads = 0

    def _host(self) -> Host | None:
        """Whose clock is read. Catches who waits by looking at it: that does not move it."""
        now = self._clock._now
        if now != self._last_read_ns:
            self._last_read_ns = now
            self._reads = 0
        self._reads += 1
        host = self._world.current
        if self._reads > _READS_LIMIT and host is not None:
            raise self._world.fatal(
                SpinningError(
                    f"the clock was read {_READS_LIMIT} times at the same instant, last at "
                    f"{calling_place()}; virtual time passes only while something waits: sleep "
                    f"instead"
                )
            )
        return host

    def wall_ns(self) -> int:
        host = self._host()
        wall_ns = host.wall_ns() if host is not None else self._clock._now
        return wall_ns + self._world.wall_shift_ns

    def monotonic_ns(self) -> int:
        host = self._host()
        if host is None or not host.drift:
            return self._clock._now - self._origin_ns
        return host.monotonic_ns()

    def wall_s(self) -> float:
        return self.wall_ns() / NS_PER_S

    def monotonic_s(self) -> float:
        return self.monotonic_ns() / NS_PER_S

    # Two names for one thing must stay two objects: each is put back to its own real function.
    def perf_counter_s(self) -> float:
        return self.monotonic_s()

    def perf_counter_ns(self) -> int:
        return self.monotonic_ns()

    def wall_datetime(self) -> datetime:
        """Naive UTC, to the microsecond: what freezegun asks its factories for."""
        return _EPOCH + timedelta(microseconds=self.wall_ns() // 1_000)

    def sleep(self, seconds: float) -> None:
        """`time.sleep`: the host stands still, the world goes on."""
        self._world.block(round(seconds * NS_PER_S))


REAL = (
    frozen.real_time,
    frozen.real_time_ns,
    frozen.real_monotonic,
    frozen.real_monotonic_ns,
    frozen.real_perf_counter,
    frozen.real_perf_counter_ns,
    time.sleep,
    frozen.real_localtime,
    frozen.real_gmtime,
    frozen.real_strftime,
    frozen.real_datetime,
    frozen.real_date,
)
"""What is replaced. freezegun knows the real ones even when its time is frozen at this import."""

FROZEN = (
    frozen.fake_time,
    frozen.fake_time_ns,
    frozen.fake_monotonic,
    frozen.fake_monotonic_ns,
    frozen.fake_perf_counter,
    frozen.fake_perf_counter_ns,
    None,
    frozen.fake_localtime,
    frozen.fake_gmtime,
    frozen.fake_strftime,
    None,
    None,
)
"""What stands in their places while somebody else's `freeze_time` is at work; in their order."""


def clock_replacements(world: World) -> dict[Any, Any]:
    """For each of `REAL` what stands for it during a run."""
    clocks = _Clocks(world)

    def localtime(seconds: float | None = None) -> time.struct_time:
        return frozen.real_localtime(clocks.wall_s() if seconds is None else seconds)

    def gmtime(seconds: float | None = None) -> time.struct_time:
        return frozen.real_gmtime(clocks.wall_s() if seconds is None else seconds)

    def strftime(pattern: str, moment: Any = None) -> str:
        return frozen.real_strftime(pattern, localtime() if moment is None else moment)

    fakes = (
        clocks.wall_s,
        clocks.wall_ns,
        clocks.monotonic_s,
        clocks.monotonic_ns,
        clocks.perf_counter_s,
        clocks.perf_counter_ns,
        clocks.sleep,
        localtime,
        gmtime,
        strftime,
        frozen.FakeDatetime,
        frozen.FakeDate,
    )
    replacements: dict[Any, Any] = {}
    if frozen.freeze_factories:
        pairs = zip(FROZEN, fakes, strict=True)
        replacements = {other: fake for other, fake in pairs if other is not None}
    # The real ones last: they are what a module that is loaded during the run gets back.
    return {**replacements, **dict(zip(REAL, fakes, strict=True))}


@contextmanager
def virtual_time(world: World) -> Iterator[None]:
    """freezegun's dates, the local time zone and time-based UUIDs follow the world."""
    clocks = _Clocks(world)
    offset = timedelta(seconds=world.utc_offset_s)
    uuid_module: Any = uuid
    generate = uuid_module._generate_time_safe
    uuid_module._generate_time_safe = None  # libuuid reads the real clock
    uuid_module._last_timestamp = None
    pickles: Any = copyreg.dispatch_table
    pickles_before = dict(pickles)
    pickles[frozen.real_datetime] = frozen.pickle_fake_datetime
    pickles[frozen.real_date] = frozen.pickle_fake_date
    try:
        with (
            _local_zone(world.utc_offset_s),
            _factory(clocks, offset),
            freezes_go_on(world, clocks.wall_datetime),
        ):
            yield
    finally:
        for kind in (frozen.real_datetime, frozen.real_date):
            pickles.pop(kind)
            if kind in pickles_before:  # by a freeze_time around the world
                pickles[kind] = pickles_before[kind]
        uuid_module._generate_time_safe = generate
        uuid_module._last_timestamp = None


@contextmanager
def _factory(clocks: _Clocks, offset: timedelta) -> Iterator[None]:
    """Makes the world freezegun's newest factory.

    freezegun's `now(tz)` adds the local offset to a time that has its own zone already
    (spulec/freezegun#348); for the length of a run it has one that does not.
    """

    def now(cls: Any, tz: Any = None) -> datetime:
        moment = clocks.wall_datetime()
        if tz is None:
            return frozen.datetime_to_fakedatetime(moment + frozen.tz_offsets[-1])
        return frozen.datetime_to_fakedatetime(tz.fromutc(moment.replace(tzinfo=tz)))

    fake_datetime: Any = frozen.FakeDatetime
    before_now = fake_datetime.__dict__["now"]
    factories: list[Any] = frozen.freeze_factories
    depth = len(factories)
    factories.append(clocks.wall_datetime)
    frozen.tz_offsets.append(offset)
    frozen.ignore_lists.append(())
    frozen.tick_flags.append(False)
    fake_datetime.now = classmethod(now)
    try:
        yield
    finally:
        fake_datetime.now = before_now
        for stack in (factories, frozen.tz_offsets, frozen.ignore_lists, frozen.tick_flags):
            del stack[depth:]


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
