"""Runs tests, and the asynchronous fixtures they ask for, on the bot's host in virtual time."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from replay.stage import BOT
from simulator import Host, OverBudgetError, World
from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo, TerminalRepr, Traceback, TracebackEntry

_OURS = tuple(Path(__file__).parents[2] / each for each in ("simulator", "replay", "scenarios"))
_BELOW = ("_pytest", "pluggy", "asyncio")


class SimulatedFunction(pytest.Function):
    """A test that runs on the host `bot` of its world."""

    in_a_world = True

    @classmethod
    def instead_of(cls, item: pytest.Function) -> SimulatedFunction:
        """The same test; `item` is to be thrown away."""
        made: SimulatedFunction = cls.from_parent(
            item.parent,
            name=item.name,
            callspec=getattr(item, "callspec", None),
            callobj=item.obj,
            fixtureinfo=item._fixtureinfo,
            keywords=item.keywords,
            originalname=item.originalname,
        )
        made.own_markers = item.own_markers
        if "world" not in made.fixturenames:  # marked by a parameter: others share the list
            made.fixturenames = [*made.fixturenames, "world"]
        return made

    def runtest(self) -> None:
        """Not through `pytest_pyfunc_call`, where the asynchronous plugins wait for coroutines."""
        _skip_other_backends(self)
        world = checked(self.funcargs["world"])
        arguments = {name: self.funcargs[name] for name in self._fixtureinfo.argnames}
        try:
            if inspect.iscoroutinefunction(self.obj):
                world.run_until(bot_host(world).start(self.obj(**arguments)))
            elif BOT in world.hosts:
                world.hosts[BOT].run(functools.partial(self.obj, **arguments))
            else:
                self.obj(**arguments)
        except OverBudgetError as error:
            error.add_note("the limit is the ini option world_time_limit")
            raise
        if world.refusals:
            told = "\n".join(str(each) for each in world.refusals)
            pytest.fail(
                f"the code under test tried to leave the world, and swallowed the refusal; a test "
                f"that means to do so ends with world.refusals.clear():\n{told}",
                pytrace=False,
            )

    def _traceback_filter(self, excinfo: ExceptionInfo[BaseException]) -> Traceback:
        """Without the frames of the world, where there are others."""
        excinfo.traceback = excinfo.traceback.filter(_is_foreign) or excinfo.traceback
        return super()._traceback_filter(excinfo)

    def repr_failure(
        self, excinfo: ExceptionInfo[BaseException], *args: Any, **kwargs: Any
    ) -> str | TerminalRepr:
        """A world that gives up says itself where each task was; its own frames add nothing."""
        error = excinfo.value
        if isinstance(error, SimulatorError) and not any(map(_is_foreign, excinfo.traceback)):
            notes: list[str] = getattr(error, "__notes__", [])
            return "\n".join((f"{type(error).__name__}: {error}", *notes))
        return super().repr_failure(excinfo, *args, **kwargs)


def _is_foreign(entry: TracebackEntry) -> bool:
    """Whether a frame is of neither this project nor what it stands on."""
    path = Path(entry.path)
    ours = any(path.is_relative_to(each) for each in _OURS)
    return not ours and not any(each in path.parts for each in _BELOW)


def checked(world: object) -> World:
    """What a fixture called `world` gave. Raises InputError if that is none of ours."""
    if not isinstance(world, World):
        raise InputError(
            f"the fixture `world` must give an entered simulator.World, gave {world!r}; "
            f"yield one, or rename the fixture"
        )
    return world


def bot_host(world: World) -> Host:
    """The machine that tests run on, made where nobody has yet."""
    return world.hosts.get(BOT) or world.host(BOT)


def _skip_other_backends(item: pytest.Function) -> None:
    """anyio's plugin runs a test once for each of its backends."""
    backend: Any = item.funcargs.get("anyio_backend", "asyncio")
    name = backend if isinstance(backend, str) else backend[0]
    if name != "asyncio":
        pytest.skip(f"anyio_backend: {name} — a world has asyncio loops only")


def in_the_world(func: Callable[..., Any], request: pytest.FixtureRequest) -> Callable[..., object]:
    """An asynchronous fixture as a plain one: its coroutine runs in the test's world."""
    world: World = request.getfixturevalue("world")
    if request.instance is not None and inspect.ismethod(func):
        func = func.__func__.__get__(request.instance)

    def plain(**arguments: Any) -> object:
        host = bot_host(world)
        if inspect.iscoroutinefunction(func):
            return world.run_until(host.start(func(**arguments)))
        return _generated(world, host, func(**arguments), request)

    return plain


def _generated(
    world: World, host: Host, generator: AsyncIterator[Any], request: pytest.FixtureRequest
) -> object:
    """The value of an asynchronous generator, which ends, in its own task, with the test."""
    ready: asyncio.Future[Any] = host.loop.create_future()
    over: asyncio.Future[None] = host.loop.create_future()

    async def live() -> None:
        async for value in generator:
            if ready.done():
                raise InputError(f"fixture {request.fixturename}: yielded twice; yield once")
            ready.set_result(value)
            await over

    task = host.start(live())
    world.run_until(lambda: ready.done() or task.done())
    if not ready.done():
        task.result()
        raise InputError(f"fixture {request.fixturename}: ended without a value; yield one")

    def finish() -> None:
        over.set_result(None)
        world.run_until(task)

    request.addfinalizer(finish)
    return ready.result()
