"""Ids that the bot gives its own orders: by them it finds an order whose reply never came."""

from __future__ import annotations

from uuid import uuid4


def new_client_id(purpose: str) -> str:
    """At most 36 signs of those that Binance allows; `purpose` is a short word."""
    return f"bot-{purpose}-{uuid4().hex[:20]}"
