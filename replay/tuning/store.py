"""What a study has found so far, in one file that outlives the process which writes it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from replay.tuning.identity import differences
from replay.tuning.work import Item, Row, read
from simulator.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_FORMAT = 2
_APPLICATION_ID = 0x7262_7374  # what `file` and SQLite's own tools tell our files by
_AT_ONCE = 500  # keys in one question: SQLite allows 999 in its oldest builds
_BUSY_S = 30.0
_ANOTHER = "name another folder by --out"
_TABLES = """
CREATE TABLE study (name TEXT NOT NULL, identity TEXT NOT NULL);
CREATE TABLE results (key TEXT PRIMARY KEY, rows TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE set_aside (
    key TEXT PRIMARY KEY, title TEXT NOT NULL, tries INTEGER NOT NULL, reason TEXT NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """An item that could not be carried out."""

    key: str
    title: str
    tries: int
    reason: str  # the last error


class Store:
    """The results of one study, by item: each there at most once, and whole or not at all.

    An SQLite file with a write-ahead log and one transaction for each item. A process that is
    killed loses nothing that was added; a machine that loses its power may lose the last ones.
    """

    def __init__(self, file: Path, *, study: str, identity: Mapping[str, str]) -> None:
        """Opens the file, or makes it. `study` is a name, and `identity` all that results depend on
        besides their items: see the module of that name.

        Raises InputError for a file that is no store, one of another study, and one whose results
        are of another identity.
        """
        self.file = file
        with self._told():
            self._database = sqlite3.connect(file, timeout=_BUSY_S, isolation_level=None)
        try:
            with self._told():
                self._open(study, identity)
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Everything is in the one file then."""
        self._database.close()

    def add(self, item: Item, rows: str) -> bool:
        """Keeps what an item gave, written by `work.written`; False if it was there already."""
        with self._told(), self._transaction():
            self._database.execute("DELETE FROM set_aside WHERE key = ?", (item.key,))
            added = self._database.execute(
                "INSERT OR IGNORE INTO results VALUES (?, ?)", (item.key, rows)
            )
            return added.rowcount == 1

    def set_aside(self, item: Item, tries: int, reason: str) -> None:
        """Keeps that an item could not be carried out, and why."""
        with self._told(), self._transaction():
            self._database.execute(
                "INSERT OR REPLACE INTO set_aside VALUES (?, ?, ?, ?)",
                (item.key, item.title, tries, reason),
            )

    def forget_set_aside(self) -> int:
        """Has them tried again the next time they are asked for. How many they were."""
        with self._told(), self._transaction():
            return self._database.execute("DELETE FROM set_aside").rowcount

    def rows_of(self, key: str) -> tuple[Row, ...] | None:
        """What an item gave; None if there is nothing of it."""
        with self._told():
            found = self._database.execute("SELECT rows FROM results WHERE key = ?", (key,))
            one = found.fetchone()
        return None if one is None else read(one[0])

    def why_set_aside(self, key: str) -> SetAside | None:
        """Why an item could not be carried out; None if it was not set aside."""
        with self._told():
            found = self._database.execute(f"{_ASIDE} WHERE key = ?", (key,))
            return next(map(_aside, found), None)

    def all_set_aside(self) -> tuple[SetAside, ...]:
        """The items that could not be carried out, by title."""
        with self._told():
            return tuple(map(_aside, self._database.execute(f"{_ASIDE} ORDER BY title, key")))

    def knows(self, key: str) -> bool:
        """Whether nothing has to be done for an item: it gave its rows, or was set aside."""
        with self._told():
            found = self._database.execute(
                "SELECT 1 FROM results WHERE key = :key "
                "UNION ALL SELECT 1 FROM set_aside WHERE key = :key",
                {"key": key},
            )
            return found.fetchone() is not None

    def __len__(self) -> int:
        """How many items have given their rows."""
        with self._told():
            count: int = self._database.execute("SELECT count(*) FROM results").fetchone()[0]
        return count

    def rows(self, items: Iterable[Item]) -> pd.DataFrame:
        """The rows of these items, in this order: in whatever order they came, and whatever else
        the file holds, the table is the same. Items without a result have no rows in it."""
        import pandas as pd

        keys = list(dict.fromkeys(item.key for item in items))
        return pd.DataFrame([row for rows in self._in_order(keys) for row in rows])

    def _in_order(self, keys: Sequence[str]) -> Iterator[tuple[Row, ...]]:
        for start in range(0, len(keys), _AT_ONCE):
            asked = keys[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(asked))
            with self._told():
                found = dict(
                    self._database.execute(
                        f"SELECT key, rows FROM results WHERE key IN ({marks})", asked
                    ).fetchall()
                )
            yield from (read(found[key]) for key in asked if key in found)

    def _open(self, study: str, identity: Mapping[str, str]) -> None:
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        with self._transaction():  # who comes second finds the tables of who came first
            made = self._pragma("application_id")
            if made == 0 and not self._database.execute("SELECT 1 FROM sqlite_master").fetchone():
                self._make(study, identity)
            elif made != _APPLICATION_ID:
                raise InputError(f"{self.file}: is a database, but no store; {_ANOTHER}")
        version = self._pragma("user_version")
        if version != _FORMAT:
            raise InputError(
                f"{self.file}: is a store of format {version}, this is the program for format "
                f"{_FORMAT}; {_ANOTHER}"
            )
        [(of, kept)] = self._database.execute("SELECT name, identity FROM study")
        if of != study:
            raise InputError(
                f"{self.file}: holds the results of study {of}, not of {study}; {_ANOTHER}"
            )
        if differing := differences(json.loads(kept), identity):
            raise InputError(
                f"{self.file}: holds results that were got otherwise: {differing}; these would not "
                f"be comparable: {_ANOTHER}, or delete this one to begin anew"
            )

    def _make(self, study: str, identity: Mapping[str, str]) -> None:
        for statement in _TABLES.split(";")[:-1]:
            self._database.execute(statement)
        self._database.execute("INSERT INTO study VALUES (?, ?)", (study, json.dumps(identity)))
        self._database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        self._database.execute(f"PRAGMA user_version = {_FORMAT}")

    def _pragma(self, name: str) -> int:
        value: int = self._database.execute(f"PRAGMA {name}").fetchone()[0]
        return value

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite has to say of the file names the file."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"{self.file}: cannot be used as a store: {error}; {_ANOTHER}, or see to it that "
                f"this one can be written"
            ) from error


_ASIDE = "SELECT key, title, tries, reason FROM set_aside"


def _aside(row: tuple[str, str, int, str]) -> SetAside:
    key, title, tries, reason = row
    return SetAside(key=key, title=title, tries=tries, reason=reason)
