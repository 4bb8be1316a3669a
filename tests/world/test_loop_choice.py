"""Whatever loop a program asks for, it gets its host's."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable

import pytest

from simulator import World


def foreign() -> asyncio.AbstractEventLoop:
    raise AssertionError("a real loop was made")


class ForeignPolicy(asyncio.DefaultEventLoopPolicy):
    """As uvloop's: each loop is a real one."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return foreign()


async def an_hour() -> str:
    await asyncio.sleep(3600)
    return type(asyncio.get_running_loop()).__module__


def by_policy() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        asyncio.set_event_loop_policy(ForeignPolicy())
    return asyncio.run(an_hour())


def by_loop_factory() -> str:
    with asyncio.Runner(loop_factory=foreign) as runner:
        return runner.run(an_hour())


def by_hand() -> str:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(an_hour())
    finally:
        loop.close()


@pytest.mark.parametrize("script", [by_policy, by_loop_factory, by_hand])
def test_it_is_the_host_s_loop_in_virtual_time(script: Callable[[], str]) -> None:
    with World() as world:
        assert world.host("bot").run(script) == "simulator.loop"
        assert world.env.elapsed_ns == 3600 * 10**9


def test_outside_of_a_world_asyncio_is_as_it_was() -> None:
    before = asyncio.set_event_loop_policy, asyncio.Runner.__init__
    with World() as world:
        world.host("bot").run(by_policy)
    assert (asyncio.set_event_loop_policy, asyncio.Runner.__init__) == before
    with pytest.raises(AssertionError, match="a real loop"), asyncio.Runner(loop_factory=foreign):
        pass
