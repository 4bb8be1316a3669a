"""The bot's tables in Postgres, in a schema of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bot_under_test.reference.tables import Types, statements

SCHEMA = "reference_bot"

_TYPES = Types(
    key="BIGINT",
    counted="BIGINT GENERATED ALWAYS AS IDENTITY",
    real="DOUBLE PRECISION",
    moment="TIMESTAMPTZ",
    json="JSON",
)


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
        ):
            self._connection.execute(statement)
        self._connection.execute(statements(_TYPES).encode())

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
