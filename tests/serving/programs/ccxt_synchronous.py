"""A bot with synchronous ccxt: opens, protects and closes a position. Prints what it saw as JSON.

python ccxt_synchronous.py serve.json binanceusdm
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import ccxt

SYMBOL = "BTC/USDT:USDT"


def held(exchange: Any) -> list[list[Any]]:
    return [
        [each["side"], each["contracts"], each["entryPrice"]]
        for each in exchange.fetch_positions([SYMBOL])
        if each["contracts"]
    ]


def main(told: dict[str, Any], name: str) -> dict[str, Any]:
    exchange = getattr(ccxt, name)(told["clients"]["ccxt"][name])
    seen: dict[str, Any] = {"markets": sorted(exchange.load_markets())}
    seen["before"] = exchange.fetch_balance()["USDT"]["total"]
    bought = exchange.create_order(SYMBOL, "market", "buy", 0.01)
    seen["opened"] = held(exchange)
    seen["traded"] = [
        [each["side"], each["amount"]]
        for each in exchange.fetch_my_trades(SYMBOL)
        if each["order"] == bought["id"]
    ]
    stop = {"stopLossPrice": 59_000, "reduceOnly": True}
    resting = exchange.create_order(SYMBOL, "market", "sell", 0.01, params=stop)
    exchange.cancel_order(resting["id"], SYMBOL, {"trigger": True})
    exchange.create_order(SYMBOL, "market", "sell", 0.01, params={"reduceOnly": True})
    seen["closed"] = held(exchange)
    try:
        exchange.create_order(SYMBOL, "market", "buy", 90)
    except ccxt.BaseError as error:
        seen["too_dear"] = type(error).__name__
    return seen


if __name__ == "__main__":
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.stdout.write(json.dumps(main(document, sys.argv[2])))
