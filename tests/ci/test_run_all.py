"""`replay run` of many: what is selected, what an unusable scenario does, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from replay import runner as real_runner
from replay.result import RunResult
from scenarios import catalogue
from simulator.errors import (
    InputError,
    OverBudgetError,
    RealConnectionError,
    SimulatorError,
    StalledError,
)
from tests.ci.made import MadeRunner, broken, replay
from tests.replay.made import result

UNUSABLE = InputError("scenarios/b.yaml:14: latency must be >= 0, was -5 ms")
REAL = RealConnectionError("connection", "1.2.3.4:443", "bot.py:1 in main")
OVER = OverBudgetError("the run took more than 60 s of virtual time")


@pytest.mark.parametrize("word", ["--all", "all"])
def test_the_word_and_the_option_run_every_scenario(
    monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    runner = MadeRunner({"a": {"old": result(), "current": result()}, "b": {"current": result()}})
    assert replay(monkeypatch, runner, "run", word).exit_code == 0
    assert runner.asked == [("a", "old"), ("a", "current"), ("b", "current")]


def test_all_beside_a_name_is_refused_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = replay(monkeypatch, MadeRunner({"a": {}}), "run", "a", "--all")
    assert ended.exit_code == 2
    assert ended.stderr == "replay: --all and a: leave one of the two out\n"


def test_nothing_to_run_is_refused_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = replay(monkeypatch, MadeRunner({"a": {}}), "run")
    assert ended.exit_code == 2
    assert ended.stderr == (
        "replay: no scenario: name one, its file or a folder of them, or add --all\n"
    )


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (result(), 0),
        (broken(), 1),
        (StalledError("nothing is ready and nothing is scheduled"), 1),
        (UNUSABLE, 2),
        (result(digest=""), 3),
        (REAL, 4),
        (result(refusals=("UDP to 8.8.8.8:53",)), 4),
        (OVER, 5),
        (result(over_budget=("stopping the bot: not finished when time was up",)), 5),
    ],
)
def test_one_version_of_one_scenario_decides_how_all_end(
    monkeypatch: pytest.MonkeyPatch, made: RunResult | SimulatorError, code: int
) -> None:
    runner = MadeRunner({"a": {"old": result()}, "b": {"old": made}, "c": {"old": result()}})
    assert replay(monkeypatch, runner, "run", "--all", "--twice").exit_code == code
    assert ("c", "old") in runner.asked


@pytest.mark.parametrize(
    ("graver", "lesser", "code"),
    [
        (REAL, result(digest=""), 4),
        (result(digest=""), UNUSABLE, 3),
        (UNUSABLE, OVER, 2),
        (OVER, broken(), 5),
    ],
)
def test_of_several_classes_the_gravest_is_told(
    monkeypatch: pytest.MonkeyPatch,
    graver: RunResult | SimulatorError,
    lesser: RunResult | SimulatorError,
    code: int,
) -> None:
    for first, second in ((graver, lesser), (lesser, graver)):
        runner = MadeRunner({"a": {"current": first}, "b": {"current": second}})
        assert replay(monkeypatch, runner, "run", "--all", "--twice").exit_code == code


def test_a_scenario_that_cannot_be_read_is_told_and_counted_and_the_rest_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runner = MadeRunner({"a": UNUSABLE, "b": {"current": result()}})
    file = tmp_path / "result.json"
    ended = replay(monkeypatch, runner, "run", "--all", "--json", file)
    assert ended.exit_code == 2
    assert runner.asked == [("b", "current")]
    assert ended.stderr == f"replay: a: {UNUSABLE}\n"
    assert "1 could not be run" in ended.stdout
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written["errors"] == [
        {"scenario": "a", "version": "", "type": "InputError", "message": str(UNUSABLE)}
    ]
    assert not written["ok"]


def test_the_versions_of_one_scenario_after_the_one_that_stalls_are_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stalled = StalledError("nothing is ready and nothing is scheduled")
    runner = MadeRunner({"a": {"old": stalled, "current": result()}})
    ended = replay(monkeypatch, runner, "run", "a")
    assert ended.exit_code == 1
    assert "a, bot current, seed 1: as expected" in ended.stdout
    assert ended.stderr == f"replay: {stalled}\n"
    assert "1 could not be run" in ended.stdout


def test_scenarios_that_end_in_the_same_way_are_all_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stalled = StalledError("nothing is ready and nothing is scheduled")
    runner = MadeRunner({"a": {"old": stalled, "current": stalled}, "b": {"old": stalled}})
    assert replay(monkeypatch, runner, "run", "--all").stderr == (
        f"replay: a old, current: {stalled}\nreplay: b old: {stalled}\n"
    )


def test_a_broken_scenario_among_those_at_hand_does_not_end_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = catalogue.FOLDER / "behaviours" / "reply_lost.yaml"
    (tmp_path / "good.yaml").write_bytes(source.read_bytes())
    (tmp_path / "bad.yaml").write_text("name: bad\n", encoding="utf-8")
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    ended = replay(monkeypatch, real_runner, "run", "--all")
    assert ended.exit_code == 2
    assert "runs, 0 not as expected" in ended.stdout
    assert "1 could not be run" in ended.stdout
    assert ended.stderr.startswith("replay: bad: ")


def test_a_folder_is_every_scenario_in_it_by_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["incidents/b.yaml", "incidents/deep/a.yml"]
    ignored = ["incidents/notes.md", "incidents/.venv/x.yaml", "incidents/.hidden.yaml"]
    ignored += ["incidents/profiles/slow.yaml", "incidents/studies/delays.yaml"]
    for name in [*names, *ignored]:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("", encoding="utf-8")
    runner = MadeRunner({name: {"current": result()} for name in names})
    ended = replay(monkeypatch, runner, "run", "incidents", "--trace", "t.jsonl")
    assert ended.exit_code == 0
    assert runner.asked == [(name, "current") for name in names]
    assert all(name in ended.stdout for name in names)
    assert sorted(path.name for path in tmp_path.glob("t.*")) == [
        "t.incidents-b.current.jsonl",
        "t.incidents-deep-a.current.jsonl",
    ]


def test_a_folder_without_a_scenario_is_unusable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended = replay(monkeypatch, MadeRunner({}), "run", tmp_path)
    assert ended.exit_code == 2
    assert f"{tmp_path}: no scenario in it; a scenario's file ends with .yaml" in ended.stderr


def test_a_scenarios_name_goes_before_a_folder_of_that_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sklusdt").mkdir()
    monkeypatch.chdir(tmp_path)
    runner = MadeRunner({"sklusdt": {"current": result()}})
    assert replay(monkeypatch, runner, "run", "sklusdt").exit_code == 0
    assert runner.asked == [("sklusdt", "current")]
