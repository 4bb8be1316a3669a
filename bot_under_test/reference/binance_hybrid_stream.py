"""Positions from Binance's user stream, mark prices from a market stream."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import ccxt

from bot_under_test.reference.binance_exchange import BinanceExchange
from bot_under_test.reference.connections import Connections
from bot_under_test.reference.followed_positions import FollowedPositions, PositionEvent
from bot_under_test.reference.outcomes import describe
from bot_under_test.reference.settings import Settings
from bot_under_test.reference.signals import BUY, SELL

logger = logging.getLogger("websocket.binance_hybrid_stream")


class BinanceHybridStream:
    """Two connections.

    `on_event` hears every position event, `on_connected` of every new user stream: what happened
    while there was none has to be asked for.
    """

    def __init__(
        self,
        settings: Settings,
        exchange: BinanceExchange,
        on_event: Callable[[PositionEvent], None],
        on_connected: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._exchange = exchange
        self._on_connected = on_connected
        self._market: aiohttp.ClientWebSocketResponse | None = None
        self._request_id = 0
        self.positions = FollowedPositions(logger, on_event, self._request_mark_price)
        self._connections = Connections(
            settings, logger, {"USER": self._user_stream, "MARK": self._market_stream}
        )
        self.start = self._connections.start
        self.stop = self._connections.stop

    # connections

    async def _user_stream(self) -> None:
        key = await self._exchange.create_listen_key()
        base = self._settings.stream_url
        routed = self._settings.routed_streams
        url = f"{base}/private/ws?listenKey={key}" if routed else f"{base}/ws/{key}"
        answers_pings = self._settings.answers_pings
        async with self._connections.connect(url, answers_pings=answers_pings) as socket:
            self._connections.connected("USER")
            self._on_connected()
            keeper = asyncio.create_task(self._keep_listen_key(socket))
            try:
                async for message in socket:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        continue
                    event = json.loads(message.data)
                    if event.get("e") == "listenKeyExpired":
                        # The connection stays open and says nothing more.
                        logger.warning("🔑 [USER] Listen key expired: asking for a new one")
                        return
                    if event.get("e") == "ACCOUNT_UPDATE":
                        self._account_update(event["a"])
            finally:
                keeper.cancel()
                await asyncio.gather(keeper, return_exceptions=True)

    async def _keep_listen_key(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Extends the key; closes the stream when the venue does not know it any more."""
        while True:
            await asyncio.sleep(self._settings.listen_key_keepalive_s)
            try:
                await self._exchange.keep_listen_key()
            except (ccxt.BadRequest, ccxt.AuthenticationError) as error:
                logger.warning("🔑 [USER] Listen key lost: %s", describe(error))
                await socket.close()
                return
            except Exception as error:
                logger.warning("🔑 [USER] Listen key not extended: %s", describe(error))

    async def _market_stream(self) -> None:
        url = f"{self._settings.stream_url}{'/market' if self._settings.routed_streams else ''}/ws"
        async with self._connections.connect(url) as socket:
            self._connections.connected("MARK")
            self._market = socket
            try:
                for symbol in self.positions:
                    await self._ask_mark_price(socket, "SUBSCRIBE", symbol)
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        event = json.loads(message.data)
                        if event.get("e") == "markPriceUpdate":
                            self.positions.mark_price(str(event["s"]), str(event["p"]))
            finally:
                self._market = None

    # events

    def _account_update(self, update: Mapping[str, Any]) -> None:
        for row in update.get("P", ()):
            symbol, amount = str(row["s"]), float(row["pa"])
            if amount:
                side = BUY if amount > 0 else SELL
                self.positions.opened(symbol, side, abs(amount), amount, str(row.get("ep", "")))
            else:
                self.positions.closed(symbol)

    # subscriptions

    def _request_mark_price(self, follow: bool, symbol: str) -> None:
        if self._market is None:
            return  # a new connection subscribes to all there is
        method = "SUBSCRIBE" if follow else "UNSUBSCRIBE"
        self._connections.beside(self._ask_mark_price(self._market, method, symbol))

    async def _ask_mark_price(
        self, socket: aiohttp.ClientWebSocketResponse, method: str, symbol: str
    ) -> None:
        self._request_id += 1
        params = [f"{symbol.lower()}@markPrice@1s"]
        try:
            await socket.send_json({"method": method, "params": params, "id": self._request_id})
        except (aiohttp.ClientError, ConnectionError) as error:
            logger.warning("🔌 [MARK] %s %s failed: %s", method, symbol, describe(error))
