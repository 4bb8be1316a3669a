"""What to say when a world stands still or spins: which tasks wait, where, and for what."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from types import CoroutineType, FrameType
from typing import Any

from simulator.errors import StalledError
from simulator.loop import HostLoop


def _innermost(coro: Any) -> tuple[FrameType | None, object]:
    """The deepest suspended frame of a coroutine, and what that one awaits."""
    frame: FrameType | None = None
    while isinstance(coro, CoroutineType):
        frame = coro.cr_frame or frame
        coro = coro.cr_await
    return frame, coro


def _place(frame: FrameType | None) -> str:
    if frame is None:
        return "before its first line"
    code = frame.f_code
    return f"{code.co_filename}:{frame.f_lineno} in {code.co_name}"


def _outermost_place(coro: Any) -> str:
    return _place(getattr(coro, "cr_frame", None))


def describe_wait(task: asyncio.Task[Any]) -> str:
    """`Task-1 (main): waits at file:12 in read for <Future pending>; began at file:3 in main`."""
    coro = task.get_coro()
    frame, awaited = _innermost(coro)
    waiter = type(awaited).__name__ if awaited is not None else "nothing"
    name = getattr(coro, "__qualname__", repr(coro))
    return (
        f"{task.get_name()} ({name}): waits at {_place(frame)} for a {waiter}; "
        f"its own code is at {_outermost_place(coro)}"
    )


def stalled(loops: Iterable[HostLoop]) -> StalledError:
    """The error for a world in which nothing can happen any more."""
    waits = [
        f"  {loop.host.name}: {describe_wait(task)}" for loop in loops for task in loop.tasks()
    ]
    return StalledError(
        "nothing is ready and nothing is scheduled, yet the run is not over; "
        + (
            "these tasks wait for what nobody will do:\n" + "\n".join(waits)
            if waits
            else "no task waits either: the condition can't come true any more"
        )
    )


def where_running(loop: HostLoop) -> Iterator[str]:
    """Where the callbacks that are ready on a loop come from."""
    for handle in list(loop._ready)[:3]:
        callback = handle._callback
        owner = getattr(callback, "__self__", None)
        if isinstance(owner, asyncio.Task):
            coro = owner.get_coro()
            frame, _ = _innermost(coro)
            name = getattr(coro, "__qualname__", repr(coro))
            yield f"{loop.host.name}: {owner.get_name()} ({name}) at {_place(frame)}"
        else:
            yield f"{loop.host.name}: {getattr(callback, '__qualname__', callback)}"
