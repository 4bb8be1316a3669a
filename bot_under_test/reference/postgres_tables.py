"""The bot's tables in Postgres, in a schema of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

SCHEMA = "reference_bot"

_TABLES = """
CREATE TABLE IF NOT EXISTS positions (
    id BIGINT PRIMARY KEY,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity DOUBLE PRECISION NOT NULL,
    entry_price DOUBLE PRECISION,
    entry_order_id TEXT,
    stop_order_id TEXT,
    trailing_order_id TEXT,
    status TEXT NOT NULL CHECK (status IN ('active', 'entry_placed', 'pending_sl', 'pending_entry',
        'failed', 'rolled_back', 'canceled', 'closed')),
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE IF NOT EXISTS orders (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    venue TEXT NOT NULL,
    order_id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS openings (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    client_id TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE TABLE IF NOT EXISTS events (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_type TEXT NOT NULL,
    event_data JSON NOT NULL,
    correlation_id TEXT,
    severity TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
"""


def is_url(where: str) -> bool:
    """Whether a database is named as Postgres is."""
    return where.startswith(("postgresql://", "postgres://"))


class PostgresTables:
    """Statements have a `?` for each value; every one is committed at once.

    Raises ValueError where psycopg is not installed, psycopg.Error where there is no server.
    """

    def __init__(self, url: str, schema: str) -> None:
        try:
            import psycopg
            from psycopg import sql
            from psycopg.rows import dict_row
            from psycopg.types.json import set_json_loads
        except ImportError as error:
            raise ValueError(
                "a database in Postgres needs psycopg; pip install 'psycopg[binary]'"
            ) from error
        # What is told is told in UTC, wherever the server stands.
        self._connection = psycopg.connect(
            url, autocommit=True, row_factory=dict_row, options="-c timezone=UTC"
        )
        set_json_loads(_unread, self._connection)
        name = sql.Identifier(schema)
        for statement in (
            sql.SQL("SET client_min_messages = warning"),
            sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name),
            sql.SQL("SET search_path = {}").format(name),
            sql.SQL(_TABLES),
        ):
            self._connection.execute(statement)

    def execute(self, statement: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
        """The rows that it gives; times are text, as SQLite has them."""
        cursor = self._connection.execute(statement.replace("?", "%s").encode(), values)
        if cursor.description is None:
            return []
        return [{name: _as_text(value) for name, value in row.items()} for row in cursor.fetchall()]

    def close(self) -> None:
        self._connection.close()


def _unread(data: str | bytes) -> str:
    """JSON as the text that it is: who asked for it reads it."""
    return data if isinstance(data, str) else data.decode()


def _as_text(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value
