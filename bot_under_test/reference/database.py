"""Positions and events, kept in SQLite.

Synchronous on purpose: a row is written in well under a millisecond, and what is written before a
request is sent has to be there when the process dies during it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime

_SCHEMA = """
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

OPEN_STATUSES = ("active", "entry_placed", "pending_sl", "pending_entry")
"""What a row says while there is, or may be, a position."""


class Database:
    """The bot's memory. `path` is a file or `:memory:`."""

    def __init__(self, path: str, first_position_id: int) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(_SCHEMA)
        self._first_position_id = first_position_id

    def close(self) -> None:
        self._connection.close()

    # positions

    def create_position(
        self,
        *,
        venue: str,
        symbol: str,
        side: str,
        quantity: float,
        status: str,
        entry_price: float | None,
        entry_order_id: str,
    ) -> int:
        """Returns the id of the new row."""
        (highest,) = self._connection.execute("SELECT max(id) FROM positions").fetchone()
        position_id = max(self._first_position_id, (highest or 0) + 1)
        now = _now()
        self._connection.execute(
            "INSERT INTO positions (id, venue, symbol, side, quantity, entry_price,"
            " entry_order_id, status, created_at, updated_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                *(position_id, venue, symbol, side, quantity, entry_price),
                *(entry_order_id, status, now, now),
            ),
        )
        return position_id

    def set_status(self, position_id: int, status: str) -> None:
        self._connection.execute(
            "UPDATE positions SET status = ?, updated_at = ? WHERE id = ?",
            (status, _now(), position_id),
        )

    def set_stops(self, position_id: int, stop_id: str | None, trailing_id: str | None) -> None:
        self._connection.execute(
            "UPDATE positions SET stop_order_id = ?, trailing_order_id = ?, updated_at = ?"
            " WHERE id = ?",
            (stop_id, trailing_id, _now(), position_id),
        )

    def rows(self, *statuses: str) -> list[dict[str, object]]:
        """The positions with one of the statuses (none named: all), oldest first."""
        rows = self._connection.execute("SELECT * FROM positions ORDER BY id").fetchall()
        return [dict(row) for row in rows if not statuses or row["status"] in statuses]

    # orders and openings: what has to be known after a crash

    def note_order(self, venue: str, order_id: str) -> None:
        """An order that is about to be sent, or was found."""
        self._connection.execute(
            "INSERT INTO orders (venue, order_id) VALUES (?,?)", (venue, order_id)
        )

    def orders(self, venue: str) -> list[str]:
        """The ids of all orders ever noted, oldest first."""
        rows = self._connection.execute(
            "SELECT order_id FROM orders WHERE venue = ? ORDER BY id", (venue,)
        )
        return [str(row["order_id"]) for row in rows.fetchall()]

    def begin_opening(self, venue: str, symbol: str, client_id: str) -> None:
        """An entry order with that id is about to be sent."""
        self._connection.execute(
            "INSERT INTO openings (venue, symbol, client_id, created_at) VALUES (?,?,?,?)",
            (venue, symbol, client_id, _now()),
        )

    def end_openings(self, venue: str, symbol: str) -> None:
        """What was begun in a symbol stands protected, or has left nothing."""
        self._connection.execute(
            "UPDATE openings SET ended_at = ? WHERE venue = ? AND symbol = ? AND ended_at IS NULL",
            (_now(), venue, symbol),
        )

    def openings(self, venue: str) -> list[tuple[str, str]]:
        """Symbol and client id of the openings that never ended, oldest first."""
        rows = self._connection.execute(
            "SELECT symbol, client_id FROM openings WHERE venue = ? AND ended_at IS NULL"
            " ORDER BY id",
            (venue,),
        )
        return [(str(row["symbol"]), str(row["client_id"])) for row in rows.fetchall()]

    # events

    def log_event(
        self,
        event_type: str,
        data: Mapping[str, object],
        *,
        correlation_id: str = "",
        severity: str = "INFO",
    ) -> None:
        self._connection.execute(
            "INSERT INTO events (event_type, event_data, correlation_id, severity, created_at)"
            " VALUES (?,?,?,?,?)",
            (event_type, json.dumps(data), correlation_id, severity, _now()),
        )

    def events(self, event_type: str | None = None) -> list[dict[str, object]]:
        """The events of one type, or all, oldest first, with their data read."""
        rows = self._connection.execute("SELECT * FROM events ORDER BY id").fetchall()
        return [
            {**dict(row), "event_data": json.loads(row["event_data"])}
            for row in rows
            if event_type is None or row["event_type"] == event_type
        ]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
