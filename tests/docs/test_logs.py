"""The examples of docs/logs.md do what is shown."""

from __future__ import annotations

import re
from datetime import date as Date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from replay import cli
from replay.logs import production_log, table
from replay.logs.reader import Reading
from replay.logs.rows import rows_of
from tests.docs.test_readme import blocks

FILE = "docs/logs.md"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With the example's log and its patterns, as the working directory."""
    (log,), (patterns,) = blocks(FILE, "log"), blocks(FILE, "yaml")
    (tmp_path / "bot.log").write_text(log, encoding="utf-8")
    (tmp_path / "my_bot.yaml").write_text(patterns, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    return tmp_path


def test_the_milestones_of_the_example_are_shown_as_shown(folder: Path) -> None:
    _, example = blocks(FILE, "console")
    command, shown = example.split("\n", 1)
    ended = CliRunner().invoke(cli.app, command.removeprefix("$ replay ").split())
    assert ended.exit_code == 0, ended.output
    assert [line.rstrip() for line in ended.stdout.splitlines()] == shown.splitlines()


def test_the_table_of_the_example_is_read_as_shown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = blocks(FILE, "python")
    exec(compile(program, FILE, "exec"), {})
    printed = capsys.readouterr().out
    assert "\n0 2025-10-28 22:34:11.543+04:00  trader.core\n" in printed
    assert printed.splitlines()[-1] == "0 []"


def test_the_columns_of_the_table_are_all_told() -> None:
    text = (ROOT / FILE).read_text(encoding="utf-8")
    told = text.split("| column | holds |")[1].split("\n\n")[0]
    named = [name for row in told.splitlines()[2:] for name in re.findall("`(.*?)`", row[:25])]
    assert tuple(named) == table.COLUMNS


def test_each_form_of_a_line_is_read() -> None:
    text = (ROOT / FILE).read_text(encoding="utf-8")
    rows = text.split("| form | |")[1].split("\n\n")[0].splitlines()[2:]
    lines = [row.split("`")[1] for row in rows]
    assert len(lines) == 6
    log = production_log.parse("\n".join(lines), Date(2025, 10, 28))
    assert [line.source for line in log.lines] == lines
    assert [line.note for line in log.lines if line.note] == ["note"]


def test_what_is_said_not_to_be_read_is_shown_as_unread() -> None:
    lines = [
        "2025-10-28T22:34:12Z - text",
        "2025-10-28 22:34:12,246+00:00 - text",
        "2025-10-28 22:34:12,246 [INFO] text",
        '{"time": "22:34:12"}',
    ]
    reading = Reading()
    text = "\n\n".join([*lines, "2025-10-28 22:34:12,246 - read"])
    [read] = [each for rows in rows_of(text, reading) for each in rows.messages]
    assert read == "read"
    assert [line for _, _, line in reading.unread_lines] == lines
