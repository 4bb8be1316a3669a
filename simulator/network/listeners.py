"""A listening socket of the simulated network, as `loop.create_server` returns it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from simulator.network.connections import Endpoint, VirtualSocket

if TYPE_CHECKING:
    from simulator.host import Host
    from simulator.loop import HostLoop
    from simulator.network.network import Network


class Listener(asyncio.AbstractServer):
    """Accepts connections on one port of one host."""

    def __init__(
        self,
        loop: HostLoop,
        protocol_factory: Any,
        port: int,
        *,
        local_only: bool,
        tls: Any,
        network: Network,
    ) -> None:
        self.loop = loop
        self.port = port
        self._protocol_factory = protocol_factory
        self._local_only = local_only
        self._tls = tls
        self._network = network
        self._serving = True
        self._closed: asyncio.Future[None] | None = None
        self._accepted: list[Endpoint] = []

    @property
    def sockets(self) -> tuple[Any, ...]:
        """One stand-in that knows its address."""
        if not self._serving:
            return ()
        address = "127.0.0.1" if self._local_only else self.loop.host.address
        return (VirtualSocket((address, self.port), ("", 0)),)

    def accepts_from(self, client: Host) -> bool:
        """Whether a connection of this host would be taken."""
        return self._serving and (not self._local_only or client is self.loop.host)

    def accept(self, end: Endpoint) -> None:
        """Takes a connection whose SYN has just arrived."""
        if self._tls:
            end.begin_tls(None, self._tls)
        self._accepted = [known for known in self._accepted if not known.is_closing()]
        self._accepted.append(end)
        end.attach(self._protocol_factory())

    def close(self) -> None:
        """Takes no more connections; those that are open go on."""
        if self._serving:
            self._serving = False
            self._network.forget_listener(self.loop.host, self.port)
            if self._closed is not None and not self._closed.done():
                self._closed.set_result(None)

    def close_clients(self) -> None:
        for end in self._accepted:
            end.close()

    def abort_clients(self) -> None:
        for end in self._accepted:
            end.abort()

    async def wait_closed(self) -> None:
        """Returns when the listener is closed."""
        if self._serving:
            await self._wait()

    def _wait(self) -> asyncio.Future[None]:
        if self._closed is None or self._closed.done():
            self._closed = self.loop.create_future()
        return self._closed

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self.loop

    def is_serving(self) -> bool:
        return self._serving

    async def start_serving(self) -> None:
        """It has served since it was made."""

    async def serve_forever(self) -> None:
        """Waits until the listener is closed, and closes it when cancelled."""
        try:
            await self.wait_closed()
        except asyncio.CancelledError:
            self.close()
            raise

    async def __aenter__(self) -> Listener:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.close()
