"""What a bot wrote into the `events` table of its database, and the team's query over it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pandas as pd

MONITORING_SQL = Path(__file__).with_name("monitoring.sql")


def events(database: Path) -> pd.DataFrame:
    """All events, oldest first: `created_at` (UTC), `event_type`, `signal` and `data`.

    Raises sqlite3.Error for a file that is no database of the bot.
    """
    found = _read(
        database,
        "SELECT created_at, event_type, correlation_id AS signal, event_data AS data"
        " FROM events ORDER BY id",
    )
    found["data"] = [_told(text) for text in found["data"]]
    return found


def failures(database: Path) -> pd.DataFrame:
    """The monitoring query: `day`, `event_type`, `count`, `symbols`."""
    return _read(database, MONITORING_SQL.read_text(encoding="utf-8"))


def _told(data: str) -> str:
    """`symbol=SKLUSDT side=BUY`, without what is not known."""
    values = json.loads(data)
    return " ".join(f"{name}={value}" for name, value in values.items() if value is not None)


def _read(database: Path, query: str) -> pd.DataFrame:
    connection = sqlite3.connect(database)
    try:
        return pd.read_sql_query(query, connection)
    finally:
        connection.close()
