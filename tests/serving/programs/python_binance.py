"""A bot with python-binance: the blocking client, and the user's stream. Prints what it saw.

python python_binance.py serve.json
"""

from __future__ import annotations

import asyncio
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from binance import AsyncClient, BinanceSocketManager, Client

PATIENCE_S = 60
"""For a message that comes at once where it comes at all."""


def redirect(settings: dict[str, dict[str, str]]) -> None:
    for place, attributes in settings.items():
        module, _, name = place.partition(":")
        for attribute, value in attributes.items():
            owner = getattr(import_module(module), name)
            getattr(owner, attribute)  # one that the library does not have would change nothing
            setattr(owner, attribute, value)


def blocking(keys: tuple[str, str]) -> dict[str, Any]:
    """A short position, opened and closed."""
    client = Client(*keys)
    order = {"symbol": "ETHUSDT", "type": "MARKET", "quantity": "0.5"}
    client.futures_create_order(side="SELL", **order)
    (opened,) = client.futures_position_information(symbol="ETHUSDT")
    client.futures_create_order(side="BUY", reduceOnly="true", **order)
    closed = client.futures_position_information(symbol="ETHUSDT")
    return {
        "opened": [opened["positionAmt"], opened["entryPrice"]],
        "closed": [each["positionAmt"] for each in closed if float(each["positionAmt"])],
    }


async def streaming(keys: tuple[str, str]) -> list[Any]:
    """The first update of an order of one's own."""
    client = await AsyncClient.create(*keys)
    try:
        async with BinanceSocketManager(client).futures_user_socket() as socket:
            placed = await client.futures_create_order(
                symbol="BTCUSDT", side="BUY", type="LIMIT", price="50000", quantity="0.01",
                timeInForce="GTC",
            )  # fmt: skip
            while True:
                message = await asyncio.wait_for(socket.recv(), PATIENCE_S)
                if message["e"] == "ORDER_TRADE_UPDATE":
                    break
            order = message["o"]
            await client.futures_cancel_order(symbol="BTCUSDT", orderId=placed["orderId"])
            return [order["i"] == placed["orderId"], order["X"]]
    finally:
        await client.close_connection()


def main(told: dict[str, Any]) -> dict[str, Any]:
    redirect(told["clients"]["python_binance"])
    keys = told["venues"]["binance"]["api_key"], told["venues"]["binance"]["secret"]
    return {**blocking(keys), "streamed": asyncio.run(streaming(keys))}


if __name__ == "__main__":
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.stdout.write(json.dumps(main(document)))
