"""A bot that is not ours: it buys, asks for its order twice, and gives up. It logs in words of its
own, and what it was told only at DEBUG."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import ccxt.pro

logger = logging.getLogger("tiny")


class TinyBot:
    """What a replay asks of a bot: see `bot_under_test/adapter.py`."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._exchange = ccxt.pro.binanceusdm(
            {"apiKey": keys["api_key"], "secret": keys["secret"], "timeout": 5_000}
        )

    async def start(self) -> None:
        await self._exchange.load_markets()

    async def deliver(self, signal: Mapping[str, object]) -> None:
        order = await self._exchange.create_order(str(signal["symbol"]), "market", "buy", 12)
        logger.info("sent %s", order["id"])
        for attempt in (1, 2):
            try:
                found = await self._exchange.fetch_order(order["id"], str(signal["symbol"]))
            except ccxt.NetworkError as error:
                logger.warning("try %d: %s", attempt, type(error).__name__)
            except ccxt.ExchangeError as error:
                logger.debug("try %d: %s", attempt, error, exc_info=True)
            else:
                logger.info("is %s", found["status"])
                return
            await asyncio.sleep(0.25)
        logger.error("lost %s", order["id"])

    async def stop(self) -> None:
        await self._exchange.close()

    def believes(self) -> dict[str, Any]:
        return {"positions": [], "orders": [], "rows": [], "events": []}


def create(settings: Mapping[str, Any]) -> TinyBot:
    return TinyBot(settings["credentials"]["binance"])
