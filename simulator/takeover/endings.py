"""`atexit` and `os._exit` inside a world: what a program says of its end is about the program, not
about the process that all of this runs in."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from simulator.world import World

_IMPORTING = "<frozen importlib._bootstrap>"


class LastWords(NamedTuple):
    """Registered with `atexit` by code on a host."""

    function: Callable[..., object]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def say(self) -> None:
        self.function(*self.args, **self.kwargs)


@contextmanager
def endings_of_the_hosts(world: World) -> Iterator[None]:
    """Within it, code that runs on a host ends that host's program."""
    real = atexit.register, atexit.unregister, os._exit

    def register(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        host = world.current
        if host is None or not _is_the_program(sys._getframe(1)):
            return real[0](function, *args, **kwargs)
        host.last_words.append(LastWords(function, args, kwargs))
        return function

    def unregister(function: Callable[..., Any]) -> None:
        host = world.current
        if host is not None:
            host.last_words[:] = [each for each in host.last_words if each.function != function]
        real[1](function)

    def exit_at_once(status: int) -> NoReturn:
        host = world.current
        if host is not None:
            host.crash(f"os._exit({status})", code=status)
            host.must_live()
        real[2](status)

    replaced: Any = atexit, os
    replaced[0].register, replaced[0].unregister = register, unregister
    replaced[1]._exit = exit_at_once
    try:
        yield
    finally:
        replaced[0].register, replaced[0].unregister, replaced[1]._exit = real


def _is_the_program(frame: FrameType | None) -> bool:
    """Whether it registers for itself, be it through a library: what the standard library wants,
    and what a package sets up when it is imported, outlives the program as the package does."""
    caller = "" if frame is None else frame.f_code.co_filename
    if caller.startswith((sys.base_prefix, "<frozen")) and "site-packages" not in caller:
        return False
    while frame is not None and _is_installed(frame.f_code.co_filename):
        if frame.f_code.co_filename == _IMPORTING:
            return False
        frame = frame.f_back
    return True


def _is_installed(file: str) -> bool:
    return (
        "site-packages" in file
        or "dist-packages" in file
        or file.startswith((sys.base_prefix, "<frozen"))
    )
