"""Positions from Bybit's private stream, mark prices from its public tickers."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from bot_under_test.reference.connections import Connections
from bot_under_test.reference.followed_positions import FollowedPositions, PositionEvent
from bot_under_test.reference.outcomes import describe
from bot_under_test.reference.settings import Credentials, Settings
from bot_under_test.reference.signals import BUY, SELL

logger = logging.getLogger("websocket.bybit_hybrid_stream")

_AUTH_LASTS_S = 10
_FLAT = (0.0, "", "")


class NotAcceptedError(ConnectionError):
    """The venue did not take the key, or the subscription."""


class BybitHybridStream:
    """Two connections, each with a ping of its own every 20 s: the venue wants to hear something.

    `on_event` hears every position event, `on_connected` of every new private stream.
    """

    def __init__(
        self,
        settings: Settings,
        credentials: Credentials,
        on_event: Callable[[PositionEvent], None],
        on_connected: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._credentials = credentials
        self._on_connected = on_connected
        self._public: aiohttp.ClientWebSocketResponse | None = None
        self._known: dict[str, tuple[float, str, str]] = {}
        """What the venue said last of each symbol's position: it repeats itself."""
        self.positions = FollowedPositions(logger, on_event, self._request_ticker)
        self._connections = Connections(
            settings, logger, {"PRIVATE": self._private_stream, "PUBLIC": self._public_stream}
        )
        self.start = self._connections.start
        self.stop = self._connections.stop

    # connections

    async def _private_stream(self) -> None:
        url = f"{self._settings.bybit_stream_url}/v5/private"
        async with self._connections.connect(url) as socket:
            expires = int((time.time() + _AUTH_LASTS_S) * 1000)
            signature = hmac.digest(
                self._credentials.secret.encode(), f"GET/realtime{expires}".encode(), "sha256"
            ).hex()
            await socket.send_json(
                {"op": "auth", "args": [self._credentials.api_key, expires, signature]}
            )
            await _accepted(socket, "auth")
            await socket.send_json({"op": "subscribe", "args": ["position"]})
            await _accepted(socket, "subscribe")
            self._known.clear()
            self._connections.connected("PRIVATE")
            self._on_connected()
            await self._read(socket, self._private_message)

    async def _public_stream(self) -> None:
        url = f"{self._settings.bybit_stream_url}/v5/public/linear"
        async with self._connections.connect(url) as socket:
            self._connections.connected("PUBLIC")
            self._public = socket
            try:
                for symbol in self.positions:
                    await self._ask_ticker(socket, "subscribe", symbol)
                await self._read(socket, self._public_message)
            finally:
                self._public = None

    async def _read(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        on_message: Callable[[Mapping[str, Any]], None],
    ) -> None:
        pinging = asyncio.create_task(self._ping(socket))
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    on_message(json.loads(message.data))
        finally:
            pinging.cancel()
            await asyncio.gather(pinging, return_exceptions=True)

    async def _ping(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            await asyncio.sleep(self._settings.bybit_ping_interval_s)
            try:
                await socket.send_json({"op": "ping"})
            except (aiohttp.ClientError, ConnectionError):
                return  # the reader sees the end too

    # events

    def _private_message(self, message: Mapping[str, Any]) -> None:
        if not str(message.get("topic", "")).startswith("position"):
            return
        for row in message["data"]:
            symbol, size = str(row["symbol"]), float(row["size"] or 0)
            told = (size, str(row["side"]), str(row["entryPrice"])) if size else _FLAT
            if told == self._known.get(symbol, _FLAT):
                continue  # pushed again for an order that changed nothing about it
            self._known[symbol] = told
            if size:
                side = BUY if row["side"] == "Buy" else SELL
                amount = size if side == BUY else -size
                self.positions.opened(symbol, side, size, amount, str(row["entryPrice"]))
            else:
                self.positions.closed(symbol)

    def _public_message(self, message: Mapping[str, Any]) -> None:
        if not str(message.get("topic", "")).startswith("tickers."):
            return
        data = message["data"]
        if "markPrice" in data:  # a delta carries what has changed
            self.positions.mark_price(str(data["symbol"]), str(data["markPrice"]))

    # subscriptions

    def _request_ticker(self, follow: bool, symbol: str) -> None:
        if self._public is None:
            return  # a new connection subscribes to all there is
        op = "subscribe" if follow else "unsubscribe"
        self._connections.beside(self._ask_ticker(self._public, op, symbol))

    async def _ask_ticker(
        self, socket: aiohttp.ClientWebSocketResponse, op: str, symbol: str
    ) -> None:
        try:
            await socket.send_json({"op": op, "args": [f"tickers.{symbol}"]})
        except (aiohttp.ClientError, ConnectionError) as error:
            logger.warning("🔌 [PUBLIC] %s %s failed: %s", op, symbol, describe(error))


async def _accepted(socket: aiohttp.ClientWebSocketResponse, what: str) -> None:
    """Waits for the venue's yes. Raises NotAcceptedError for a no."""
    reply = await socket.receive_json()
    if not reply.get("success"):
        raise NotAcceptedError(f"{what} refused: {reply.get('ret_msg')}")
