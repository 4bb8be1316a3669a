"""The plots as plotly is given them: it takes them, and they hold what the runs say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from replay.tuning.page.compared import compared
from replay.tuning.page.figures import Figures
from replay.tuning.page.front import front
from replay.tuning.page.html import page
from replay.tuning.page.spots import Spots
from replay.tuning.page.terms import Pool
from replay.tuning.studying import Findings
from scenarios.study import Objective
from tests.tuning.page.made import LAG_STUDY, findings, lag_findings, metrics, study
from tests.tuning.page.parts import data_of


@pytest.fixture(scope="module")
def drawn(lag: Findings) -> Any:
    return data_of(page(lag))


def test_plotly_knows_every_property_of_every_plot(drawn: Any) -> None:
    made = [*drawn["figures"].values(), *drawn["pairs"]]
    assert len(made) == 1 + 3 + 1 + 1 + 3  # lag, parameters, distribution, front, pairs
    for each in made:
        go.Figure(data=each["data"], layout=each["layout"])  # raises for what it does not know


def test_every_point_has_a_text_and_the_number_of_a_command(drawn: Any) -> None:
    for each in drawn["figures"].values():
        for trace in each["data"]:
            if trace.get("hoverinfo") == "skip":
                continue
            assert len(trace["x"]) == len(trace["hovertext"]) == len(trace["customdata"]) > 0
            for number in trace["customdata"]:
                assert drawn["commands"][number].startswith("replay run late_order_bybit ")


def test_success_falls_where_the_lag_is_longer_than_the_patience(lag: Findings) -> None:
    spots = Spots(lag)
    axis = spots.circumstances()["lag"]
    # 0.5 s once is not enough: the first is asked again after 0.5 s only.
    once = next(
        each
        for each in lag.decision.candidates
        if each.values == {"tries": 1, "delay_s": 0.5, "growth": 1.0}
    )
    line = compared(lag.study, lag.decision)[0]
    at = spots.by_circumstance(once.number, "lag", axis, Objective(maximise="success"))
    figure = Figures(lag, Pool()).against(axis, [(line, at)])
    assert figure["data"][0]["x"] == [0.0, 0.3, 0.6, 1.5, 4.0, 6.5, 7.0, 12.0]
    success = figure["data"][0]["y"]
    assert success[:2] == [1.0, 1.0]
    assert success[2] < 0.5
    assert success[3:] == [0.0] * 5
    assert "lag, s = 600 ms" in figure["data"][0]["hovertext"][2]


def test_a_heat_maps_cell_is_the_best_over_all_other_parameters(lag: Findings, drawn: Any) -> None:
    (trace,) = drawn["pairs"][0]["data"]
    rates = lag.rows.groupby("candidate")["success"].mean()
    best: dict[tuple[str, str], float] = {}
    for each in lag.decision.candidates:
        at = str(each.values["tries"]), str(each.values["delay_s"])
        best[at] = max(best.get(at, 0.0), float(rates[each.number]))
    shown = {
        (x, y): z
        for y, line in zip(trace["y"], trace["z"], strict=True)
        for x, z in zip(trace["x"], line, strict=True)
    }
    assert shown == pytest.approx(best)


def test_a_heat_map_prefers_a_candidate_that_violates_nothing(tmp_path: Path) -> None:
    def rows(values: dict[str, Any], cell: Any, seeds: range) -> pd.DataFrame:
        cheap = values["growth"] == 1.0
        return metrics(len(seeds), success=int(not cheap), requests=1 if cheap else 9)

    text = LAG_STUDY.replace("[{maximise: success}, {minimise: time_to_protected_s}, ", "[")
    text = text.replace("[0 ms, 300 ms, 600 ms, 1.5 s, 4 s, 6.5 s, 7 s, 12 s]", "[0 ms, 1 s]")
    of = study(tmp_path, text)
    found = findings(of, list(of.grid()), rows, runs=12)
    pairs = data_of(page(found))["pairs"]
    assert {z for line in pairs[0]["data"][0]["z"] for z in line} == {9.0}
    by_growth = pairs[1]["data"][0]  # tries and growth
    assert [line[0] for line in by_growth["z"]] == [1.0, 9.0, 9.0]
    assert [line[0].endswith("✗") for line in by_growth["text"]] == [True, False, False]


def test_the_front_is_joined_in_order_by_those_that_nobody_beats_in_both(
    lag: Findings, drawn: Any
) -> None:
    edge = drawn["figures"]["pareto"]["data"][0]
    means = lag.rows.groupby("candidate")[["success", "time_to_protected_s"]].mean()
    kept = [each.number for each in lag.decision.candidates if each.standing != "violates"]
    points = {number: tuple(means.loc[number]) for number in kept}
    unbeaten = {
        (round(s, 6), round(t, 6))
        for s, t in points.values()
        if not any(a >= s and b <= t and (a, b) != (s, t) for a, b in points.values())
    }
    line = list(zip(edge["x"], edge["y"], strict=True))
    assert {(round(s, 6), round(t, 6)) for s, t in line} == unbeaten
    assert line == sorted(line, reverse=True)
    assert len(line) >= 3


def test_the_recommended_stands_out_and_the_beaten_are_pale(lag: Findings, drawn: Any) -> None:
    clouds = {each["name"]: each for each in drawn["figures"]["pareto"]["data"]}
    assert clouds["recommended"]["marker"]["symbol"] == "star"
    assert len(clouds["recommended"]["x"]) == 1
    assert clouds["beaten"]["opacity"] < 0.5 == clouds["recommended"]["opacity"] / 2
    shown = sum(len(each["x"]) for name, each in clouds.items() if name != "Pareto front")
    assert shown == len(lag.decision.candidates)


def test_one_objective_has_no_front(tmp_path: Path) -> None:
    text = LAG_STUDY.replace(", {minimise: time_to_protected_s}, {minimise: requests}]", "]")
    found = lag_findings(tmp_path, runs=3, text=text)
    assert front(found, Spots(found), Pool()) is None
    assert "one objective" in page(found)


def test_equal_lines_are_drawn_beside_each_other_but_never_at_another_value(drawn: Any) -> None:
    lines = drawn["figures"]["against-0"]["data"]
    firsts = [each["x"][0] for each in lines]
    assert firsts == sorted(set(firsts))
    assert max(firsts) < 0.3  # the next lag
