"""The bot's connection to the signal server."""

from __future__ import annotations

import asyncio
import logging

import aiohttp

from bot_under_test.reference.outcomes import describe
from bot_under_test.reference.settings import Settings
from bot_under_test.reference.signals import Signal

logger = logging.getLogger("core.signal_client")

_ANSWER_S = 5.0


class SignalClient:
    """Asks for the list of signals; connects, and connects again, when it has to."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def signals(self) -> list[Signal]:
        """All that the server has at the moment; none while it cannot be reached."""
        try:
            async with asyncio.timeout(_ANSWER_S):
                socket = await self._connected()
                await socket.send_json({"type": "get_signals"})
                message = await self._receive(socket, "signals")
        except (aiohttp.ClientError, OSError, TimeoutError, TypeError) as error:
            logger.warning("📡 Signal server: %s", describe(error))
            await self._drop()
            return []
        found = []
        for values in message["data"]:
            try:
                found.append(Signal.read(values))
            except ValueError as error:
                logger.warning("📡 Signal not understood: %s", error)
        return found

    async def close(self) -> None:
        await self._drop()
        if self._session is not None:
            await self._session.close()

    async def _connected(self) -> aiohttp.ClientWebSocketResponse:
        if self._socket is not None and not self._socket.closed:
            return self._socket
        if self._session is None:
            self._session = aiohttp.ClientSession()
        socket = await self._session.ws_connect(self._settings.signal_server)
        self._socket = socket
        await socket.send_json({"type": "auth", "token": self._settings.signal_token})
        await self._receive(socket, "auth_success")
        logger.info("📡 Signal server: connected")
        return socket

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, list]:  # type: ignore[type-arg]
        """The next message, which has to be of that kind. Raises ConnectionError."""
        message = await socket.receive_json()
        if message.get("type") != kind:
            raise ConnectionError(f"expected {kind!r}, got {message.get('type')!r}")
        return message  # type: ignore[no-any-return]

    async def _drop(self) -> None:
        if self._socket is not None:
            await self._socket.close()
            self._socket = None
