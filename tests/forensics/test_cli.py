"""The commands `compare`, `import` and `explain`, as a person types them."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from replay import cli, runner
from tests.forensics.incidents import FILES, LOGS

SKLUSDT = LOGS / FILES["sklusdt"]
TINY = Path(__file__).with_name("tiny.yaml")


def replay(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(each) for each in arguments], env={"COLUMNS": "200"})


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_a_faithful_run_ends_with_0_and_its_figure() -> None:
    shown = replay("compare", SKLUSDT, "sklusdt")
    assert shown.exit_code == 0, shown.output
    assert "13 of 13 milestones of the log present, 13 in order, 13 within 10 ms" in shown.output
    assert "fidelity 100.0%" in shown.output


def test_an_unfaithful_run_ends_with_1_and_tells_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    shown = replay("compare", SKLUSDT, "sklusdt", "--bot", "current", "--csv", file)
    assert shown.exit_code == 1
    assert "LOG ONLY: the run does not come to it" in shown.output
    assert "fidelity 46.2%" in shown.output
    missing = [row["milestone"] for row in rows(file) if row["status"] == "missing"]
    assert missing[:2] == ["ws_update_skipped", "verification_timeout"]


def test_how_far_apart_is_on_time_can_be_said(tmp_path: Path) -> None:
    log = tmp_path / "late_2025-10-28.log"
    text = SKLUSDT.read_text(encoding="utf-8")
    log.write_text(text.replace("22:34:11.898", "22:34:11.878"), encoding="utf-8")
    assert replay("compare", log, "sklusdt").exit_code == 1
    assert replay("compare", log, "sklusdt", "--within", "25").exit_code == 0


def test_what_of_a_log_says_nothing_known_is_told(tmp_path: Path) -> None:
    log = tmp_path / "more_2025-10-28.log"
    text = SKLUSDT.read_text(encoding="utf-8")
    log.write_text(text + "\n22:34:30.000 - good night\n", encoding="utf-8")
    before = replay("compare", SKLUSDT, "sklusdt").stderr
    after = replay("compare", log, "sklusdt").stderr
    assert f"{SKLUSDT}: 2 lines say nothing that a pattern knows" in before  # what was left out
    assert f"{log}: 3 lines say nothing that a pattern knows" in after


@pytest.mark.parametrize("command", ["compare", "import", "explain"])
def test_a_log_that_is_not_there_is_unusable(command: str) -> None:
    scenario = ["sklusdt"] if command == "compare" else []
    shown = replay(command, "no.log", *scenario)
    assert shown.exit_code == 2
    assert "no.log" in shown.output


def test_what_is_imported_is_a_scenario_that_runs_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(LOGS / FILES["degenusdt"], tmp_path)
    monkeypatch.chdir(tmp_path)
    shown = replay("import", FILES["degenusdt"], "--utc-offset", "+04:00", "--bot", "2025-10-29")
    assert shown.exit_code == 0, shown.output
    (tmp_path / "degen.yaml").write_text(shown.stdout, encoding="utf-8")
    assert replay("run", "degen.yaml").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--utc-offset", "4"], "--utc-offset 4"),
        (["--date", "tomorrow"], "--date tomorrow"),
        (["--factory", "mine:create"], "--factory: name the version of your bot"),
        (["--bot", "v", "--factory", "mine:create"], "cannot be imported"),
        (["--patterns", "no.yaml"], "no.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_imported_is_said(arguments: list[str], told: str) -> None:
    shown = replay("import", SKLUSDT, *arguments)
    assert shown.exit_code == 2
    assert told in shown.output


def test_a_log_is_explained_by_its_own_scenario_and_every_candidate_is_in_the_csv(
    tmp_path: Path,
) -> None:
    file = tmp_path / "candidates.csv"
    shown = replay("explain", LOGS / FILES["wave_limit"], "--csv", file)
    assert shown.exit_code == 0, shown.output
    assert "wave_limit: nothing contradicts the first" in shown.output
    written = rows(file)
    assert written[0]["contradictions"] == "0"
    assert {"as it is", "defects", "behaviour", "theory"} == {row["kind"] for row in written}
    best, *others = written
    assert "requires_filled_status" in best["what"]
    assert all(int(each["rank"]) > 1 for each in others)


def test_candidates_of_ones_own_are_tried_too_and_what_nothing_explains_ends_with_1(
    tmp_path: Path,
) -> None:
    """Orders are found 0.4 s late: the first question, ccxt's throttle after the fill, is too early
    and the second is not."""
    late = (runner.catalogue.FOLDER / "behaviours" / "late_order_binance.yaml").read_text("utf-8")
    mine = tmp_path / "candidates"
    mine.mkdir()
    text = late.replace("name: late_order_binance", "name: late_by_400_ms")
    text = text.replace("lag: 1.4 s", "lag: 400 ms")
    assert text.count("late_by_400_ms") == text.count("lag: 400 ms") == 1
    (mine / "late.yaml").write_text(text, encoding="utf-8")
    log = tmp_path / "tiny_2026-11-02.log"
    log.write_text("10:00:10.090 - sent 1\n10:00:10.670 - is closed\n", encoding="utf-8")
    shown = replay("explain", log, "--scenario", TINY, "--candidates", mine)
    assert shown.exit_code == 0, shown.output
    assert "nothing contradicts the first" in shown.output
    assert "Best: late_by_400_ms" in shown.output
    assert "hidden: 1 x OrderNotFound" in shown.output
    log.write_text("10:00:10.090 - sent 1\n10:00:11.620 - is closed\n", encoding="utf-8")
    shown = replay("explain", log, "--scenario", TINY, "--candidates", mine)
    assert shown.exit_code == 1
    assert "every candidate is contradicted" in shown.output


def test_a_folder_without_candidates_is_unusable(tmp_path: Path) -> None:
    shown = replay("explain", SKLUSDT, "--candidates", tmp_path)
    assert shown.exit_code == 2
    assert "must be a folder with scenarios" in shown.output


def test_a_log_without_a_known_milestone_cannot_be_explained(tmp_path: Path) -> None:
    log = tmp_path / "bot_2025-10-28.log"
    log.write_text("22:34:12.246 - good night\n", encoding="utf-8")
    shown = replay("explain", log, "--scenario", "sklusdt")
    assert shown.exit_code == 2
    assert "no milestone that is known" in shown.output


def test_a_bot_that_is_not_ours_is_replayed_by_its_factory() -> None:
    shown = replay("run", TINY)
    assert shown.exit_code == 0, shown.output
    assert "is closed" in shown.output


@pytest.mark.parametrize(
    ("factory", "told"),
    [
        ("no.such:create", "cannot be imported: No module named 'no'"),
        ("tests.forensics.tiny_bot:make", "tests.forensics.tiny_bot has no make"),
        ("tests.forensics.tiny_bot", "bot.factory: tests.forensics.tiny_bot"),
    ],
)
def test_a_factory_that_is_not_there_is_unusable(tmp_path: Path, factory: str, told: str) -> None:
    text = TINY.read_text(encoding="utf-8").replace("tests.forensics.tiny_bot:create", factory)
    (tmp_path / "tiny.yaml").write_text(text, encoding="utf-8")
    shutil.copy(TINY.with_name("tiny_patterns.yaml"), tmp_path)
    shown = replay("run", tmp_path / "tiny.yaml")
    assert shown.exit_code == 2
    assert told in shown.output
