"""`replay events`, and the team's query on the database that a replay leaves."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from typer.testing import CliRunner

from replay import cli, event_log, runner

ROOT = Path(__file__).parents[2]


def test_the_monitoring_query_works_on_what_a_replay_leaves(tmp_path: Path) -> None:
    file = tmp_path / "bot.sqlite"
    runner.run("wave_limit", version="2025-10-12", database=file)
    # As somebody would run it who has nothing but the file and the query.
    connection = sqlite3.connect(file)
    rows = connection.execute(event_log.MONITORING_SQL.read_text(encoding="utf-8")).fetchall()
    connection.close()
    symbols = "VELOUSDT,ZENTUSDT,GLMRUSDT"
    # 17:06 local time is 13:06 UTC, the same day.
    assert rows == [
        ("2025-10-12", "position_error", 3, symbols),
        ("2025-10-12", "signal_execution_failed", 3, symbols),
    ]


def test_the_query_of_the_documentation_is_the_one_that_is_run() -> None:
    query = event_log.MONITORING_SQL.read_text(encoding="utf-8")
    statement = query[query.index("SELECT") :].strip()
    assert statement in (ROOT / "docs" / "replaying.md").read_text(encoding="utf-8")


def test_events_and_failures_are_shown(tmp_path: Path) -> None:
    file = tmp_path / "kept.sqlite"
    arguments = ["events", "sklusdt", "--bot", "2025-10-28", "--database", str(file)]
    ended = CliRunner().invoke(cli.app, arguments)
    assert ended.exit_code == 0
    assert "position_error" in ended.stdout
    assert "symbol=SKLUSDT" in ended.stdout
    assert list(event_log.failures(file).columns) == ["day", "event_type", "count", "symbols"]
    again = CliRunner().invoke(cli.app, arguments)
    assert again.exit_code == 2
    assert "is there already; name a new file" in again.stderr


def test_what_a_database_is_kept_in_changes_nothing_about_the_run(tmp_path: Path) -> None:
    kept = runner.run("sklusdt", version="2025-10-28", database=tmp_path / "bot.sqlite")
    assert kept.digest == runner.run("sklusdt", version="2025-10-28").digest
    assert [event.type for event in kept.events] == ["position_error", "signal_execution_failed"]
