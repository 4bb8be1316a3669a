"""The bot's tables in SQLite: a file, or nowhere but in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS positions (
    id INTEGER PRIMARY KEY,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity REAL NOT NULL,
    entry_price REAL,
    entry_order_id TEXT,
    stop_order_id TEXT,
    trailing_order_id TEXT,
    status TEXT NOT NULL CHECK (status IN ('active', 'entry_placed', 'pending_sl', 'pending_entry',
        'failed', 'rolled_back', 'canceled', 'closed')),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY,
    venue TEXT NOT NULL,
    order_id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS openings (
    id INTEGER PRIMARY KEY,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    client_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    ended_at TEXT
);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY,
    event_type TEXT NOT NULL,
    event_data TEXT NOT NULL,
    correlation_id TEXT,
    severity TEXT NOT NULL,
    created_at TEXT NOT NULL
);
"""


class SqliteTables:
    """Statements have a `?` for each value; every one is committed at once."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(_TABLES)

    def execute(self, statement: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
        """The rows that it gives."""
        return [dict(row) for row in self._connection.execute(statement, values).fetchall()]

    def close(self) -> None:
        self._connection.close()
