"""A bot with synchronous ccxt meets what a scenario has in store. Prints what it saw as JSON.

python ccxt_faults.py serve.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ccxt

SYMBOL = "SKL/USDT:USDT"


def outcome(call: Callable[[], Any]) -> str:
    try:
        call()
    except ccxt.BaseError as error:
        return type(error).__name__
    return "fine"


def main(told: dict[str, Any]) -> dict[str, Any]:
    exchange = ccxt.binanceusdm(told["clients"]["ccxt"]["binanceusdm"])
    exchange.load_markets()
    orders: list[dict[str, Any]] = []

    def buy() -> None:
        orders.append(exchange.create_order(SYMBOL, "market", "buy", 1000))

    return {
        "price": exchange.fetch_ticker(SYMBOL)["last"],
        "bought": [outcome(buy) for _ in range(3)],
        "found": outcome(lambda: exchange.fetch_order(orders[0]["id"], SYMBOL)),
    }


if __name__ == "__main__":
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.stdout.write(json.dumps(main(document)))
