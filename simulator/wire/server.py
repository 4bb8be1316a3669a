"""The port of a venue: REST and WebSockets on one listener."""

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
        self._listener: asyncio.Server | None = None

    async def start(
        self,
        *,
        host: str = "0.0.0.0",
        port: int = 443,
        ssl: ssl_module.SSLContext | None = None,
    ) -> None:
        """Serves on a port of the running loop."""
        sockets = web.Server(self._upgrade, access_log=None, max_line_size=_LONGEST_URL)
        self._web_server = sockets
        self._listener = await asyncio.get_running_loop().create_server(
            lambda: HttpConnection(self._handle, sockets, self._open, self._heard),
            host,
            port,
            ssl=ssl,
        )

    @property
    def port(self) -> int:
        """The port it listens on; of use after a start with port 0."""
        if self._listener is None:
            raise ValueError("the venue has no port before start()")
        return int(self._listener.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Closes the port and every connection."""
        if self._listener is not None:
            self._listener.close()
        for action in self._before_stop:
            action()
        for connection in tuple(self._open):
            connection.close()
        if self._web_server is not None:
            await self._web_server.shutdown(timeout=1)
