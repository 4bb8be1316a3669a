"""Real runs against the baseline of real runs: what a change of the bot or the venue comes to."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from replay import runner
from tests import elsewhere
from tests.ci.made import replay

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "scenarios" / "sklusdt.yaml"
ONE_WAY_MS, WAIT_MS = 256, 1468
ROUND_TRIP_MS = 2 * ONE_WAY_MS  # 512: the bot asks once whether its order is there
OPTIONS = ("run", "skl.yaml", "--bot", "current")


def scenario(*, wait_ms: int = 0, limit_s: int = 3) -> None:
    """SKLUSDT on a slower line; the bot waits before it asks about its order."""
    text = SCENARIO.read_text(encoding="utf-8")
    for was, now in (
        ("latency: 175 ms", f"latency: {ONE_WAY_MS} ms"),
        ("settings:\n", f"settings:\n    order_status_delay_s: {wait_ms / 1000}\n"),
        ("verification_started, at_most: 1 s", f"verification_started, at_most: {limit_s} s"),
        ("name: pre_registered, at: 22:34:11.898, within: 10 ms", "name: pre_registered"),
    ):
        assert was in text
        text = text.replace(was, now)
    Path("skl.yaml").write_text(text, encoding="utf-8")


def told(shown: str) -> list[str]:
    """What is said against the baseline, as one line each: a terminal breaks long ones."""
    _, _, changes = shown.partition("Against the baseline\n")
    lines = re.sub(r"\n(?!skl\.yaml current|runs changed)", "", changes).splitlines()
    return [line.removeprefix("skl.yaml current: ") for line in lines]


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_bot_that_waits_longer_is_told_though_it_stays_within_its_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scenario()
    assert replay(monkeypatch, runner, *OPTIONS, "--write-baseline", "b.json").exit_code == 0
    scenario(wait_ms=WAIT_MS)
    ended = replay(monkeypatch, runner, *OPTIONS, "--baseline", "b.json")
    assert ended.exit_code == 0
    assert (ROUND_TRIP_MS, ROUND_TRIP_MS + WAIT_MS) == (512, 1980)
    (line,) = [each for each in told(ended.stdout) if "verification" in each]
    assert line.startswith("SKLUSDT: verification 512 ms -> 1,980 ms, still within its limit")
    assert "runs changed: 1, identical: 0" in ended.stdout


def test_beyond_its_limit_it_ends_with_1_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario(limit_s=1)
    replay(monkeypatch, runner, *OPTIONS, "--write-baseline", "b.json")
    scenario(limit_s=1, wait_ms=WAIT_MS)
    ended = replay(monkeypatch, runner, *OPTIONS, "--baseline", "b.json")
    assert ended.exit_code == 1
    changes = told(ended.stdout)
    assert "outcome as expected -> UNEXPECTED" in changes
    name = "verification_confirmed at most 1.000 s after verification_started"
    assert f"{name}: held -> BROKEN" in changes
    (line,) = [each for each in changes if "512 ms" in each]
    assert line.startswith("SKLUSDT: verification 512 ms -> 1,980 ms, beyond its limit")


def test_nothing_changed_is_identical(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario()
    replay(monkeypatch, runner, *OPTIONS, "--write-baseline", "b.json")
    ended = replay(monkeypatch, runner, *OPTIONS, "--baseline", "b.json", "--strict-baseline")
    assert (ended.exit_code, told(ended.stdout)) == (0, ["runs changed: 0, identical: 1"])


def test_a_bot_whose_code_only_moved_in_its_file_is_identical(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    options = ("run", "sklusdt", "--bot", "2025-10-28")  # its trace tells of places in the code
    before = json_of(replay(monkeypatch, runner, *options, "--json", "-").stdout)
    replay(monkeypatch, runner, *options, "--write-baseline", "b.json")
    shutil.copytree(ROOT / "bot_under_test", tmp_path / "bot_under_test")
    edited = tmp_path / "bot_under_test" / "reference" / "verification.py"
    edited.write_text("# one\n# two\n" + edited.read_text(encoding="utf-8"), encoding="utf-8")
    command = [*options, "--baseline", "b.json", "--strict-baseline", "--json", "after.json"]
    path = f"{tmp_path}{os.pathsep}{ROOT}"  # the edited bot
    done = elsewhere.replay(*command, PYTHONPATH=path)
    assert "runs changed: 0, identical: 1" in done.stdout
    after = json_of(Path("after.json").read_text(encoding="utf-8"))
    assert after["digest"] != before["digest"]  # it was the edited bot that ran


def json_of(text: str) -> dict[str, Any]:
    (run,) = json.loads(text)["runs"]
    found: dict[str, Any] = run
    return found
