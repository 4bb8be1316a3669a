"""The few endpoints of `api.binance.com` that futures clients call while they start.

ccxt with keys asks for all coins and the margin pairs, python-binance pings spot and takes its
time.
"""

from __future__ import annotations

from simulator.binance.desk import Call, Desk
from simulator.wire.json_text import Json


def _assets(desk: Desk) -> list[str]:
    names: dict[str, None] = {}
    for instrument in desk.exchange.instruments.values():
        names[instrument.quote] = None
        names[instrument.base] = None
    return list(names)


def all_coins(desk: Desk, call: Call) -> Json:
    """GET /sapi/v1/capital/config/getall"""
    return [
        {
            "coin": asset,
            "depositAllEnable": True,
            "withdrawAllEnable": True,
            "name": asset,
            "free": "0",
            "locked": "0",
            "freeze": "0",
            "withdrawing": "0",
            "ipoing": "0",
            "ipoable": "0",
            "storage": "0",
            "isLegalMoney": False,
            "trading": True,
            "networkList": [],
        }
        for asset in _assets(desk)
    ]


def margin_pairs(desk: Desk, call: Call) -> Json:
    """GET /sapi/v1/margin/allPairs: no symbol here can be traded on margin."""
    return []
