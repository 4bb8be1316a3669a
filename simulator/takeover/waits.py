"""Waiting for file descriptors takes virtual time: `select`, `poll`, `epoll` and `selectors`.

The real calls are asked, without waiting, what is ready; in between the world goes on.
"""

from __future__ import annotations

import math
import select
import selectors
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from simulator.clock import NS_PER_S

if TYPE_CHECKING:
    from simulator.world import World

T = TypeVar("T")

_SELECT: Any = select.select
_POLL: Any = getattr(select, "poll", None)
_EPOLL: Any = getattr(select, "epoll", None)
WAITS: tuple[Any, ...] = tuple(each for each in (_SELECT, _POLL, _EPOLL) if each is not None)
"""What is replaced wherever a module has it."""


def _wait(
    world: World, look: Callable[[float], T], timeout_s: float | None, waited_for: Iterable[Any]
) -> T:
    """What `look`, which waits so many real seconds, finds as soon as it finds something, or when
    the time is over. Where a real neighbour is waited for, the whole world waits with it."""
    found = look(0)
    if _any(found):
        return found
    neighbour = world.neighbours.behind(waited_for)
    if neighbour is not None:
        patience_s = neighbour.timeout_s
        return look(patience_s if timeout_s is None else min(timeout_s, patience_s))
    if timeout_s is not None and timeout_s <= 0:
        world.network.blocking.count_look()
        return found

    def ready() -> bool:
        nonlocal found
        found = look(0)
        return _any(found)

    world.block_until(ready, None if timeout_s is None else round(timeout_s * NS_PER_S))
    return found


def _any(found: Any) -> bool:
    """Whether there is anything in a list, or in one of `select`'s three."""
    return any(found) if isinstance(found, tuple) else bool(found)


class _Waiter:
    """A poll or epoll object: the real one, whose waiting is the world's."""

    def __init__(self, world: World, real: Any) -> None:
        self._world = world
        self._real = real
        self._waited_for: dict[Any, None] = {}

    def register(self, fd: Any, *mask: int) -> None:
        """As the real one's."""
        self._real.register(fd, *mask)
        self._waited_for[fd] = None

    def unregister(self, fd: Any) -> None:
        """As the real one's."""
        self._waited_for.pop(fd, None)
        self._real.unregister(fd)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class _Poll(_Waiter):
    def poll(self, timeout: float | None = None, /) -> list[tuple[int, int]]:
        """Milliseconds; None or less than 0 waits without end."""
        if self._world.current is None:
            return self._real.poll(timeout)  # type: ignore[no-any-return]
        ends = timeout is not None and timeout >= 0
        timeout_s = timeout / 1_000 if timeout is not None and ends else None

        def look(seconds: float) -> list[tuple[int, int]]:
            return self._real.poll(seconds * 1_000)  # type: ignore[no-any-return]

        return _wait(self._world, look, timeout_s, self._waited_for)


class _Epoll(_Waiter):
    def poll(self, timeout: float | None = None, maxevents: int = -1) -> list[tuple[int, int]]:
        """Seconds; None or less than 0 waits without end."""
        if self._world.current is None:
            return self._real.poll(timeout, maxevents)  # type: ignore[no-any-return]
        ends = timeout is not None and timeout >= 0

        def look(seconds: float) -> list[tuple[int, int]]:
            return self._real.poll(seconds, maxevents)  # type: ignore[no-any-return]

        return _wait(self._world, look, timeout if ends else None, self._waited_for)

    def __enter__(self) -> _Epoll:
        return self

    def __exit__(self, *exc: object) -> None:
        self._real.close()


def wait_replacements(world: World) -> dict[Any, Any]:
    """For each of `WAITS` what stands for it during a run."""

    def select_(
        rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None, /
    ) -> tuple[list[Any], list[Any], list[Any]]:
        if world.current is None:
            return _SELECT(rlist, wlist, xlist, timeout)  # type: ignore[no-any-return]
        if timeout is not None and (timeout < 0 or math.isnan(timeout)):
            raise ValueError("timeout must be non-negative")
        three = tuple(list(each) for each in (rlist, wlist, xlist))
        waited_for = [one for each in three for one in each]
        return _wait(world, lambda seconds: _SELECT(*three, seconds), timeout, waited_for)  # type: ignore[no-any-return]

    def poll() -> Any:
        return _Poll(world, _POLL())

    def epoll(sizehint: int = -1, flags: int = 0) -> Any:
        return _Epoll(world, _EPOLL(sizehint, flags))

    return dict(zip(WAITS, (select_, poll, epoll), strict=False))


@contextmanager
def waits_in_selectors(world: World) -> Iterator[None]:
    """Selectors made within it wait in virtual time; they hold the calls in their classes."""
    fakes = wait_replacements(world)
    module: Any = selectors
    changes: list[tuple[Any, str, Any]] = []
    for kind, name, real in (
        ("SelectSelector", "_select", _SELECT),
        ("PollSelector", "_selector_cls", _POLL),
        ("EpollSelector", "_selector_cls", _EPOLL),
    ):
        owner = getattr(module, kind, None)
        if owner is not None:
            changes.append((owner, name, owner.__dict__[name]))
            setattr(owner, name, staticmethod(fakes[real]))
    try:
        yield
    finally:
        for owner, name, before in changes:
            setattr(owner, name, before)
