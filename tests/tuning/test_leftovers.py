"""Thousands of runs in one process take no more memory than one."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from replay import runner
from simulator import World
from simulator.takeover.garbage import set_aside


@pytest.fixture(autouse=True)
def _no_collections_of_python_itself() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def worlds() -> int:
    """How many there are, be they garbage or not."""
    return sum(isinstance(each, World) for each in gc.get_objects())


@pytest.mark.parametrize("trace", [True, False])
def test_a_run_leaves_no_world_behind(*, trace: bool) -> None:
    scenario = runner.load("sklusdt")
    before = worlds()
    for seed in range(3):
        runner.play(scenario, "sklusdt", version="current", seed=seed, trace=trace)
        assert worlds() == before


def test_what_is_set_aside_comes_back_with_the_last_who_wanted_it() -> None:
    class Cycle:
        def __init__(self) -> None:
            self.me = self

    def cycles() -> int:
        return sum(isinstance(each, Cycle) for each in gc.get_objects())

    Cycle()
    with set_aside():
        with World(seed=1):
            Cycle()
        gc.collect()
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0
    assert cycles() == 1  # the one made before: nobody has looked at it yet
    gc.collect()
    assert cycles() == 0
