"""The reference bot with its tables in Postgres: the same incidents, the same rows."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from bot_under_test.__main__ import settings_from
from replay import cli, event_log, runner
from replay.databases import SCHEMA
from scenarios import catalogue
from simulator import InputError
from tests.neighbours.servers import Server, free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture
def with_neighbour(postgres: Server, tmp_path: Path) -> Path:
    """An incident's scenario that names the database."""
    text = (catalogue.FOLDER / "sklusdt.yaml").read_text(encoding="utf-8")
    file = tmp_path / "on_postgres.yaml"
    file.write_text(f"{text}\nneighbours:\n  db: {{address: '{postgres.address}'}}\n")
    return file


@pytest.mark.parametrize(
    ("scenario", "version"),
    [("sklusdt", "2025-10-28"), ("sklusdt", "current"), ("wave_limit", "2025-10-12")],
)
def test_an_incident_is_the_same_on_postgres_as_on_sqlite(
    postgres: Server, scenario: str, version: str
) -> None:
    on_sqlite = runner.run(scenario, version=version)
    on_postgres = runner.run(scenario, version=version, database=postgres.dsn)
    assert on_postgres.verdict.ok == on_sqlite.verdict.ok
    assert on_postgres.outcomes == on_sqlite.outcomes
    assert on_postgres.milestones == on_sqlite.milestones
    assert on_postgres.virtual_ns == on_sqlite.virtual_ns
    assert on_postgres.events == on_sqlite.events
    assert on_postgres.events


def test_a_run_on_postgres_has_the_digest_of_the_run_before(postgres: Server) -> None:
    runs = [
        runner.run("sklusdt", version="2025-10-28", database=postgres.dsn).digest for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_the_monitoring_query_works_on_what_is_left_in_postgres(postgres: Server) -> None:
    runner.run("wave_limit", version="2025-10-12", database=postgres.dsn)
    query = event_log.MONITORING_POSTGRES_SQL.read_text(encoding="utf-8")
    # As somebody would run it who has nothing but a connection and the query.
    with psycopg.connect(postgres.dsn, options=f"-c search_path={SCHEMA}") as connection:
        rows = connection.execute(query.encode()).fetchall()
    symbols = "GLMRUSDT,VELOUSDT,ZENTUSDT"
    assert rows == [
        ("2025-10-12", "position_error", 3, symbols),
        ("2025-10-12", "signal_execution_failed", 3, symbols),
    ]


def test_a_row_that_was_written_is_there_for_any_other_connection(postgres: Server) -> None:
    runner.run("sklusdt", version="current", database=postgres.dsn)
    with psycopg.connect(postgres.dsn, options=f"-c search_path={SCHEMA}") as connection:
        rows = connection.execute("SELECT symbol, side, quantity, status FROM positions").fetchall()
    assert rows == [("SKLUSDT", "BUY", 308.0, "active")]


def test_database_url_is_used_where_the_scenario_names_the_server(
    postgres: Server, with_neighbour: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres.dsn)
    ended = CliRunner().invoke(cli.app, ["run", str(with_neighbour), "--twice"])
    assert ended.exit_code == 0, ended.output
    with psycopg.connect(postgres.dsn, options=f"-c search_path={SCHEMA}") as connection:
        events = connection.execute("SELECT event_type FROM events ORDER BY id").fetchall()
    last = runner.run(str(with_neighbour), version=runner.versions(str(with_neighbour))[-1])
    assert [name for (name,) in events] == [event.type for event in last.events]


def test_database_url_changes_nothing_where_the_scenario_names_no_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = runner.run("sklusdt", version="current").digest
    monkeypatch.setenv("DATABASE_URL", f"postgresql://bot@127.0.0.1:{free_port()}/production")
    assert runner.run("sklusdt", version="current").digest == before


def test_database_url_of_another_server_is_refused_without_its_password(
    with_neighbour: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://bot:hunter22@192.0.2.1:5432/production")
    ended = CliRunner().invoke(cli.app, ["run", str(with_neighbour)])
    assert ended.exit_code == 2
    assert "DATABASE_URL leads to 192.0.2.1:5432, which is no neighbour" in ended.stderr
    assert "hunter22" not in ended.output


def test_a_database_on_another_machine_is_refused() -> None:
    with pytest.raises(InputError, match=r"must be on this machine, was '192\.0\.2\.1:5432'"):
        runner.run("sklusdt", version="current", database="postgresql://bot@192.0.2.1/production")


def test_a_neighbour_that_is_not_there_is_said_at_the_start(
    postgres: Server, with_neighbour: Path
) -> None:
    port = free_port()
    text = with_neighbour.read_text().replace(postgres.address, f"127.0.0.1:{port}")
    with_neighbour.write_text(text)
    ended = CliRunner().invoke(cli.app, ["run", str(with_neighbour)])
    assert ended.exit_code == 2
    assert f"neighbour db: nobody answers at 127.0.0.1:{port}" in ended.stderr
    assert "start the server, or say where it listens" in ended.stderr


def test_a_schema_that_is_somebody_elses_is_left_alone(postgres: Server) -> None:
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS theirs")
        connection.execute("CREATE DATABASE theirs")
    theirs = postgres.dsn.replace("/postgres", "/theirs")
    with psycopg.connect(theirs, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        connection.execute(f"CREATE TABLE {SCHEMA}.kept (n int)")
    with pytest.raises(InputError, match="that no replay has made"):
        runner.run("sklusdt", version="current", database=theirs)
    with psycopg.connect(theirs) as connection:
        assert connection.execute(f"SELECT count(*) FROM {SCHEMA}.kept").fetchone() == (0,)


def test_events_are_shown_from_postgres(postgres: Server) -> None:
    arguments = ["events", "sklusdt", "--bot", "2025-10-28", "--database", postgres.dsn]
    ended = CliRunner().invoke(cli.app, arguments)
    assert ended.exit_code == 0, ended.output
    assert "symbol=SKLUSDT" in ended.stdout
    on_sqlite = CliRunner().invoke(cli.app, arguments[:-2])
    assert ended.stdout == on_sqlite.stdout


def test_as_a_program_the_bot_takes_database_url_from_its_environment() -> None:
    keys = {"BINANCE_API_KEY": "k", "BINANCE_SECRET": "s"}
    url = "postgresql://bot@127.0.0.1/bot"
    assert settings_from({**keys, "DATABASE_URL": url}).database == url
    assert settings_from(keys).database == "bot.sqlite"


def test_the_query_of_the_documentation_is_the_one_that_is_run() -> None:
    query = event_log.MONITORING_POSTGRES_SQL.read_text(encoding="utf-8")
    statement = query[query.index("SELECT") :].strip()
    assert statement in (ROOT / "docs" / "neighbours.md").read_text(encoding="utf-8")
