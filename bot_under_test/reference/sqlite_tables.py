"""The bot's tables in SQLite: a file, or nowhere but in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from bot_under_test.reference.tables import Types, statements

_TYPES = Types(key="INTEGER", counted="INTEGER", real="REAL", moment="TEXT", json="TEXT")


class SqliteTables:
    """Statements have a `?` for each value; every one is committed at once."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(statements(_TYPES))

    def execute(self, statement: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
        """The rows that it gives."""
        return [dict(row) for row in self._connection.execute(statement, values).fetchall()]

    def close(self) -> None:
        self._connection.close()
