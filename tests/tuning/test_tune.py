"""`replay tune`, from a study's file to its tables, with real runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from replay import cli

STUDY = """\
name: laws
title: Which law of asking survives which lag
scenarios: [late_order_bybit]
parameters:
  tries: {setting: order_fetch_attempts, values: [1, 5]}
compare: [{tries: 1}]
circumstances:
  lag: {path: "venues.bybit.behaviour.visibility[0].lag", values: [0 ms, 1.5 s]}
runs: {at_least: 2, at_most: 2}
objectives: [{maximise: success}, {minimise: requests}]
"""


def replay(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(each) for each in arguments])


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "laws.yaml"
    file.write_text(STUDY, encoding="utf-8")
    return file


def test_a_study_finds_the_law_that_survives_and_can_be_repeated(study: Path) -> None:
    ended = replay("tune", study, "--workers", "1")
    assert ended.exit_code == 0, ended.output
    assert "Which law of asking survives which lag: tries=5" in ended.stdout
    assert "succeeds at every lag, up to 1.5 s" in ended.stdout
    assert "beside it tries=1" in ended.stdout
    assert "succeeds up to lag 0 ms, no longer at 1.5 s" in ended.stdout
    folder = study.parent / "tune-laws"
    found = pd.read_parquet(folder / "candidates.parquet")
    assert list(found["success"]) == [0.5, 1.0]
    assert list(found["recommended"]) == [False, True]
    runs = pd.read_csv(folder / "runs.csv")
    assert len(runs) == 2 * 2 * 2
    late = runs[(runs["candidate"] == 0) & (runs["lag"] == "1.5 s")]
    assert list(late["success"]) == [0, 0]
    assert set(late["rolled_back"]) == {1}
    assert late["time_to_protected_s"].isna().all()
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")


def test_the_table_is_the_same_whoever_worked_and_whenever(study: Path) -> None:
    assert replay("tune", study, "--workers", "1", "--out", "one").exit_code == 0
    assert replay("tune", study, "--workers", "2", "--out", "two").exit_code == 0
    again = replay("tune", study, "--workers", "2", "--out", "one")
    assert again.exit_code == 0
    assert "8 known from before" in again.output or "4 known from before" in again.output
    for name in ("runs.csv", "runs.parquet", "candidates.csv", "report.html"):
        one, two = (study.parent / each / name for each in ("one", "two"))
        assert one.read_bytes() == two.read_bytes(), name


def test_the_command_of_a_worst_run_repeats_it(study: Path) -> None:
    assert replay("tune", study, "--workers", "1").exit_code == 0
    page = (study.parent / "tune-laws" / "report.html").read_text(encoding="utf-8")
    found = re.search(r"replay run late_order_bybit [^<\"\\]*order_fetch_attempts=1[^<\"\\]*", page)
    assert found is not None
    said = found[0].replace("&#x27;", "'").replace("&#39;", "'")
    ended = replay(*shlex.split(said)[1:])
    assert ended.exit_code == 1, said
    assert "ADAUSDT ended rolled_back" in ended.output


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("maximise: success", "maximise: luck", "objectives[0].maximise: luck — is none of the"),
        ("order_fetch_attempts", "order_fetch_tries", "there is no setting 'order_fetch_tries'"),
        ("visibility[0]", "visibility[7]", "visibility[7].lag — no such place to change"),
        ("[late_order_bybit]", "[late_oder_bybit]", "no such scenario; did you mean"),
        ("tries: 1}]", "trie: 1}]", "compare[0] — needs a value for each parameter"),
        ("at_least: 2", "at_least: 3", "runs.at_least: 3 — is more than `at_most`"),
    ],
)
def test_a_study_that_cannot_be_is_told(study: Path, old: str, new: str, message: str) -> None:
    study.write_text(STUDY.replace(old, new), encoding="utf-8")
    ended = replay("tune", study, "--workers", "1", "--tries", "1")
    assert ended.exit_code == 2
    assert message in ended.output.replace("\n", " ")


def test_a_study_that_is_not_there_names_those_that_are() -> None:
    ended = replay("tune", "1000000babydogeusd")
    assert ended.exit_code == 2
    assert "no such study; did you mean '1000000babydogeusdt'?" in ended.output


def test_one_run_can_be_played_with_another_setting_and_another_place() -> None:
    place = "venues.bybit.behaviour.visibility[0].lag=300 ms"
    once = ("run", "late_order_bybit", "--bot", "current", "--setting", "order_fetch_attempts=1")
    assert "ADAUSDT ended rolled_back" in replay(*once).output
    ended = replay(*once, "--change", place)
    assert "ADAUSDT ended opened, +12" in ended.output
    assert "--setting=order_fetch_attempts=1" in ended.output
    assert "'--change=venues.bybit.behaviour.visibility[0].lag=300 ms'" in ended.output


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--setting=fast", "--setting fast: write NAME=VALUE"),
        ("--change=venues.bybit.price=1", "venues.bybit.price — no such key"),
        ("--change=venues.binance.profile=x", "venues.binance.profile — no such place to change"),
    ],
)
def test_what_cannot_be_changed_is_told(option: str, message: str) -> None:
    ended = replay("run", "late_order_bybit", "--bot", "current", option)
    assert ended.exit_code == 2
    assert message in ended.output.replace("\n", " ")
