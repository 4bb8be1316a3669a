"""Whatever loop a program asks asyncio or uvloop for, it gets one of its host's.

Policies, loop factories and the loop classes themselves: calling `asyncio.SelectorEventLoop` or
`uvloop.Loop` makes a loop of the host, and that loop passes for an instance of either, which
`uvloop.run` insists on. Whoever brings a loop class of its own is told so.
"""

from __future__ import annotations

import asyncio
import sys
import warnings
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

from simulator.caller import own_place
from simulator.errors import WorldError
from simulator.loop import HostLoop

if TYPE_CHECKING:
    from simulator.world import World

_UVLOOP = "uvloop"
_REAL_SET_POLICY: Any = asyncio.set_event_loop_policy
_REAL_LOOP: Any = asyncio.SelectorEventLoop
LOOPS: tuple[Any, ...] = (_REAL_LOOP, _REAL_SET_POLICY)
"""What is replaced wherever a module has it."""


def wanted_loops() -> tuple[Any, ...]:
    """`LOOPS`, and uvloop's where it is loaded."""
    module = sys.modules.get(_UVLOOP)
    return LOOPS if module is None else (*LOOPS, module.Loop)


def loop_replacements(world: World) -> dict[Any, Any]:
    """For each of `wanted_loops` what stands for it during a run."""

    def set_policy(policy: object) -> None:
        """A policy that would make real loops (`uvloop.install()`) is not taken."""

    fakes = {each: _stand_in(world, each) for each in wanted_loops() if isinstance(each, type)}
    return {**fakes, _REAL_SET_POLICY: set_policy}


def _own_loop(kind: type) -> WorldError:
    name = f"{kind.__module__}.{kind.__qualname__}"
    return WorldError(
        f"a loop of the class {name} is a real one and has no place in a run, at {own_place()}; "
        f"make it with asyncio.run, asyncio.new_event_loop() or a policy: that is the host's loop"
    )


def _new_loop(world: World) -> HostLoop:
    host = world.current
    if host is None:
        raise WorldError(
            "an event loop was asked for outside any host; run the code in one: host.run(...)"
        )
    host.must_live()
    return host.new_loop()


def _stand_in(world: World, real: type) -> type:
    """Makes the host's loops when it is called in code of a host, and real ones around it."""

    class Kind(type):
        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            if world.current is None:
                return (
                    real(*args, **kwargs) if cls is stand_in else super().__call__(*args, **kwargs)
                )
            if cls is not stand_in:
                raise _own_loop(cls)
            return _new_loop(world)

        def __instancecheck__(cls, one: object) -> bool:
            if cls is stand_in:
                return isinstance(one, (HostLoop, real))
            return super().__instancecheck__(one)

    stand_in = Kind(real.__name__, (real,), {"__module__": real.__module__})
    return stand_in


class _HostPolicy(asyncio.DefaultEventLoopPolicy):
    """Every new event loop is one of the host whose code asks for it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return _new_loop(self._world)

    def set_event_loop(self, loop: asyncio.AbstractEventLoop | None) -> None:
        if loop is not None and self._world.current is not None and not isinstance(loop, HostLoop):
            raise _own_loop(type(loop))
        super().set_event_loop(loop)


class _Loading:
    """Finds uvloop when it is loaded in the middle of a run, and has its class replaced then."""

    def __init__(self, world: World, replacements: dict[Any, Any]) -> None:
        self._world = world
        self._replacements = replacements

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """As `importlib` asks of each finder in `sys.meta_path`."""
        if name != _UVLOOP:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return spec
        loader: Any = spec.loader
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module  # the loader's own again
            execute(module)
            self._replace(module)

        loader.exec_module = exec_module
        return spec

    def _replace(self, module: Any) -> None:
        real = module.Loop
        module.Loop = self._replacements[real] = _stand_in(self._world, real)


@contextmanager
def loops_of_the_host(world: World, replacements: dict[Any, Any]) -> Iterator[None]:
    """Within it, what asks for an event loop in code of a host gets one of that host's.

    `replacements` is what names are given back by at the end; a class that is loaded meanwhile is
    added to it.
    """
    loading: Any = _Loading(world, replacements)
    selector_loop: Any = BaseSelectorEventLoop
    runner: Any = asyncio.Runner
    policy: Any = asyncio.DefaultEventLoopPolicy
    real_init, real_runner = selector_loop.__init__, runner.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        """As asyncio's, around a run; of a host's code only a class of its own gets here."""
        if world.current is not None:
            self._closed = True  # or it would be warned of when it is dropped
            raise _own_loop(type(self))
        real_init(self, *args, **kwargs)

    def runner_init(self: asyncio.Runner, *, debug: bool | None = None, **_: object) -> None:
        """As asyncio's, whatever loop factory is asked for."""
        real_runner(self, debug=debug)

    with warnings.catch_warnings():
        # Policies are deprecated from 3.14 on; what replaces them cannot be set from outside.
        warnings.simplefilter("ignore", DeprecationWarning)
        before = asyncio.get_event_loop_policy()
        _REAL_SET_POLICY(_HostPolicy(world))
        real_factory, policy._loop_factory = policy._loop_factory, replacements[_REAL_LOOP]
        selector_loop.__init__, runner.__init__ = init, runner_init
        sys.meta_path.insert(0, loading)
        try:
            yield
        finally:
            sys.meta_path.remove(loading)
            selector_loop.__init__, runner.__init__ = real_init, real_runner
            policy._loop_factory = real_factory
            _REAL_SET_POLICY(before)
