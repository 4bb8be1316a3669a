"""What a bot wrote into the `events` table of its database, and the team's query over it."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from pathlib import Path

import pandas as pd

from replay.databases import connected, is_url

MONITORING_SQL = Path(__file__).with_name("monitoring.sql")
MONITORING_POSTGRES_SQL = Path(__file__).with_name("monitoring_postgres.sql")


def events(database: Path | str) -> pd.DataFrame:
    """All events, oldest first: `created_at` (UTC), `event_type`, `signal` and `data`.

    `database` is a file of SQLite or a URL of Postgres. Raises sqlite3.Error or psycopg.Error for
    one that is no database of the bot.
    """
    found = _read(
        database,
        "SELECT created_at, event_type, correlation_id AS signal, event_data AS data"
        " FROM events ORDER BY id",
    )
    found["created_at"] = [_moment(each) for each in found["created_at"]]
    found["data"] = [_told(text) for text in found["data"]]
    return found


def failures(database: Path | str) -> pd.DataFrame:
    """The monitoring query: `day`, `event_type`, `count`, `symbols`."""
    query = MONITORING_POSTGRES_SQL if is_url(database) else MONITORING_SQL
    return _read(database, query.read_text(encoding="utf-8"))


def _moment(moment: str | datetime) -> str:
    """As SQLite has it."""
    return moment if isinstance(moment, str) else moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def _told(data: str | dict[str, object]) -> str:
    """`symbol=SKLUSDT side=BUY`, without what is not known."""
    values = json.loads(data) if isinstance(data, str) else data
    return " ".join(f"{name}={value}" for name, value in values.items() if value is not None)


def _read(database: Path | str, query: str) -> pd.DataFrame:
    if isinstance(database, str) and is_url(database):
        with connected(database) as connection:
            cursor = connection.execute(query.encode())
            names = [column.name for column in cursor.description or ()]
            return pd.DataFrame(cursor.fetchall(), columns=names)
    file = sqlite3.connect(database)
    try:
        return pd.read_sql_query(query, file)
    finally:
        file.close()
