"""The bot's tables, said once; each database has its own words for the types of columns."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Types:
    """What a database calls the types that are not TEXT everywhere."""

    key: str  # a whole number that the bot gives
    counted: str  # a whole number that the database gives
    real: str
    moment: str
    json: str


_TABLES = """
CREATE TABLE IF NOT EXISTS positions (
    id {key} PRIMARY KEY,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL,
    quantity {real} NOT NULL,
    entry_price {real},
    entry_order_id TEXT,
    stop_order_id TEXT,
    trailing_order_id TEXT,
    status TEXT NOT NULL CHECK (status IN ('active', 'entry_placed', 'pending_sl', 'pending_entry',
        'failed', 'rolled_back', 'canceled', 'closed')),
    created_at {moment} NOT NULL,
    updated_at {moment} NOT NULL
);
CREATE TABLE IF NOT EXISTS orders (
    id {counted} PRIMARY KEY,
    venue TEXT NOT NULL,
    order_id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS openings (
    id {counted} PRIMARY KEY,
    venue TEXT NOT NULL,
    symbol TEXT NOT NULL,
    client_id TEXT NOT NULL,
    created_at {moment} NOT NULL,
    ended_at {moment}
);
CREATE TABLE IF NOT EXISTS events (
    id {counted} PRIMARY KEY,
    event_type TEXT NOT NULL,
    event_data {json} NOT NULL,
    correlation_id TEXT,
    severity TEXT NOT NULL,
    created_at {moment} NOT NULL
);
"""


def statements(types: Types) -> str:
    """What makes the tables where they are not there yet."""
    return _TABLES.format(**asdict(types))
