"""What has to survive a restart, in SQLite."""

import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS trades (
    id INTEGER PRIMARY KEY,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity TEXT NOT NULL,
    entry_price TEXT,
    stop_id INTEGER,
    opened_at REAL NOT NULL,
    status TEXT NOT NULL  -- opening, open, closed, failed
)
"""


@dataclass
class Trade:
    side: str
    quantity: Decimal
    opened_at: float
    entry_price: Decimal | None = None
    stop_id: int | None = None
    row: int | None = None
    status: str = "opening"


class State:
    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.execute(SCHEMA)
        self._db.commit()

    def unfinished(self, symbol: str) -> Trade | None:
        row = self._db.execute(
            "SELECT id, side, quantity, entry_price, stop_id, opened_at, status FROM trades "
            "WHERE symbol = ? AND status IN ('opening', 'open') ORDER BY id DESC LIMIT 1",
            (symbol,),
        ).fetchone()
        if row is None:
            return None
        number, side, quantity, entry_price, stop_id, opened_at, status = row
        return Trade(
            side=side,
            quantity=Decimal(quantity),
            entry_price=Decimal(entry_price) if entry_price else None,
            stop_id=stop_id,
            opened_at=opened_at,
            row=number,
            status=status,
        )

    def save(self, symbol: str, trade: Trade) -> None:
        values = (
            symbol,
            trade.side,
            str(trade.quantity),
            None if trade.entry_price is None else str(trade.entry_price),
            trade.stop_id,
            trade.opened_at,
            trade.status,
        )
        if trade.row is None:
            cursor = self._db.execute(
                "INSERT INTO trades (symbol, side, quantity, entry_price, stop_id, opened_at, "
                "status) VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            trade.row = cursor.lastrowid
        else:
            self._db.execute(
                "UPDATE trades SET symbol = ?, side = ?, quantity = ?, entry_price = ?, "
                "stop_id = ?, opened_at = ?, status = ? WHERE id = ?",
                (*values, trade.row),
            )
        self._db.commit()

    def close(self) -> None:
        self._db.close()
