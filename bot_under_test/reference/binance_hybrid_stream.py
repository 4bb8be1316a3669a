"""Positions from the user stream, mark prices from a market stream, as one kind of event.

A position event carries symbol, side, size (absolute), entry price and mark price, all as text;
what is not known is empty.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import ccxt

from bot_under_test.reference.exchange_manager import ExchangeManager
from bot_under_test.reference.outcomes import describe
from bot_under_test.reference.settings import Settings
from bot_under_test.reference.signals import BUY, SELL

logger = logging.getLogger("websocket.binance_hybrid_stream")

PositionEvent = Mapping[str, str]


class BinanceHybridStream:
    """Two connections that are made again whenever they are lost.

    `on_event` hears every position event, `on_connected` of every new user stream: what happened
    while there was none has to be asked for.
    """

    def __init__(
        self,
        settings: Settings,
        exchange: ExchangeManager,
        on_event: Callable[[PositionEvent], None],
        on_connected: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._exchange = exchange
        self._on_event = on_event
        self._on_connected = on_connected
        self._session: aiohttp.ClientSession | None = None
        self._market: aiohttp.ClientWebSocketResponse | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._requests: dict[asyncio.Task[None], None] = {}
        self._request_id = 0
        self._positions: dict[str, dict[str, str]] = {}
        self._user_connected = asyncio.Event()
        self._market_connected = asyncio.Event()

    async def start(self) -> None:
        """Returns when both streams are connected, or after a while without them."""
        self._session = aiohttp.ClientSession()
        self._tasks = [
            asyncio.create_task(self._stay_connected("USER", self._user_stream)),
            asyncio.create_task(self._stay_connected("MARK", self._market_stream)),
        ]
        both = asyncio.gather(self._user_connected.wait(), self._market_connected.wait())
        try:
            await asyncio.wait_for(both, self._settings.stream_start_timeout_s)
        except TimeoutError:
            logger.warning("⚠️ Streams not connected yet; going on with REST alone")

    async def stop(self) -> None:
        tasks = [*self._tasks, *self._requests]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    # connections

    async def _stay_connected(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Runs a stream for ever, with growing pauses while it cannot be had."""
        settings = self._settings
        delay_s = settings.reconnect_delay_s
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            try:
                await run()
                logger.info("🔌 [%s] Stream ended", name)
            except (aiohttp.ClientError, ccxt.BaseError, OSError, TimeoutError) as error:
                logger.warning("🔌 [%s] Stream lost: %s", name, describe(error))
            except Exception:
                logger.exception("🔌 [%s] Stream failed", name)
            if loop.time() - began_s > settings.reconnect_longest_delay_s:
                delay_s = settings.reconnect_delay_s
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, settings.reconnect_longest_delay_s)

    def _connect(self, url: str, *, answers_pings: bool) -> Any:
        # aiohttp cannot ping by itself while pings are left to the reader.
        heartbeat_s = self._settings.heartbeat_s if answers_pings else None
        assert self._session is not None
        return self._session.ws_connect(url, autoping=answers_pings, heartbeat=heartbeat_s)

    async def _user_stream(self) -> None:
        key = await self._exchange.create_listen_key()
        base = self._settings.stream_url
        routed = self._settings.routed_streams
        url = f"{base}/private/ws?listenKey={key}" if routed else f"{base}/ws/{key}"
        async with self._connect(url, answers_pings=self._settings.answers_pings) as socket:
            logger.info("🔌 [USER] Connected")
            self._user_connected.set()
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
        async with self._connect(url, answers_pings=True) as socket:
            logger.info("🔌 [MARK] Connected")
            self._market = socket
            self._market_connected.set()
            try:
                for symbol in tuple(self._positions):
                    await self._ask_mark_price(socket, "SUBSCRIBE", symbol)
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        event = json.loads(message.data)
                        if event.get("e") == "markPriceUpdate":
                            self._mark_price(event)
            finally:
                self._market = None

    # events

    def _account_update(self, update: Mapping[str, Any]) -> None:
        for row in update.get("P", ()):
            symbol, amount = str(row["s"]), float(row["pa"])
            if amount:
                self._opened(symbol, amount, str(row.get("ep", "")))
            else:
                self._closed(symbol)

    def _opened(self, symbol: str, amount: float, entry_price: str) -> None:
        logger.info("📊 [USER] Position update: %s amount=%s", symbol, amount)
        known = self._positions.get(symbol)
        event = {
            "symbol": symbol,
            "side": BUY if amount > 0 else SELL,
            "size": str(abs(amount)),
            "entry_price": entry_price,
            "mark_price": "",
        }
        self._positions[symbol] = event
        if known is None:
            self._request_mark_price("SUBSCRIBE", symbol)
        self._on_event(event)

    def _closed(self, symbol: str) -> None:
        logger.info("❌ Position closed: %s amount=0.0", symbol)
        known = self._positions.get(symbol)
        self.forget(symbol)
        side = known["side"] if known else ""
        closed = {"symbol": symbol, "side": side, "size": "0", "entry_price": "", "mark_price": ""}
        self._on_event(closed)

    def _mark_price(self, event: Mapping[str, Any]) -> None:
        known = self._positions.get(str(event["s"]))
        if known is not None:
            self._on_event({**known, "mark_price": str(event["p"])})

    # subscriptions

    def follow(self, symbol: str, side: str, quantity: float, entry_price: float) -> None:
        """Takes mark prices of a position that was found otherwise than by the stream."""
        known = symbol in self._positions
        self._positions[symbol] = {
            "symbol": symbol,
            "side": side,
            "size": str(quantity),
            "entry_price": str(entry_price),
            "mark_price": "",
        }
        if not known:
            self._request_mark_price("SUBSCRIBE", symbol)

    def forget(self, symbol: str) -> None:
        """The position is gone."""
        if self._positions.pop(symbol, None) is not None:
            self._request_mark_price("UNSUBSCRIBE", symbol)

    def _request_mark_price(self, method: str, symbol: str) -> None:
        """Beside the reading of the stream, which a connection slow to take it must not delay."""
        if self._market is None:
            return  # a new connection subscribes to all there is
        task = asyncio.create_task(self._ask_mark_price(self._market, method, symbol))
        self._requests[task] = None
        task.add_done_callback(self._requests.pop)

    async def _ask_mark_price(
        self, socket: aiohttp.ClientWebSocketResponse, method: str, symbol: str
    ) -> None:
        self._request_id += 1
        params = [f"{symbol.lower()}@markPrice@1s"]
        try:
            await socket.send_json({"method": method, "params": params, "id": self._request_id})
        except (aiohttp.ClientError, ConnectionError) as error:
            logger.warning("🔌 [MARK] %s %s failed: %s", method, symbol, describe(error))
