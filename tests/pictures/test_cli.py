"""`replay run --html` and `--perfetto`, with a runner made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.replay.made import full_result
from tests.replay.test_cli import VERSIONS, MadeRunner, replay


def test_both_are_written_beside_the_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page, trace = tmp_path / "run.html", tmp_path / "run.json"
    runner = MadeRunner(lambda version, _: full_result())
    options = ("--bot", "current", "--html", page, "--perfetto", trace)
    ended = replay(monkeypatch, runner, "run", "sklusdt", *options)
    assert "no_unknown_order" in ended.stdout
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]


def test_several_versions_have_a_page_each(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    replay(monkeypatch, MadeRunner(), "run", "sklusdt", "--html", tmp_path / "run.html")
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        f"run.{version}.html" for version in VERSIONS
    )


@pytest.mark.parametrize("option", ["--html", "--perfetto"])
def test_a_file_that_cannot_be_written_ends_with_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, option: str
) -> None:
    file = tmp_path / "missing" / "file"
    ended = replay(monkeypatch, MadeRunner(), "run", "sklusdt", "--bot", "current", option, file)
    assert ended.exit_code == 2
    assert (
        ended.stderr == f"replay: {option} {file}: cannot be written: No such file or directory\n"
    )
