"""Whatever loop a program asks for, it gets its host's."""

from __future__ import annotations

import asyncio
import importlib
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from simulator import World, WorldError
from simulator.loop import HostLoop

uvloop: Any = pytest.importorskip("uvloop")
RealLoop = uvloop.Loop


def foreign() -> asyncio.AbstractEventLoop:
    raise AssertionError("a real loop was made")


class ForeignPolicy(asyncio.DefaultEventLoopPolicy):
    """As uvloop's: each loop is a real one."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return foreign()


class OwnLoop(asyncio.SelectorEventLoop):
    """Made before the run, out of the real class."""


async def an_hour() -> str:
    await asyncio.sleep(3600)
    return type(asyncio.get_running_loop()).__module__


def by_asyncio_run() -> str:
    return asyncio.run(an_hour())


def by_policy() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        asyncio.set_event_loop_policy(ForeignPolicy())
    return asyncio.run(an_hour())


def by_loop_factory() -> str:
    with asyncio.Runner(loop_factory=foreign) as runner:
        return runner.run(an_hour())


def run_on(loop: asyncio.AbstractEventLoop) -> str:
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(an_hour())
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def by_hand() -> str:
    return run_on(asyncio.new_event_loop())


def by_run_forever() -> str:
    loop = asyncio.new_event_loop()
    task = loop.create_task(an_hour())
    task.add_done_callback(lambda _: loop.stop())
    try:
        loop.run_forever()
        return task.result()
    finally:
        loop.close()


def by_its_class() -> str:
    return run_on(asyncio.SelectorEventLoop())


def by_the_class_of_a_policy() -> str:
    return run_on(asyncio.DefaultEventLoopPolicy().new_event_loop())


def by_uvloop_install() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        importlib.import_module("uvloop").install()
    return asyncio.run(an_hour())


def by_uvloop_run() -> str:
    found: str = importlib.import_module("uvloop").run(an_hour())
    return found


def by_uvloop_factory() -> str:
    with asyncio.Runner(loop_factory=importlib.import_module("uvloop").new_event_loop) as runner:
        return runner.run(an_hour())


def by_uvloop_by_hand() -> str:
    return run_on(importlib.import_module("uvloop").new_event_loop())


def by_uvloop_s_class() -> str:
    return run_on(importlib.import_module("uvloop").Loop())


def by_a_name_taken_before() -> str:
    return run_on(RealLoop())


STOCK = (
    by_asyncio_run,
    by_policy,
    by_loop_factory,
    by_hand,
    by_run_forever,
    by_its_class,
    by_the_class_of_a_policy,
)
UVLOOP = (
    by_uvloop_install,
    by_uvloop_run,
    by_uvloop_factory,
    by_uvloop_by_hand,
    by_uvloop_s_class,
)


def check(script: Callable[[], str]) -> None:
    with World() as world:
        assert world.host("bot").run(script) == "simulator.loop"
        assert world.env.elapsed_ns == 3600 * 10**9


@pytest.mark.parametrize("script", [*STOCK, *UVLOOP, by_a_name_taken_before])
def test_it_is_the_host_s_loop_in_virtual_time(script: Callable[[], str]) -> None:
    check(script)


@pytest.mark.parametrize("script", UVLOOP)
def test_so_it_is_where_uvloop_is_loaded_in_the_middle_of_the_run(
    script: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "uvloop")
    check(script)
    assert type(sys.modules["uvloop"].Loop) is type  # the real one is back


@pytest.mark.parametrize("script", [by_uvloop_run, by_its_class, by_asyncio_run])
def test_a_thread_s_loop_is_the_host_s_too(script: Callable[[], str]) -> None:
    found: list[str] = []

    def main() -> str:
        thread = threading.Thread(target=lambda: found.append(script()))
        thread.start()
        thread.join()
        return found[0]

    check(main)


def test_it_passes_for_a_loop_of_the_class_that_was_asked_for() -> None:
    async def what() -> list[bool]:
        loop = asyncio.get_running_loop()
        return [isinstance(loop, each) for each in (asyncio.SelectorEventLoop, uvloop.Loop)]

    with World() as world:
        assert world.host("bot").run(lambda: asyncio.run(what())) == [True, True]


def test_a_loop_class_of_the_program_s_own_is_refused_with_the_cure() -> None:
    def made_in_the_run() -> None:
        type("Mine", (asyncio.SelectorEventLoop,), {})()

    told = r"a loop of the class \S*{} is a real one .*asyncio\.new_event_loop\(\)"
    with World() as world:
        bot = world.host("bot")
        with pytest.raises(WorldError, match=told.format("OwnLoop")):
            bot.run(OwnLoop)
        with pytest.raises(WorldError, match=told.format("Mine")):
            bot.run(made_in_the_run)


def test_a_real_loop_from_before_the_run_is_refused() -> None:
    loop = asyncio.SelectorEventLoop()
    try:
        with World() as world, pytest.raises(WorldError, match="is a real one and has no place"):
            world.host("bot").run(asyncio.set_event_loop, loop)
    finally:
        loop.close()


def test_around_the_hosts_a_loop_made_by_its_class_is_a_real_one() -> None:
    with World() as world:
        world.host("bot")
        loop = asyncio.SelectorEventLoop()
        own = OwnLoop()
    assert not isinstance(loop, HostLoop)
    assert type(own) is OwnLoop
    loop.close()
    own.close()


def test_outside_of_a_world_asyncio_is_as_it_was() -> None:
    def now() -> tuple[object, ...]:
        return (
            asyncio.set_event_loop_policy,
            asyncio.events.set_event_loop_policy,
            asyncio.Runner.__init__,
            asyncio.SelectorEventLoop,
            asyncio.SelectorEventLoop.__init__,
            uvloop.Loop,
            tuple(sys.meta_path),
        )

    before = now()
    with World() as world:
        world.host("bot").run(by_policy)
        assert uvloop.Loop is not before[5]
    assert now() == before
    with pytest.raises(AssertionError, match="a real loop"), asyncio.Runner(loop_factory=foreign):
        pass


def test_outside_of_a_world_uvloop_is_as_it_was() -> None:
    with World() as world:
        world.host("bot").run(by_uvloop_run)

    async def kind() -> type:
        return type(asyncio.get_running_loop())

    assert uvloop.run(kind()) is RealLoop
