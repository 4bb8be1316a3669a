"""The venues that there are where nobody describes any."""

from __future__ import annotations

from functools import cache
from typing import Any

from scenarios.markets import Venue
from scenarios.types import Frame

_BTC = {"tick_size": "0.10", "step_size": "0.001", "price": {"constant": "60000"}}
_ETH = {"tick_size": "0.01", "price": {"constant": "3000"}}
_VENUES: dict[str, dict[str, Any]] = {
    "binance": {
        "BTCUSDT": {**_BTC, "min_notional": "100", "max_leverage": 125},
        "ETHUSDT": {**_ETH, "step_size": "0.001", "min_notional": "20", "max_leverage": 100},
    },
    "bybit": {
        "BTCUSDT": {**_BTC, "min_notional": "5", "max_leverage": 100},
        "ETHUSDT": {**_ETH, "step_size": "0.01", "min_notional": "5", "max_leverage": 100},
    },
}
NAMES = tuple(_VENUES)
"""Those that are described here."""


@cache
def default_part(name: str) -> Venue:
    """10,000 USDT, BTCUSDT at 60,000 and ETHUSDT at 3,000 until somebody says otherwise.

    Raises KeyError for a name that is none of `NAMES`.
    """
    part = {"profile": "2026-11", "balance": "10000", "instruments": _VENUES[name]}
    return Venue.model_validate(part, context=Frame())
