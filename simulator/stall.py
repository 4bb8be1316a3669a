"""What to say when a world stands still or spins: which tasks wait, where, and for what."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from types import CoroutineType, FrameType
from typing import TYPE_CHECKING, Any

from simulator.caller import is_foreign, place_of
from simulator.clock import NS_PER_S
from simulator.errors import SpinningError, StalledError
from simulator.loop import HostLoop

if TYPE_CHECKING:
    from simulator.host import Host


def _frames(coro: Any) -> tuple[list[FrameType], object]:
    """The suspended frames of a coroutine, outermost first, and what the last one awaits."""
    frames: list[FrameType] = []
    while isinstance(coro, CoroutineType):
        if coro.cr_frame is not None:
            frames.append(coro.cr_frame)
        coro = coro.cr_await
    return frames, coro


def _own_place(frames: list[FrameType]) -> str:
    """Where the task's own code is: its innermost frame outside the library."""
    own = [frame for frame in frames if is_foreign(frame.f_code.co_filename)] or frames
    if not own:
        return "before its first line"
    code = own[-1].f_code
    return f"{code.co_filename}:{own[-1].f_lineno} in {code.co_name}"


def _describe(task: asyncio.Task[Any]) -> str:
    """`Task-1 (main) at file:12 in read, awaiting a Future in Queue.get`."""
    coro = task.get_coro()
    frames, awaited = _frames(coro)
    name = getattr(coro, "__qualname__", repr(coro))
    waiter = "" if awaited is None else f", awaiting a {type(awaited).__name__}"
    inside = f" in {frames[-1].f_code.co_qualname}" if awaited is not None and frames else ""
    return f"{task.get_name()} ({name}) at {_own_place(frames)}{waiter}{inside}"


def waiting(loops: Iterable[HostLoop]) -> str:
    """Every unfinished task on a line of its own; empty if there is none."""
    waits = [f"\n  {loop.host.name}: {_describe(task)}" for loop in loops for task in loop.tasks()]
    return f"; these tasks were waiting:{''.join(waits)}" if waits else ""


def stalled(
    loops: Iterable[HostLoop], threads: Iterable[str] = (), blocked: str | None = None
) -> StalledError:
    """The error for a world in which nothing can happen any more; `threads` says where those
    stand, `blocked` what other code stands in a blocking call, if any does."""
    waits = [f"  {loop.host.name}: {_describe(task)}" for loop in loops for task in loop.tasks()]
    waits += [f"  {place}" for place in threads]
    return StalledError(
        "nothing is ready and nothing is scheduled, yet the run is not over; "
        + (f"the {blocked}; " if blocked else "")
        + (
            "these tasks wait for what nobody will do:\n" + "\n".join(waits)
            if waits
            else "no task waits either: the condition can't come true any more"
        )
    )


def spinning(loops: Iterable[HostLoop], turns: int, elapsed_ns: int) -> SpinningError:
    """The error for a world in which so many turns were taken at one instant."""
    places = [place for loop in loops for place in _where_running(loop)]
    return SpinningError(
        f"{turns} turns at {elapsed_ns / NS_PER_S:.9f} s and time does not "
        f"pass; busy: {'; '.join(places) or 'the world itself'}; let it await something that "
        f"takes time, or raise step_limit"
    )


def where_it_stands(host: Host) -> list[str]:
    """Where each part of a host's code is: what blocks, what awaits, its threads."""
    world = host.world
    blocks = [f"blocks at {place_of(frame)}" for frame in host.blocked[-1:]]
    waits = [
        f"waits in {_describe(task)}" for loop in world.loops_of(host) for task in loop.tasks()
    ]
    return blocks + waits + world.strands.places(host)


def _where_running(loop: HostLoop) -> Iterator[str]:
    """Where the callbacks that are ready on a loop come from."""
    for callback in loop.ready_callbacks()[:3]:
        owner = getattr(callback, "__self__", None)
        if isinstance(owner, asyncio.Task):
            yield f"{loop.host.name}: {_describe(owner)}"
        else:
            yield f"{loop.host.name}: {getattr(callback, '__qualname__', callback)}"
