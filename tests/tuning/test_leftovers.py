"""Thousands of runs in one process take no more memory than a hundred."""

from __future__ import annotations

import gc

import pytest

from replay import runner
from simulator import World

RUNS = 20


def worlds() -> int:
    """How many there are, be they garbage or not."""
    return sum(isinstance(each, World) for each in gc.get_objects())


@pytest.mark.parametrize(("every", "fewest", "most"), [(8, 0, 8), (1_000, RUNS, RUNS)])
def test_what_runs_leave_behind_is_collected_now_and_then(
    monkeypatch: pytest.MonkeyPatch, every: int, fewest: int, most: int
) -> None:
    """And not by Python itself, else nobody would have to."""
    monkeypatch.setattr(runner, "_leftovers", runner._Leftovers())
    monkeypatch.setattr(runner, "RUNS_A_COLLECTION", every)
    scenario = runner.load("sklusdt")
    gc.collect()
    before = worlds()
    for seed in range(RUNS):
        runner.play(scenario, "sklusdt", version="current", seed=seed, trace=False)
    assert fewest <= worlds() - before <= most
