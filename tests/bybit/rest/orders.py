"""What the tests of orders share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from simulator.exchange.prices import Points
from tests.bybit.rest.conftest import START_NS, S, Venue

LIMIT = {"orderType": "Limit", "price": "95000"}
LINK_ID = "bot-2025_10"


def moving(*prices: str) -> Points:
    """A price each second, the first one now."""
    return Points(tuple((START_NS + n * S, Decimal(price)) for n, price in enumerate(prices)))


def refused(venue: Venue, symbol: str = "BTCUSDT", **params: Any) -> tuple[int, str]:
    """retCode and retMsg of an order."""
    reply = venue.create(symbol, **params)
    assert reply["result"] == {}
    return reply["retCode"], reply["retMsg"]
