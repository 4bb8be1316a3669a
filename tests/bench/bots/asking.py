"""A bot that asks for its orders, again and again: a program, and behind a factory."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import time
from collections.abc import Mapping
from typing import Any

import aiohttp

REQUESTS = 500
URL = "https://fapi.binance.com/fapi/v1/openOrders"


async def ask(api_key: str, secret: str) -> None:
    async with aiohttp.ClientSession(headers={"X-MBX-APIKEY": api_key}) as session:
        for _ in range(REQUESTS):
            text = f"symbol=ADAUSDT&timestamp={round(time.time() * 1000)}&recvWindow=10000"
            signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
            async with session.get(f"{URL}?{text}&signature={signature}") as reply:
                assert await reply.json() == []


class Handle:
    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = keys

    async def start(self) -> None:
        pass

    async def deliver(self, signal: Mapping[str, object]) -> None:
        await ask(**self._keys)

    async def stop(self) -> None:
        pass


def create(settings: Mapping[str, Any]) -> Handle:
    return Handle(settings["credentials"]["binance"])


if __name__ == "__main__":
    asyncio.run(ask(os.environ["BINANCE_API_KEY"], os.environ["BINANCE_SECRET"]))
