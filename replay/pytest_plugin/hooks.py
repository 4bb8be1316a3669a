"""Registered after every other plugin: takes the tests of worlds before anybody else does.

pytest-asyncio and anyio run coroutines on loops of their own. A test that uses a world runs on
the loop of its host instead; every other test and fixture is left to whoever it belongs to.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from typing import Any

import pytest

_FIXTURES = ("world", "binance", "bybit", "scenario")
_PLUGIN = __name__.rpartition(".")[0]
_ASYNC_PLUGIN = "pytest_asyncio"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> Generator[None, Any, Any]:
    if collector.istestfunction(obj, name) and _marked(collector, obj):
        pytest.mark.usefixtures("world")(obj)
    made = yield
    if isinstance(made, list):
        return [_claimed(item) for item in made]
    return made


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, Any, Any]:
    func = fixturedef.func
    if not _is_async(func) or fixturedef.scope != "function" or not _is_simulated(request.node):
        return (yield)
    from replay.pytest_plugin import running

    fixturedef.func = running.in_the_world(func, request)  # type: ignore[misc]
    try:
        return (yield)
    finally:
        fixturedef.func = func  # type: ignore[misc]


def _marked(collector: pytest.Collector, obj: object) -> bool:
    marks = getattr(obj, "pytestmark", ())
    return collector.get_closest_marker("scenario") is not None or any(
        mark.name == "scenario" for mark in marks
    )


def _claimed(item: Any) -> Any:
    """The item, or one in its place that runs in a world."""
    plain = type(item) is pytest.Function
    theirs = isinstance(item, pytest.Function) and type(item).__module__.startswith(_ASYNC_PLUGIN)
    if not (plain or theirs) or hasattr(item.obj, "hypothesis") or not _uses_world(item):
        return item
    from replay.pytest_plugin.running import SimulatedFunction

    return SimulatedFunction.instead_of(item)


def _uses_world(item: pytest.Function) -> bool:
    if item.get_closest_marker("scenario") is not None:
        return True
    known = item._fixtureinfo.name2fixturedefs
    return any(name in known and _is_ours(known[name]) for name in _FIXTURES)


def _is_ours(definitions: Any) -> bool:
    """Whether the fixture in force is this plugin's, or overrides it and asks for it."""
    for definition in reversed(definitions):
        if definition.func.__module__ == _PLUGIN:
            return True
        if definition.argname not in definition.argnames:
            return False
    return False


def _is_simulated(node: object) -> bool:
    return bool(getattr(node, "in_a_world", False))


def _is_async(func: Callable[..., object]) -> bool:
    return inspect.iscoroutinefunction(func) or inspect.isasyncgenfunction(func)
