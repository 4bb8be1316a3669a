"""A bot with ccxt.pro: a resting order over REST, heard of on the stream. Prints what it saw.

python ccxt_streaming.py serve.json binanceusdm
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import ccxt.pro

SYMBOL = "ETH/USDT:USDT"
PATIENCE_S = 60
"""For a message that comes at once where it comes at all."""


async def main(told: dict[str, Any], name: str) -> dict[str, Any]:
    exchange = getattr(ccxt.pro, name)(told["clients"]["ccxt"][name])
    try:
        book = await asyncio.wait_for(exchange.watch_order_book(SYMBOL), PATIENCE_S)
        watched = asyncio.ensure_future(exchange.watch_orders(SYMBOL))
        placed = []
        while not watched.done():  # what is ordered before the stream is there is not told
            order = await exchange.create_order(SYMBOL, "limit", "buy", 0.5, 2_000)
            placed.append(order["id"])
            await asyncio.wait([watched], timeout=1)
            await exchange.cancel_order(order["id"], SYMBOL)
        heard = watched.result()[-1]
        return {
            "best": [book["bids"][0][0], book["asks"][0][0]],
            "heard": [heard["id"] in placed, heard["price"]],
        }
    finally:
        await exchange.close()


if __name__ == "__main__":
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.stdout.write(json.dumps(asyncio.run(main(document, sys.argv[2]))))
