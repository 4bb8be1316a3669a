"""Three and a half hours of 2025-10-12: how many of the day's waves went over their limit."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from replay import runner
from replay.result import Finding, RunResult
from scenarios import catalogue

DAY = "wave_limit_day"


def finding(result: RunResult, name: str) -> Finding:
    (found,) = (each for each in result.verdict.findings if name in each.name)
    return found


def sizes_over_the_limit(result: RunResult) -> list[int]:
    """How many positions each of the waves left that went over."""
    told = finding(result, "wave_limit_kept").evidence
    return [int(size) for size in re.findall(r": (\d+) positions \(", told)]


def test_its_14_waves_of_7_signals_mix_venues_and_share_no_symbol() -> None:
    scenario = catalogue.open_scenario(DAY)
    waves = [stimulus.signals for stimulus in scenario.stimulus]
    assert [len(signals) for signals in waves] == [7] * 14
    assert all(len({each.exchange for each in signals}) == 2 for signals in waves)
    assert len(scenario.symbols) == 98
    minutes = [stimulus.wave_ns // 60_000_000_000 for stimulus in scenario.stimulus]
    assert [later - minutes[0] for later in minutes] == list(range(0, 210, 15))


@pytest.mark.parametrize(
    ("version", "created"), [("2025-10-12", 2 * 68 + 10), ("2025-10-12-single-log", 68)]
)
def test_the_day_of_14_waves(version: str, created: int) -> None:
    result = runner.run(DAY, version=version)
    assert result.verdict.surprises == ()
    assert finding(result, "waves over the limit").evidence == "5 of 14"
    sizes = sizes_over_the_limit(result)
    assert len(sizes) == 5
    assert set(sizes) == {6, 7}
    written = Counter(event.type for event in result.events)
    assert written["position_created"] == created
    assert written["position_error"] == sum(sizes) + 9 * 5 - 68


def test_the_day_of_14_waves_with_current() -> None:
    result = runner.run(DAY, version="current")
    assert result.verdict.surprises == ()
    assert finding(result, "waves over the limit").evidence == "0 of 14"
    assert sizes_over_the_limit(result) == []
    written = Counter(event.type for event in result.events)
    assert (written["position_created"], written["position_error"]) == (70, 0)
