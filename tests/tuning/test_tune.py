"""`replay tune`, from a study's file to its tables, with real runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from replay import cli
from replay.tuning.identity import identity
from replay.tuning.store import Store

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


def test_a_run_under_a_profile_names_it(tmp_path: Path) -> None:
    place, file = "venues.bybit.behaviour.like=calm", tmp_path / "run.html"
    ended = replay("run", "late_order_bybit", "--bot", "current", "--change", place, "--html", file)
    assert ended.exit_code == 0, ended.output
    told = (
        "bybit: calm; overruled by the scenario: link bot to api.bybit.com, link bot to "
        "stream.bybit.com, visibility order"
    )
    assert f"profiles {told}" in " ".join(ended.output.split())
    assert told in file.read_text(encoding="utf-8")


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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--workers 0", "--workers 0: must be at least 1; leave it out for one process for each"),
        ("--workers -1", "--workers -1: must be at least 1; leave it out"),
        ("--tries 0", "--tries 0: must be at least 1; leave it out for 3"),
        ("--timeout 0", "--timeout 0: must be at least 1; leave it out for 120 seconds"),
        ("--timeout nan", "--timeout nan: must be at least 1; leave it out"),
        ("--memory 1", "--memory 1: must be at least 300; it is in MB; leave it out for no limit"),
        ("--workers 2 --cluster tcp://a:1", "--workers and --cluster: leave one of the two out"),
        ("--out laws.yaml", "--out laws.yaml: cannot be a folder: File exists; name another one"),
        ("--out laws.yaml/results", "results: cannot be a folder: Not a directory; name another"),
    ],
)
def test_an_option_that_cannot_be_is_told_with_a_cure(
    study: Path, options: str, message: str
) -> None:
    ended = replay("tune", study.name, *options.split())
    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("replay: ")
    assert message in ended.stderr
    assert sorted(study.parent.iterdir()) == [study]


def test_the_folder_of_another_study_is_left_alone(study: Path) -> None:
    Store(study.parent / "runs.sqlite", study="delays", identity=identity()).close()
    ended = replay("tune", study.name, "--out", ".")
    assert ended.exit_code == 2
    assert ended.stderr == (
        "replay: runs.sqlite: holds the results of study delays, not of laws; name another folder "
        "by --out\n"
    )


def test_results_of_other_code_are_left_alone_and_it_is_told_which(study: Path) -> None:
    before = {**identity(["bot_under_test:"]), "ccxt": "4.5.1", "bot_under_test's code": "f00d"}
    Store(study.parent / "runs.sqlite", study="laws", identity=before).close()
    ended = replay("tune", study.name, "--out", ".")
    assert ended.exit_code == 2
    assert "got otherwise: ccxt is 4.5.1 there and 4." in ended.stderr
    assert "bot_under_test's code is f00d there and " in ended.stderr
    assert ended.stderr.endswith("name another folder by --out, or delete this one to begin anew\n")
