"""The numbers of the plots: known intervals, planted worst runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from replay.tuning import statistics
from replay.tuning.commands import worst
from replay.tuning.page.compared import compared
from replay.tuning.page.spots import BOOTSTRAPPED, Spots, estimated
from replay.tuning.studying import Findings
from scenarios.study import Objective
from tests.tuning.made import worst_commands
from tests.tuning.page.made import findings, metrics, study

SMALL = """\
name: small
title: Small
scenarios: [late_order_bybit]
parameters:
  tries: {{setting: order_fetch_attempts, values: [{tries}]}}
circumstances:
  lag: {{path: "venues.bybit.behaviour.visibility[0].lag", values: [{lags}]}}
objectives: [{{maximise: success}}]
runs: {{at_least: {runs}, at_most: 1000}}
"""


def small(
    folder: Path,
    rows: Callable[..., pd.DataFrame],
    *,
    runs: int,
    tries: str = "1",
    lags: str = "0 ms, 1 s",
    first_round: int = 1,
) -> Findings:
    of = study(folder, SMALL.format(tries=tries, lags=lags, runs=first_round))
    return findings(of, list(of.grid()), rows, runs=runs)


def test_a_cells_rate_has_wilsons_interval_of_that_cells_runs(tmp_path: Path) -> None:
    def rows(values: Any, cell: dict[str, Any], seeds: range) -> pd.DataFrame:
        hits = 15 if cell["lag"] == "1 s" else len(seeds)
        return metrics(len(seeds), success=[int(n < hits) for n in range(len(seeds))])

    spots = Spots(small(tmp_path, rows, runs=148))
    axis = spots.circumstances()["lag"]
    all_hit, some_hit = spots.by_circumstance(0, "lag", axis, Objective(maximise="success"))
    # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 15 of 148.
    assert some_hit.estimate.low == pytest.approx(0.0624, abs=5e-5)
    assert some_hit.estimate.high == pytest.approx(0.1605, abs=5e-5)
    assert (all_hit.estimate.value, all_hit.estimate.runs) == (1.0, 148)


def test_the_worst_run_failed_then_was_longest_unprotected_then_never_protected() -> None:
    rows = pd.DataFrame(
        {
            "success": [1, 0, 0, 0, 0, 0],
            "unprotected_s": [99.0, 1.0, 5.0, 5.0, 5.0, 5.0],
            "time_to_protected_s": [99.0, 99.0, 30.0, None, None, 10.0],
            "seed": [1, 2, 3, 9, 5, 6],
        }
    )
    assert worst(rows)["seed"] == 5
    assert worst(rows[rows["seed"] != 5])["seed"] == 9
    assert worst(rows[rows["time_to_protected_s"].notna()])["seed"] == 3


def test_a_point_replays_the_worst_run_of_its_own_cell(tmp_path: Path) -> None:
    def rows(values: Any, cell: dict[str, Any], seeds: range) -> pd.DataFrame:
        bad = {"0 ms": 4, "1 s": 7}[cell["lag"]]
        failed = [int(seed != bad) for seed in seeds]
        return metrics(len(seeds), success=failed, unprotected_s=[3.0 * (bad == 7)] * len(seeds))

    found = small(tmp_path, rows, runs=10)
    spots = Spots(found)
    axis = spots.circumstances()["lag"]
    at = spots.by_circumstance(0, "lag", axis, Objective(maximise="success"))
    command = (
        "replay run late_order_bybit --bot=current --seed={} --setting=order_fetch_attempts=1 "
        "'--change=venues.bybit.behaviour.visibility[0].lag={}'"
    )
    assert [each.command for each in at] == [command.format(4, "0 ms"), command.format(7, "1 s")]
    assert worst_commands(found) == {0: command.format(7, "1 s")}
    assert spots.worst_of(0) == command.format(7, "1 s")
    assert spots.worst_in(0, {"lag": "0 ms"}) == command.format(4, "0 ms")


def test_circumstances_that_a_table_makes_floats_of_are_found_again(tmp_path: Path) -> None:
    def rows(values: Any, cell: dict[str, Any], seeds: range) -> pd.DataFrame:
        return metrics(len(seeds))

    found = small(tmp_path, rows, runs=2, lags="0, 1")
    found.rows["lag"] = found.rows["lag"].astype(float)  # as beside a value of 0.5
    assert worst_commands(found)[0].endswith("lag=0'")


def test_a_parameters_points_use_only_the_seeds_that_all_candidates_have(tmp_path: Path) -> None:
    def rows(values: dict[str, Any], cell: Any, seeds: range) -> pd.DataFrame:
        return metrics(len(seeds), success=[int(seed <= 4) for seed in seeds])

    found = small(tmp_path, rows, runs=8, tries="1, 2", first_round=4)
    spots = Spots(found)
    points = spots.by_parameter("tries", spots.levels("tries"), Objective(maximise="success"))
    assert [each.estimate.value for each in points] == [1.0, 1.0]
    assert [each.estimate.runs for each in points] == [8, 8]  # four seeds in two cells
    assert [each.of for each in points] == ["1 candidate with tries=1", "1 candidate with tries=2"]


def test_runs_that_were_never_protected_are_missing_from_the_curves_end(tmp_path: Path) -> None:
    times = [4.0, 1.0, None, 2.0, 3.0]

    def rows(values: Any, cell: Any, seeds: range) -> pd.DataFrame:
        return metrics(len(seeds), time_to_protected_s=times)

    spots = Spots(small(tmp_path, rows, runs=5, lags="0 ms"))
    steps = list(spots.steps(0))
    assert [(step.seconds, step.share) for step in steps] == [
        (1.0, 0.2),
        (2.0, 0.4),
        (3.0, 0.6),
        (4.0, 0.8),
    ]
    assert [step.run for step in steps] == ["seed 2", "seed 4", "seed 5", "seed 1"]
    assert "--seed=2 " in steps[0].command
    assert spots.times(0).tolist() == [1.0, 2.0, 3.0, 4.0, math.inf]


def test_the_curve_of_many_runs_has_few_points_and_all_of_them_are_on_it(tmp_path: Path) -> None:
    def rows(values: Any, cell: Any, seeds: range) -> pd.DataFrame:
        drawn = np.random.default_rng(5).exponential(1.0, len(seeds))
        return metrics(len(seeds), time_to_protected_s=drawn)

    spots = Spots(small(tmp_path, rows, runs=4_000, lags="0 ms"))
    steps = list(spots.steps(0))
    times = spots.times(0)
    assert len(steps) <= 150
    assert steps[-1].seconds == times[-1]
    for step in steps:
        assert step.share == (times <= step.seconds).mean()
    assert sum(step.share > 0.99 for step in steps) >= 15  # the rare ones are what is looked for


@pytest.mark.parametrize("quantile", [None, 0.9])
def test_very_many_runs_have_the_interval_that_the_bootstrap_gives(quantile: float | None) -> None:
    drawn = np.random.default_rng(3).exponential(2.0, BOOTSTRAPPED + 1)
    asked = Objective.model_validate({"minimise": "unprotected_s"})
    if quantile is None:
        slow = statistics.mean(drawn, 0.95)
    else:
        asked = asked.model_copy(update={"quantile": quantile})
        slow = statistics.quantile(drawn, quantile, 0.95)
    fast = estimated(drawn, asked, 0.95)
    width = slow.high - slow.low
    assert fast.value == pytest.approx(slow.value)
    assert fast.low == pytest.approx(slow.low, abs=width / 10)
    assert fast.high == pytest.approx(slow.high, abs=width / 10)


def test_compared_are_the_recommended_its_equals_the_front_and_then_the_best(
    lag: Findings,
) -> None:
    lines = compared(lag.study, lag.decision)
    assert lines[0].number == lag.decision.recommended
    assert lines[0].name.startswith("→ #")
    marks = [each.mark for each in lines]
    equals = len(lag.decision.equals)
    assert marks == ["→"] + ["≈"] * equals + [""] * 5
    assert {each.number for each in lines[1 : 1 + equals]} == set(lag.decision.equals)
    others = [each.number in lag.decision.front for each in lines[1 + equals :]]
    assert others == sorted(others, reverse=True)
    assert [each.colour for each in lines] == list(range(len(lines)))


def test_the_recommended_ones_colour_is_nobodys_where_none_is_recommended(tmp_path: Path) -> None:
    def rows(values: dict[str, Any], cell: Any, seeds: range) -> pd.DataFrame:
        return metrics(len(seeds), success=[int(seed <= values["tries"]) for seed in seeds])

    text = SMALL.format(tries="1, 2", lags="0 ms", runs=1)
    of = study(tmp_path, f"{text}constraints: [{{metric: success, at_least: 0.9}}]\n")
    found = findings(of, list(of.grid()), rows, runs=40)
    lines = compared(found.study, found.decision)
    assert found.decision.recommended is None
    assert [(each.number, each.colour, each.mark) for each in lines] == [(1, 1, ""), (0, 2, "")]
