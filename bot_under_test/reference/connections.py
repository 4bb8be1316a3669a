"""Streams that are connected again whenever they are lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import ccxt

from bot_under_test.reference.outcomes import describe
from bot_under_test.reference.settings import Settings


class Connections:
    """Runs each of its streams for ever, with growing pauses while one cannot be had.

    A stream is a coroutine function that connects, says so by `connected(name)`, and reads until
    its end. What it raises is logged.
    """

    def __init__(
        self,
        settings: Settings,
        logger: logging.Logger,
        streams: Mapping[str, Callable[[], Awaitable[None]]],
    ) -> None:
        self._settings = settings
        self._logger = logger
        self._streams = streams
        self._session: aiohttp.ClientSession | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._beside: dict[asyncio.Task[None], None] = {}
        self._connected = {name: asyncio.Event() for name in streams}

    async def start(self) -> None:
        """Returns when all are connected, or after a while without them."""
        self._session = aiohttp.ClientSession()
        self._tasks = [
            asyncio.create_task(self._stay_connected(name, run))
            for name, run in self._streams.items()
        ]
        try:
            async with asyncio.timeout(self._settings.stream_start_timeout_s):
                for event in self._connected.values():
                    await event.wait()
        except TimeoutError:
            self._logger.warning("⚠️ Streams not connected yet; going on with REST alone")

    async def stop(self) -> None:
        tasks = [*self._tasks, *self._beside]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def connect(self, url: str, *, answers_pings: bool = True) -> Any:
        """A WebSocket, as a context."""
        # aiohttp cannot ping by itself while pings are left to the reader.
        heartbeat_s = self._settings.heartbeat_s if answers_pings else None
        assert self._session is not None
        return self._session.ws_connect(url, autoping=answers_pings, heartbeat=heartbeat_s)

    def connected(self, name: str) -> None:
        self._logger.info("🔌 [%s] Connected", name)
        self._connected[name].set()

    def beside(self, work: Any) -> None:
        """Does something beside the reading of a stream, which must not wait for it."""
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._beside[task] = None
        task.add_done_callback(self._beside.pop)

    async def _stay_connected(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        settings = self._settings
        delay_s = settings.reconnect_delay_s
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            try:
                await run()
                self._logger.info("🔌 [%s] Stream ended", name)
            except (aiohttp.ClientError, ccxt.BaseError, OSError, TimeoutError) as error:
                self._logger.warning("🔌 [%s] Stream lost: %s", name, describe(error))
            except Exception:
                self._logger.exception("🔌 [%s] Stream failed", name)
            if loop.time() - began_s > settings.reconnect_longest_delay_s:
                delay_s = settings.reconnect_delay_s
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, settings.reconnect_longest_delay_s)
