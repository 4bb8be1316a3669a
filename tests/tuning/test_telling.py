"""What a study came to, in terminals of all widths."""

from __future__ import annotations

import random
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from replay.tuning.studying import Findings
from replay.tuning.telling import told
from tests.tuning.made import STUDY, Runs, found, study


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    """Four candidates, three objectives."""

    def formula(settings: dict[str, Any], _: object, chance: random.Random) -> dict[str, Any]:
        tries = settings["order_fetch_attempts"]
        success = int(chance.random() < tries / 4)
        return {"success": success, "requests": 20 + tries, "time_to_protected_s": tries / 2}

    more = "{maximise: success}, {minimise: time_to_protected_s, quantile: 0.99}"
    text = STUDY.replace("{maximise: success}", more)
    return found(study(tmp_path, text), Runs(formula), tmp_path)


def lines(findings: Findings, width: int, retrying: str = "") -> list[str]:
    screen = Console(file=StringIO(), width=width, color_system=None, highlight=False)
    screen.print(told(findings, [Path("tune-made/runs.csv")], retrying), crop=False)
    assert isinstance(screen.file, StringIO)
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_no_candidate_is_cut_however_narrow_the_terminal(findings: Findings, width: int) -> None:
    shown = lines(findings, width)
    text = "\n".join(shown)
    assert max(map(len, shown)) <= width
    assert "…" not in text
    for number, each in enumerate(findings.decision.candidates, start=1):
        percent = f"{each.estimates['success'].value * 100:.4g}%"
        assert text.count(percent) >= 1
        assert f"{20 + number} [{20 + number}, {20 + number}]" in text
        assert f"{number / 2:.4g} [{number / 2:.4g}, {number / 2:.4g}]" in text
    beside_each_other = any(line.split()[:2] == ["tries", "runs"] for line in shown)
    assert beside_each_other == (width >= 80)
    assert ("tries=3: " in text) == (width < 80)


def test_where_nobody_asked_for_success_nothing_is_said_of_it(tmp_path: Path) -> None:
    text = STUDY.replace("{maximise: success}, ", "") + (
        "circumstances:\n"
        "  lag: {path: 'venues.bybit.behaviour.visibility[0].lag', values: [1 s, 2 s]}\n"
    )
    failing = found(study(tmp_path, text), Runs(lambda *_: {"success": 0}), tmp_path)
    assert not [line for line in lines(failing, 100) if "succeeds" in line or "fails" in line]
    asked = text.replace("[{minimise: requests}]", "[{maximise: success}, {minimise: requests}]")
    failing = found(study(tmp_path, asked), Runs(lambda *_: {"success": 0}), tmp_path)
    assert "  succeeds at no lag, no longer at 1 s" in lines(failing, 100)


def test_ten_that_were_set_aside_are_named_in_lines_that_can_be_copied(findings: Findings) -> None:
    aside = tuple(f"late_order_bybit: {'lag=1.5 s, ' * 9}seeds {n}: died" for n in range(12))
    command = "replay tune made.yaml --out a-folder-with-a-long-name --retry-set-aside"
    shown = lines(replace(findings, set_aside=aside), 60, command)
    assert "set aside, and in none of these numbers: 12 items" in shown
    start = shown.index(f"  {aside[0]}")
    assert shown[start : start + 10] == [f"  {each}" for each in aside[:10]]
    assert shown[start + 10 : start + 12] == [
        "  and 2 more",
        f"when the cause is gone, try again with  {command}",
    ]


def test_of_nothing_set_aside_nothing_is_said(findings: Findings) -> None:
    assert not [line for line in lines(findings, 80, "replay tune") if "aside" in line]
