"""The command `replay milestones`."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from replay import cli

LOGS = Path(__file__).parents[2] / "fixtures" / "logs"
MINE = (
    "- {name: armed, patterns: ['armed: (?P<symbol>[A-Z]+)']}\n- {name: never, patterns: [xyz]}\n"
)


def milestones(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> Result:
    monkeypatch.delenv("COLUMNS", raising=False)
    return CliRunner().invoke(cli.app, ["milestones", *(str(each) for each in arguments)])


def rows(shown: str, title: str) -> list[list[str]]:
    """The cells of the table under a title, without its head."""
    body = shown.split(f"\n{title}\n", 1)[1].split("\n\n", 1)[0]
    return [[c for c in line.split("   ") if c.strip()] for line in body.splitlines()[2:]]


def stripped(table: list[list[str]]) -> list[list[str]]:
    return [[cell.strip() for cell in row] for row in table]


def test_each_milestone_is_shown_with_count_first_and_last_in_the_log_s_own_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = milestones(monkeypatch, LOGS / "velvetusdt_2025-10-29.log", "--utc-offset", "+04:00")
    assert ended.exit_code == 0
    shown = stripped(rows(ended.stdout, "Milestones in velvetusdt_2025-10-29.log"))
    at = "2025-10-29 01:34:"
    assert ["pre_registered", "1", f"{at}13.234", f"{at}13.234"] in shown
    assert ["mark_price_update", "3", f"{at}15.095", f"{at}17.088"] in shown
    assert "Could not be read: 1 lines" in ended.stdout
    assert "velvetusdt_2025-10-29.log:11: ... (еще 7 WS обновлений)" in ended.stdout


def test_a_log_without_times_shows_places(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "wave_limit_2025-10-12.log"
    ended = milestones(monkeypatch, LOGS / name)
    assert ended.exit_code == 0
    assert stripped(rows(ended.stdout, f"Milestones in {name}")) == [
        ["wave_counter", "5", f"{name}:1", f"{name}:5"],
        ["wave_complete", "1", f"{name}:7", f"{name}:7"],
    ]
    assert "Note: no line has a time; only their order is known" in ended.stdout


def test_patterns_of_one_s_own_come_first_and_are_shown_even_if_not_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(MINE)
    (tmp_path / "more.yaml").write_text("- {name: geared, patterns: [Leverage set]}\n")
    log = tmp_path / "bot.log"
    log.write_text("22:34:11 - armed: SKLUSDT\n22:34:12 - Leverage set to 1x\n")
    ended = milestones(
        monkeypatch,
        *(log, "--date", "2025-10-28"),
        *("--patterns", tmp_path / "mine.yaml", "--patterns", tmp_path / "more.yaml"),
    )
    assert stripped(rows(ended.stdout, "Milestones in bot.log")) == [
        ["armed", "1", "2025-10-28 22:34:11.000", "2025-10-28 22:34:11.000"],
        ["never", "0"],
        ["geared", "1", "2025-10-28 22:34:12.000", "2025-10-28 22:34:12.000"],
    ]


def test_what_no_pattern_matches_is_shown_by_shape_and_the_rest_is_counted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "bot.log"
    lines = [
        *(f"22:34:11,{n:03} - core.a - INFO - [tick] {n} of SKLUSDT" for n in range(5)),
        *(f"22:34:12,{n:03} - core.b - INFO - tock {n}" for n in range(3)),
        "22:34:13,000 - core.b - INFO - tack",
        "22:34:13,001 - core.b - INFO - tuck",
        "22:34:13,002 - core.b - INFO - Leverage set to 1x",
    ]
    log.write_text("\n".join(["?", "??", "???", *lines]))
    ended = milestones(monkeypatch, log, "--date", "2025-10-28", "--top", "2")
    assert stripped(rows(ended.stdout, "Without a milestone: 10 of 11 lines")) == [
        ["5", "core.a", "[tick] <n> of <symbol>", "bot.log:4"],
        ["3", "core.b", "tock <n>", "bot.log:9"],
        ["and 2 more shapes, 2 lines"],
    ]
    unread = ended.stdout.split("Could not be read: 3 lines\n")[1].splitlines()
    assert unread == ["bot.log:1: ?", "bot.log:2: ??", "and 1 more"]


def test_a_rotated_set_is_one_log_and_what_was_put_right_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = "22:34:11 - ⚡ Pre-registered SKLUSDT\n".encode().decode("mac_roman")
    (tmp_path / "bot.log.1").write_bytes(gzip.compress(wrong.encode()))
    (tmp_path / "bot.log").write_text("22:34:12 - ⚡ Pre-registered RADUSDT\n", encoding="utf-8")
    ended = milestones(monkeypatch, tmp_path / "bot.log", "--date", "2025-10-28")
    assert stripped(rows(ended.stdout, "Milestones in bot.log.1, bot.log")) == [
        ["pre_registered", "2", "2025-10-28 22:34:11.000", "2025-10-28 22:34:12.000"]
    ]
    told = "1 line was UTF-8 that had been read as Mac Roman, and was put right"
    assert f"Note: {told}" in ended.stdout


def test_the_csv_holds_both_tables_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log, file = tmp_path / "bot.log", tmp_path / "bot.csv"
    log.write_text("22:34:11 - Leverage set to 1x\n22:34:12 - tick 1\n22:34:13 - tock\n")
    ended = milestones(monkeypatch, log, "--date", "2025-10-28", "--top", "0", "--csv", file)
    assert ended.exit_code == 0
    table = pd.read_csv(file, keep_default_na=False)
    at = "2025-10-28 22:34:11.000"
    assert table.to_numpy().tolist() == [
        ["milestone", "leverage_set", "leverage set", "", "", 1, at, at],
        ["unmatched", "", "", "", "tick <n>", 1, "bot.log:2", ""],
        ["unmatched", "", "", "", "tock", 1, "bot.log:3", ""],
    ]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (None, [], "{log}: the log cannot be read: no such file"),
        (b"", [], "{log}: is empty; name a file with the log's lines"),
        (b"\x7fELF\0", [], "{log}: is no text but a binary file; name the log itself"),
        (b"22:34:11 - x", [], "{log}:1: the line has no date, and neither has the file's name"),
        (b"22:34:11 - x", ["--date", "28.10.2025"], "--date 28.10.2025: must be a day"),
        (b"22:34:11 - x", ["--utc-offset", "4"], "--utc-offset 4: "),
        (b"22:34:11 - x", ["--patterns", "none.yaml"], "none.yaml: cannot be read: "),
        (
            b"2025-10-28 22:34:11 - x",
            ["--csv", "no/such/folder.csv"],
            "--csv no/such/folder.csv: cannot be written: ",
        ),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_one_message(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: bytes | None,
    options: list[str],
    message: str,
) -> None:
    log = tmp_path / "bot.log"
    if content is not None:
        log.write_bytes(content)
    monkeypatch.chdir(tmp_path)
    ended = milestones(monkeypatch, log, *options)
    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"replay: {message.format(log=log)}")


def test_a_pattern_that_cannot_be_used_is_named_with_file_line_and_milestone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("- name: armed\n  patterns:\n    - 'armed ('\n")
    ended = milestones(monkeypatch, LOGS / "sklusdt_2025-10-28.log", "--patterns", file)
    assert ended.exit_code == 2
    assert ended.stderr.startswith(
        f"replay: {file}:3: armed: patterns: armed ( — is no regular expression: "
    )
