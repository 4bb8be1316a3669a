"""The one clock of a world: a simpy environment in integer nanoseconds since the Unix epoch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    getcontext,
    setcontext,
)

import simpy

from simulator.errors import InputError, WorldError

NS_PER_S = 1_000_000_000
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_DECIMALS = Context(
    prec=28, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow]
)
"""As Python's own is at first."""


class Clock(simpy.Environment):
    """Virtual time. `now` is an `int`, nanoseconds since the epoch; simpy's delays are too."""

    _now: int  # simpy takes any number; here it is one kind
    _queue: list[tuple[int, int, int, simpy.Event]]  # type: ignore[assignment]

    @property
    def now(self) -> int:
        return self._now

    def __init__(self, start_ns: int) -> None:
        super().__init__(start_ns)
        self.start_ns = start_ns

    def call_after(self, delay_ns: int, action: Callable[[], None]) -> None:
        """Calls `action` when so much time has passed."""
        self.timeout(delay_ns).callbacks.append(lambda _: action())

    def next_event_ns(self) -> int | None:
        """When the next simpy event is due, or None."""
        queue = self._queue
        return queue[0][0] if queue else None

    def run_due(self) -> None:
        """Processes every event that is due by now, also those that it schedules for now.

        In a decimal context of their own: a bot that blocks has left its own in force, and ccxt
        sets one that rounds half up.
        """
        queue = self._queue
        now = self._now
        theirs = getcontext()
        setcontext(_DECIMALS.copy())
        try:
            while queue and queue[0][0] <= now:
                self.step()
        finally:
            setcontext(theirs)

    def move_to(self, when_ns: int) -> None:
        """Lets time pass up to `when_ns`; events in between must have been processed."""
        if when_ns < self._now:
            raise WorldError(f"time can't go backwards: now {self._now}, asked for {when_ns}")
        self._now = when_ns

    def pass_ns(self, duration_ns: int) -> None:
        """Lets time pass where no world does, with every event that falls due on the way."""
        end_ns = self._now + duration_ns
        while (next_ns := self.next_event_ns()) is not None and next_ns <= end_ns:
            self.move_to(max(next_ns, self._now))
            self.run_due()
        self.move_to(end_ns)

    @property
    def elapsed_ns(self) -> int:
        """Virtual time since the start."""
        return self._now - self.start_ns


def parse_start(start: str | datetime | int) -> tuple[int, int]:
    """A start moment as (nanoseconds since the epoch, UTC offset in seconds).

    Takes an ISO 8601 text with an offset, an aware datetime, or nanoseconds (offset 0).
    Raises InputError for anything without an offset: local time would differ by machine.
    """
    if isinstance(start, int):
        return start, 0
    if isinstance(start, str):
        try:
            start = datetime.fromisoformat(start)
        except ValueError as error:
            raise InputError(
                f"start must be an ISO 8601 time such as 2025-10-28T22:34:00+04:00, was {start!r}"
            ) from error
    offset = start.utcoffset()
    if offset is None:
        raise InputError(
            f"start must carry a UTC offset, was {start.isoformat()}; append Z or +04:00"
        )
    days = start.toordinal() - _EPOCH_ORDINAL
    seconds = days * 86_400 + start.hour * 3_600 + start.minute * 60 + start.second
    offset_s = int(offset.total_seconds())
    return (seconds - offset_s) * NS_PER_S + start.microsecond * 1_000, offset_s
