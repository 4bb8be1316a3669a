"""The ports of a venue: REST and WebSockets on each listener."""

from __future__ import annotations

import asyncio
import ssl as ssl_module
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from simulator.wire.http_connection import Handler, HttpConnection

_LONGEST_URL = 65_536
"""Room for the names of all the streams that one connection may have."""


class Server:
    """Serves requests through `handle` and upgrades through `upgrade`, on the running loop.

    `heard` are the request headers that the venue reads, in lower case; `before_stop` is called
    when no new connection can come and the open ones are still there.
    """

    def __init__(
        self,
        handle: Handler,
        upgrade: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        heard: frozenset[bytes],
        before_stop: Sequence[Callable[[], None]],
    ) -> None:
        self._handle = handle
        self._upgrade = upgrade
        self._heard = heard
        self._before_stop = before_stop
        self._open: dict[HttpConnection, None] = {}
        self._web_server: web.Server | None = None
        self._listeners: list[asyncio.Server] = []

    async def start(
        self,
        *,
        host: str = "0.0.0.0",
        port: int = 443,
        ssl: ssl_module.SSLContext | None = None,
    ) -> None:
        """Serves on a port of the running loop, besides those it serves on already: one with
        `ssl` and one without are one venue."""
        sockets = self._web_server
        if sockets is None:
            sockets = web.Server(self._upgrade, access_log=None, max_line_size=_LONGEST_URL)
            self._web_server = sockets
        listener = await asyncio.get_running_loop().create_server(
            lambda: HttpConnection(self._handle, sockets, self._open, self._heard),
            host,
            port,
            ssl=ssl,
        )
        self._listeners.append(listener)

    @property
    def port(self) -> int:
        """The port of the latest start; of use after one with port 0."""
        if not self._listeners:
            raise ValueError("the venue has no port before start()")
        return int(self._listeners[-1].sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Closes every port and every connection."""
        for listener in self._listeners:
            listener.close()
        for action in self._before_stop:
            action()
        for connection in tuple(self._open):
            connection.close()
        self._listeners.clear()
        sockets, self._web_server = self._web_server, None
        if sockets is not None:
            await sockets.shutdown(timeout=1)
