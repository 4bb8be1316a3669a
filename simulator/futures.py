"""Futures and tasks whose sets have the same order in every run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.loop import HostLoop


class HostFuture(asyncio.Future):  # type: ignore[type-arg]
    """What a host's loop gives out as a future.

    It is hashed by a number, given when it is first put into a set, instead of by an address:
    libraries keep futures in sets and wake them in the sets' order.
    """

    _number: int | None = None
    _loop: HostLoop

    def __hash__(self) -> int:
        number = self._number
        if number is None:
            number = self._number = next(self._loop.future_numbers)
        return number


class HostTask(asyncio.Task):  # type: ignore[type-arg]
    """What a host's loop gives out as a task; hashed by a number as well, of a count of its own."""

    _number: int | None = None
    _loop: HostLoop

    def __hash__(self) -> int:
        number = self._number
        if number is None:
            number = self._number = next(self._loop.task_numbers)
        return number
