"""freezegun inside a world: `freeze_time` sets the wall clock, which goes on from there.

Nothing stands still in a world: a frozen clock would only go wrong by as much as the world goes
on, and every signed request with it. So `freeze_time` moves the wall clock of the code under test
to its moment, and puts it back at its end; the venues keep the world's own time. `tick` and
`move_to` let virtual time pass, as `time.sleep` does; backwards they only set the wall clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import freezegun.api as frozen

from simulator.errors import InputError, WorldError

if TYPE_CHECKING:
    from simulator.world import World

_NS_PER_US = 1_000
_US = timedelta(microseconds=1)
_ENDLESS = "freeze_time(auto_tick_seconds=...)"


class _Going:
    """What `freeze_time` gives out inside a world: freezegun's interface, the world's time."""

    def __init__(
        self,
        now: Callable[[], datetime],
        go: Callable[[timedelta], None],
        shift_before_ns: int,
    ) -> None:
        self._now = now
        self._go = go
        self.shift_before_ns = shift_before_ns

    def __call__(self) -> datetime:
        """Naive UTC, as freezegun has it."""
        return self._now()

    @property
    def time_to_freeze(self) -> datetime:
        """As calling it."""
        return self._now()

    def tick(self, delta: timedelta | float = 1) -> datetime:
        """Lets time pass; seconds, or a timedelta."""
        self._go(_span(delta))
        return self._now()

    def move_to(self, target: Any) -> None:
        """Lets time pass until then."""
        self._go(frozen._parse_time_to_freeze(target) - self._now())


@contextmanager
def freezes_go_on(world: World, now: Callable[[], datetime]) -> Iterator[None]:
    """For the length of a run; `now` is the wall clock as naive UTC.

    A `freeze_time` from before the world goes on with it too. Raises WorldError where one is ended
    inside the world that began before it.
    """
    with ExitStack() as undo:
        for owner, methods in _replaced(world, now):
            for method in methods:
                undo.callback(setattr, owner, method.__name__, owner.__dict__[method.__name__])
                setattr(owner, method.__name__, method)
        yield


def _replaced(
    world: World, now: Callable[[], datetime]
) -> tuple[tuple[type[Any], tuple[Callable[..., Any], ...]], ...]:
    """Of each of freezegun's classes, the methods that go by the world's time."""

    def go(delta: timedelta) -> None:
        delta_ns = delta // _US * _NS_PER_US
        if delta_ns > 0:
            world.block(delta_ns)
        else:
            world.wall_shift_ns += delta_ns

    def start(self: Any) -> Any:
        if self.auto_tick_seconds:
            raise InputError(
                f"{_ENDLESS} cannot be used in a world, where no time passes while code runs; "
                f"leave it out, and let the code sleep"
            )
        factory: Any = _Going(now, go, world.wall_shift_ns)
        world.wall_shift_ns += (self.time_to_freeze - now()) // _US * _NS_PER_US
        frozen.freeze_factories.append(factory)
        frozen.tz_offsets.append(self.tz_offset)
        frozen.ignore_lists.append(())
        frozen.tick_flags.append(False)
        return factory

    def stop(self: Any) -> None:
        newest = frozen.freeze_factories[-1]
        if not isinstance(newest, _Going):
            raise WorldError(
                "a freeze_time from before the world cannot end inside it; leave the world first"
            )
        world.wall_shift_ns = newest.shift_before_ns
        stacks = (frozen.freeze_factories, frozen.tz_offsets, frozen.ignore_lists)
        for stack in (*stacks, frozen.tick_flags):
            stack.pop()

    def tick(self: Any, delta: timedelta | float = 1) -> datetime:
        go(_span(delta))
        _tell(self, now())
        return now()

    def move_to(self: Any, target: Any) -> None:
        go(frozen._parse_time_to_freeze(target) - now())
        _tell(self, now())

    return (
        (frozen._freeze_time, (start, stop)),
        (frozen.FrozenDateTimeFactory, (tick, move_to)),
        (frozen.TickingDateTimeFactory, (tick, move_to)),
        (frozen.StepTickTimeFactory, (tick, move_to)),
    )


def _span(delta: timedelta | float) -> timedelta:
    return delta if isinstance(delta, timedelta) else timedelta(seconds=delta)


def _tell(factory: Any, moment: datetime) -> None:
    """One that began before the world is where the world is, also after it."""
    factory.time_to_freeze = moment
    factory.start = frozen.real_datetime.now()  # det-ok: of a clock that ticks after the run
