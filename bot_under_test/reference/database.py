"""Positions and events, kept in SQLite or Postgres.

Synchronous on purpose: a row is written in well under a millisecond, and what is written before a
request is sent has to be there when the process dies during it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from bot_under_test.reference import postgres_tables
from bot_under_test.reference.postgres_tables import PostgresTables
from bot_under_test.reference.sqlite_tables import SqliteTables

OPEN_STATUSES = ("active", "entry_placed", "pending_sl", "pending_entry")
"""What a row says while there is, or may be, a position."""


class Database:
    """The bot's memory. `where` is a file, `:memory:`, or a URL of Postgres, in which the tables
    have a schema of their own."""

    def __init__(
        self, where: str, first_position_id: int, schema: str = postgres_tables.SCHEMA
    ) -> None:
        self._tables: SqliteTables | PostgresTables
        if postgres_tables.is_url(where):
            self._tables = PostgresTables(where, schema)
        else:
            self._tables = SqliteTables(where)
        self._first_position_id = first_position_id

    def close(self) -> None:
        self._tables.close()

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
        (row,) = self._tables.execute("SELECT max(id) AS highest FROM positions")
        position_id = max(self._first_position_id, (row["highest"] or 0) + 1)
        now = _now()
        self._tables.execute(
            "INSERT INTO positions (id, venue, symbol, side, quantity, entry_price,"
            " entry_order_id, status, created_at, updated_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                *(position_id, venue, symbol, side, quantity, entry_price),
                *(entry_order_id, status, now, now),
            ),
        )
        return position_id

    def set_status(self, position_id: int, status: str) -> None:
        self._tables.execute(
            "UPDATE positions SET status = ?, updated_at = ? WHERE id = ?",
            (status, _now(), position_id),
        )

    def set_stops(self, position_id: int, stop_id: str | None, trailing_id: str | None) -> None:
        self._tables.execute(
            "UPDATE positions SET stop_order_id = ?, trailing_order_id = ?, updated_at = ?"
            " WHERE id = ?",
            (stop_id, trailing_id, _now(), position_id),
        )

    def rows(self, *statuses: str) -> list[dict[str, object]]:
        """The positions with one of the statuses (none named: all), oldest first."""
        rows = self._tables.execute("SELECT * FROM positions ORDER BY id")
        return [row for row in rows if not statuses or row["status"] in statuses]

    # orders and openings: what has to be known after a crash

    def note_order(self, venue: str, order_id: str) -> None:
        """An order that is about to be sent, or was found."""
        self._tables.execute("INSERT INTO orders (venue, order_id) VALUES (?,?)", (venue, order_id))

    def orders(self, venue: str) -> list[str]:
        """The ids of all orders ever noted, oldest first."""
        rows = self._tables.execute(
            "SELECT order_id FROM orders WHERE venue = ? ORDER BY id", (venue,)
        )
        return [str(row["order_id"]) for row in rows]

    def begin_opening(self, venue: str, symbol: str, client_id: str) -> None:
        """An entry order with that id is about to be sent."""
        self._tables.execute(
            "INSERT INTO openings (venue, symbol, client_id, created_at) VALUES (?,?,?,?)",
            (venue, symbol, client_id, _now()),
        )

    def end_openings(self, venue: str, symbol: str) -> None:
        """What was begun in a symbol stands protected, or has left nothing."""
        self._tables.execute(
            "UPDATE openings SET ended_at = ? WHERE venue = ? AND symbol = ? AND ended_at IS NULL",
            (_now(), venue, symbol),
        )

    def openings(self, venue: str) -> list[tuple[str, str]]:
        """Symbol and client id of the openings that never ended, oldest first."""
        rows = self._tables.execute(
            "SELECT symbol, client_id FROM openings WHERE venue = ? AND ended_at IS NULL"
            " ORDER BY id",
            (venue,),
        )
        return [(str(row["symbol"]), str(row["client_id"])) for row in rows]

    # events

    def log_event(
        self,
        event_type: str,
        data: Mapping[str, object],
        *,
        correlation_id: str = "",
        severity: str = "INFO",
    ) -> None:
        self._tables.execute(
            "INSERT INTO events (event_type, event_data, correlation_id, severity, created_at)"
            " VALUES (?,?,?,?,?)",
            (event_type, json.dumps(data), correlation_id, severity, _now()),
        )

    def events(self, event_type: str | None = None) -> list[dict[str, object]]:
        """The events of one type, or all, oldest first, with their data read."""
        rows = self._tables.execute("SELECT * FROM events ORDER BY id")
        return [
            {**row, "event_data": json.loads(row["event_data"])}
            for row in rows
            if event_type is None or row["event_type"] == event_type
        ]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
