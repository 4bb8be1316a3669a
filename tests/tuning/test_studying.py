"""A study finds the setting that is best, says how sure it is, and asks for no more runs."""

from __future__ import annotations

import random
import shlex
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from replay import runner
from replay.tuning import tables, telling
from replay.tuning.items import unusable
from replay.tuning.studying import Studying
from replay.tuning.values import unpacked
from scenarios import study_loader
from scenarios.errors import ScenarioError
from tests.tuning.made import STUDY, Runs, found, study, worst_commands


def values(findings: Any) -> Any:
    """Of the recommended candidate."""
    best = findings.decision.recommended
    return next(c.values for c in findings.decision.candidates if c.number == best)


def test_the_planted_best_setting_is_found(tmp_path: Path) -> None:
    def formula(settings: dict[str, Any], _: Any, chance: random.Random) -> dict[str, Any]:
        tries = settings["order_fetch_attempts"]
        lag = chance.expovariate(1.0)
        return {"success": int(lag < tries), "requests": 10 + tries}

    # 4 tries succeed most often; 3 and 4 can be told apart by some hundred runs.
    runs = Runs(formula)
    findings = found(study(tmp_path), runs, tmp_path)
    assert values(findings) == {"tries": 4}
    assert findings.decision.clear
    standing = {c.values["tries"]: c.standing for c in findings.decision.candidates}
    assert standing == {1: "beaten", 2: "beaten", 3: "beaten", 4: "kept"}


def test_of_settings_that_are_equally_good_the_cheaper_one_is_taken(tmp_path: Path) -> None:
    def formula(settings: dict[str, Any], _: Any, chance: random.Random) -> dict[str, Any]:
        tries = settings["order_fetch_attempts"]
        return {"success": int(tries > 1 or chance.random() < 0.5), "requests": 10 + tries}

    findings = found(study(tmp_path), Runs(formula), tmp_path)
    assert values(findings) == {"tries": 2}
    assert findings.decision.clear


def test_what_cannot_be_told_apart_is_said_to_be_so(tmp_path: Path) -> None:
    def formula(settings: dict[str, Any], _: Any, chance: random.Random) -> dict[str, Any]:
        own = random.Random(f"{settings['order_fetch_attempts']} {chance.random()}")
        return {"success": int(own.random() < 0.9)}

    runs = Runs(formula)
    findings = found(study(tmp_path), runs, tmp_path)
    assert len(findings.decision.equals) == 3
    assert not findings.decision.clear
    assert sum(len(item.seeds) for item in runs.items) == 4 * 400  # it went on to the end


def test_a_clear_decision_ends_the_study_early(tmp_path: Path) -> None:
    def formula(settings: dict[str, Any], _: Any, chance: random.Random) -> dict[str, Any]:
        return {"success": int(settings["order_fetch_attempts"] == 3)}

    runs = Runs(formula)
    findings = found(study(tmp_path), runs, tmp_path)
    assert values(findings) == {"tries": 3}
    assert sum(len(item.seeds) for item in runs.items) == 4 * 50
    assert findings.rounds == 1


def test_all_candidates_have_the_same_seeds_and_circumstances(tmp_path: Path) -> None:
    text = STUDY + (
        "circumstances:\n"
        "  lag: {path: 'venues.bybit.behaviour.visibility[0].lag', values: [1 s, 2 s]}\n"
    )
    runs = Runs(lambda *_: {})
    findings = found(study(tmp_path, text), runs, tmp_path)
    asked: dict[Any, set[Any]] = {}
    for item in runs.items:
        tries = unpacked(item.settings)["order_fetch_attempts"]
        asked.setdefault(tries, set()).add((item.changes, item.seeds))
    assert len(asked) == 4
    assert len({frozenset(each) for each in asked.values()}) == 1
    rows = findings.rows
    pairs = rows.groupby(["lag", "seed"])["candidate"].nunique()
    assert set(pairs) == {4}


def test_who_cannot_keep_a_constraint_is_given_up_early(tmp_path: Path) -> None:
    text = STUDY.replace(
        "objectives:", "constraints: [{metric: success, at_least: 0.95}]\nobjectives:"
    ).replace("{maximise: success}, ", "")

    def formula(settings: dict[str, Any], _: Any, chance: random.Random) -> dict[str, Any]:
        tries = settings["order_fetch_attempts"]
        success = chance.random() < (0.5, 0.7, 0.99, 0.99)[tries - 1]
        return {"success": int(success), "requests": tries}

    runs = Runs(formula)
    findings = found(study(tmp_path, text), runs, tmp_path)
    assert values(findings) == {"tries": 3}
    standing = {c.values["tries"]: c.standing for c in findings.decision.candidates}
    assert standing == {1: "violates", 2: "violates", 3: "kept", 4: "beaten"}
    of_each = {c.values["tries"]: c.runs for c in findings.decision.candidates}
    assert of_each[1] == 50
    why = next(c.why for c in findings.decision.candidates if c.values["tries"] == 1)
    assert why.startswith("success is 0.")
    assert "at least 0.95 is wanted" in why


def test_who_was_beaten_by_one_that_fails_later_comes_back(tmp_path: Path) -> None:
    text = STUDY.replace(
        "objectives:", "constraints: [{metric: success, at_least: 0.99}]\nobjectives:"
    ).replace("{maximise: success}, ", "")

    def formula(settings: dict[str, Any], _: Any, chance: random.Random) -> dict[str, Any]:
        tries = settings["order_fetch_attempts"]
        # The cheapest one looks faultless until its fiftieth run is long over.
        fails = tries == 1 and chance.random() < 0.5 and Runs.seed > 60
        return {"success": int(not fails), "requests": tries}

    findings = found(study(tmp_path, text), Runs(formula), tmp_path)
    assert values(findings) == {"tries": 2}
    runs = {c.values["tries"]: c.runs for c in findings.decision.candidates}
    assert runs[2] == 400  # as many as the one that it was beaten by, and on from there


def test_where_nobody_keeps_the_constraints_nothing_is_recommended(tmp_path: Path) -> None:
    text = STUDY + "constraints: [{metric: unprotected_s, at_most: 1}]\n"
    findings = found(study(tmp_path, text), Runs(lambda *_: {"unprotected_s": 2.0}), tmp_path)
    assert findings.decision.recommended is None


def test_how_fragile_the_choice_is_shows_in_its_circumstances(tmp_path: Path) -> None:
    text = STUDY + (
        "constraints: [{metric: success, at_least: 0.5}]\n"
        "circumstances:\n"
        "  lag: {path: 'venues.bybit.behaviour.visibility[0].lag', values: [1 s, 2 s, 3 s, 9 s]}\n"
    )

    def formula(settings: dict[str, Any], changes: dict[str, Any], _: Any) -> dict[str, Any]:
        lag = float(changes["venues.bybit.behaviour.visibility[0].lag"].split()[0])
        return {"success": int(lag < settings["order_fetch_attempts"])}

    decision = found(study(tmp_path, text), Runs(formula), tmp_path).decision
    assert decision.broken_share == 0.25
    assert list(decision.broken["kept"]) == [True, True, True, False]


def test_of_equals_the_one_that_breaks_in_the_fewest_circumstances_is_chosen(
    tmp_path: Path,
) -> None:
    text = STUDY.replace(
        "objectives: [{maximise: success}, {minimise: requests}]",
        "constraints: [{metric: success, at_least: 0.98}]\nobjectives: [{minimise: requests}]",
    ) + (
        "circumstances:\n"
        "  lag: {path: 'venues.bybit.behaviour.visibility[0].lag', values: [1 s, 2 s]}\n"
    )

    def fails_late(settings: dict[str, Any], changes: dict[str, Any], _: object) -> dict[str, Any]:
        late = changes["venues.bybit.behaviour.visibility[0].lag"] == "2 s"
        fails = settings["order_fetch_attempts"] == 1 and late and Runs.seed % 33 == 0
        return {"success": int(not fails)}

    findings = found(study(tmp_path, text), Runs(fails_late), tmp_path)
    assert values(findings) == {"tries": 2}
    assert findings.decision.equals == (0, 2, 3)
    assert findings.decision.broken_share == 0
    frail = next(each for each in findings.decision.candidates if each.number == 0)
    assert frail.estimates["success"].value > 0.98


@pytest.mark.parametrize(
    ("objectives", "constraints", "place"),
    [
        ("[{minimise: time_to_protected_s}]", "[]", r"objectives\[0\]"),
        ("[{minimise: time_to_protected_s}, {maximise: success}]", "[]", r"objectives\[0\]"),
        (
            "[{minimise: requests}]",
            "[{metric: time_to_protected_s, at_most: 5}]",
            r"constraints\[0\]",
        ),
    ],
)
def test_who_fails_whenever_it_is_slow_cannot_pass_for_the_fastest(
    tmp_path: Path, objectives: str, constraints: str, place: str
) -> None:
    text = STUDY.replace("[{maximise: success}, {minimise: requests}]", objectives)
    text += f"constraints: {constraints}\n"
    with pytest.raises(ScenarioError, match=f"{place}.*leaves out the runs that never got there"):
        study(tmp_path, text)


def test_the_front_has_who_is_best_in_something(tmp_path: Path) -> None:
    def formula(settings: dict[str, Any], _: Any, chance: random.Random) -> dict[str, Any]:
        tries = settings["order_fetch_attempts"]
        return {"success": int(chance.random() < tries / 5), "requests": (1, 2, 4, 3)[tries - 1]}

    decision = found(study(tmp_path), Runs(formula), tmp_path).decision
    front = {c.values["tries"] for c in decision.candidates if c.number in decision.front}
    assert front == {1, 2, 4}  # 3 costs more than 4 and succeeds less often


@pytest.mark.parametrize("method", ["random", "optuna"])
def test_other_searches_find_the_planted_range(tmp_path: Path, method: str) -> None:
    text = STUDY.replace("values: [1, 2, 3, 4]", "range: [0.1, 10], log: true") + (
        f"search: {{method: {method}, candidates: 40, seed: 3}}\n"
    )

    def formula(settings: dict[str, Any], _: Any, chance: random.Random) -> dict[str, Any]:
        away = abs(settings["order_fetch_attempts"] - 2.0)
        return {"success": 1, "requests": 10 + away}

    one = found(study(tmp_path, text), Runs(formula), tmp_path)
    again = found(study(tmp_path, text), Runs(formula), tmp_path)
    assert abs(values(one)["tries"] - 2.0) < 0.5
    tried = [[c.values for c in each.decision.candidates] for each in (one, again)]
    assert tried[0] == tried[1]
    assert len(one.decision.candidates) == 40


@pytest.mark.parametrize("name", study_loader.names())
def test_studies_that_come_along_can_be_run(name: str) -> None:
    file = study_loader.find(name)
    studying = Studying(study_loader.load(file), file.parent)
    assert studying.check() == ("bot_under_test.adapter:create",)
    assert unusable(studying.first) == []


def test_laws_and_durations_can_be_circumstances_side_by_side(tmp_path: Path) -> None:
    text = STUDY + (
        "circumstances:\n"
        "  lag: {path: 'venues.bybit.behaviour.visibility[0].lag', values: [0, 1 s, "
        "{lognormal: {median: 300 ms, sigma: 1}}]}\n"
    )

    def slow_with_the_law(_: object, changes: dict[str, Any], __: object) -> dict[str, Any]:
        lag = changes["venues.bybit.behaviour.visibility[0].lag"]
        return {"success": int(lag != {"lognormal": {"median": "300 ms", "sigma": 1.0}})}

    runs = Runs(slow_with_the_law)
    findings = found(study(tmp_path, text), runs, tmp_path)
    law = "{lognormal: {median: 300 ms, sigma: 1}}"
    assert set(findings.rows["lag"]) == {"0", "1 s", law}
    assert set(findings.rows[findings.rows["success"] == 0]["lag"]) == {law}
    files = tables.write(findings, tmp_path)
    assert pd.read_parquet(files[2])["lag"].tolist() == findings.rows["lag"].tolist()
    told = telling.told(findings, files)
    console = Console(width=100, record=True)
    console.print(told)
    assert f"fails at lag {law}" in " ".join(console.export_text().split())
    assert f"lag={law}" in shlex.split(worst_commands(findings)[0])[-1]


@pytest.mark.parametrize("name", ["late_positions", "refused_wave"])
def test_the_worlds_of_studies_are_scenarios_as_expected(name: str) -> None:
    result = runner.run(name, version="current")
    assert result.verdict.ok, result.verdict.surprises
    assert 0 not in result.faults_fired.values()
