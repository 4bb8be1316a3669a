"""Connections, listeners and links of one world, as asyncio's loops ask for them."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl as ssl_module
import weakref
from typing import TYPE_CHECKING, Any

from simulator.caller import calling_place
from simulator.distributions import Distribution
from simulator.errors import RealConnectionError
from simulator.neighbours.line import Line
from simulator.neighbours.neighbours import no_tls
from simulator.network.blocking import BlockingSockets
from simulator.network.connections import Endpoint
from simulator.network.links import Link, Links
from simulator.network.listeners import Listener
from simulator.network.names import Names
from simulator.network.wires import Wire

if TYPE_CHECKING:
    from simulator.host import Host
    from simulator.loop import HostLoop
    from simulator.neighbours import Neighbour
    from simulator.world import World


class Network:
    """See the package. One per world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.names = Names(world)
        self.blocking = BlockingSockets(world)
        self._links = Links()
        self._listeners: dict[tuple[str, int], Listener] = {}
        self._connecting: weakref.WeakKeyDictionary[socket.socket, Endpoint] = (
            weakref.WeakKeyDictionary()
        )
        self._joining: weakref.WeakKeyDictionary[socket.socket, Neighbour] = (
            weakref.WeakKeyDictionary()
        )
        self._connections = 0
        self._open: dict[Endpoint, None] = {}

    # the operator's verbs

    def link(
        self,
        source: str,
        target: str,
        *,
        latency: Distribution | None = None,
        there: Distribution | None = None,
        back: Distribution | None = None,
    ) -> None:
        """Sets how long bytes travel between two hosts: `latency` each way, or each by itself.

        `source` and `target` are names of hosts, or any further name of theirs.
        """
        if there is None and latency is None and back is None:
            raise ValueError("a link needs a latency, or one there and one back")
        if there is not None or latency is not None:
            self._links.set(source, target, there or latency)  # type: ignore[arg-type]
        if back is not None or latency is not None:
            self._links.set(target, source, back or latency)  # type: ignore[arg-type]

    def hold(self, source: str, target: str) -> None:
        """From now on nothing of this direction arrives; what is under way still does."""
        self._links.exact(source, target).held = True

    def release(self, source: str, target: str) -> None:
        """What was held leaves now, in order."""
        link = self._links.exact(source, target)
        link.held = False
        waiting, link.waiting = link.waiting, []
        for send in waiting:
            send()

    def partition(self, one: str, other: str) -> None:
        """Holds both directions."""
        self.hold(one, other)
        self.hold(other, one)

    def repair(self, one: str, other: str) -> None:
        """Releases both directions."""
        self.release(one, other)
        self.release(other, one)

    # listening

    def create_server(
        self, loop: HostLoop, protocol_factory: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Like `loop.create_server`; listens in the simulated network."""
        return self._listen(loop, protocol_factory, *args, **kwargs)

    def _listen(
        self,
        loop: HostLoop,
        protocol_factory: Any,
        host: Any = None,
        port: int | None = None,
        *,
        sock: socket.socket | None = None,
        ssl: Any = None,
        **options: Any,
    ) -> Listener:
        if sock is not None:
            raise self.refuse("listening on a real socket", str(sock.getsockname()))
        names = [host] if host is None or isinstance(host, str) else list(host)
        number = port or loop.host.take_port()
        local_only = all(name and self._is_loopback(loop.host, name) for name in names)
        key = (loop.host.name, number)
        if key in self._listeners:
            raise OSError(
                errno.EADDRINUSE,
                f"error while attempting to bind on address ({host!r}, {number}): "
                f"{loop.host.name} listens there already",
            )
        listener = Listener(
            loop, protocol_factory, number, local_only=local_only, tls=ssl, network=self
        )
        self._listeners[key] = listener
        return listener

    def _is_loopback(self, asker: Host, name: str) -> bool:
        return self.names.resolve(asker, name, None).startswith("127.")

    def forget_listener(self, host: Host, port: int) -> None:
        """Called by a listener that closes."""
        self._listeners.pop((host.name, port), None)

    # connecting

    async def connect_socket(self, loop: HostLoop, sock: socket.socket, address: Any) -> None:
        """`loop.sock_connect`: connects, and keeps the connection under the socket object until
        `create_connection(sock=...)` asks for it."""
        neighbour = self._world.neighbours.at(address)
        if neighbour is not None:
            self._joining[sock] = neighbour
            return
        self._connecting[sock] = await self._connect(loop, str(address[0]), int(address[1]))

    async def create_connection(
        self,
        loop: HostLoop,
        protocol_factory: Any,
        host: Any = None,
        port: Any = None,
        *,
        ssl: Any = None,
        sock: socket.socket | None = None,
        server_hostname: str | None = None,
        **options: Any,
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """`loop.create_connection`. Options of real sockets have no effect."""
        name = host.decode("idna") if isinstance(host, bytes) else host
        if sock is not None and (neighbour := self._joining.pop(sock, None)) is not None:
            sock.close()
            return self.join_neighbour(loop, neighbour, protocol_factory, ssl)
        if sock is not None:
            try:
                endpoint = self._connecting.pop(sock)
            except KeyError:
                raise self.refuse("a connection over a real socket", str(sock)) from None
            sock.close()
        elif (neighbour := self._world.neighbours.find(name, port)) is not None:
            return self.join_neighbour(loop, neighbour, protocol_factory, ssl)
        else:
            address = self.names.resolve(loop.host, str(name or ""), port)
            endpoint = await self._connect(loop, address, int(port or 0))
        if ssl:
            context = ssl if isinstance(ssl, ssl_module.SSLContext) else None
            endpoint.begin_tls(server_hostname or name or None, context)
            await self.round_trip(endpoint)
        protocol: asyncio.BaseProtocol = protocol_factory()
        endpoint.attach(protocol)
        return endpoint, protocol

    async def open_wire(self, loop: HostLoop, wire: Wire, address: str, port: int) -> None:
        """A blocking socket connects: its wire is attached, or told why not."""
        try:
            endpoint = await self._connect(loop, address, port)
        except ConnectionRefusedError:
            code = errno.ECONNREFUSED
            wire.fail(ConnectionRefusedError(code, os.strerror(code)))
        else:
            endpoint.attach(wire)

    def join_neighbour(
        self, loop: HostLoop, neighbour: Neighbour, protocol_factory: Any, ssl: Any
    ) -> tuple[Line, asyncio.BaseProtocol]:
        """A connection to a real server. Raises OSError where nobody listens."""
        if ssl:
            raise no_tls(neighbour)
        line = self._world.neighbours.connect(loop, neighbour)
        protocol: asyncio.BaseProtocol = protocol_factory()
        line.attach(protocol)
        return line, protocol

    async def start_tls(
        self,
        transport: Endpoint,
        protocol: asyncio.BaseProtocol,
        sslcontext: Any,
        *,
        server_hostname: str | None = None,
        **options: Any,
    ) -> Endpoint:
        """`loop.start_tls`: the same connection, which answers like a TLS one from now on."""
        transport.begin_tls(server_hostname, sslcontext)
        await self.round_trip(transport)
        transport.set_protocol(protocol)
        return transport

    async def round_trip(self, endpoint: Endpoint) -> None:
        """A TLS handshake costs one (TLS 1.3)."""
        loop = endpoint._loop
        delay_ns = endpoint._latency_ns() + endpoint.peer._latency_ns()
        if delay_ns:
            arrived: asyncio.Future[None] = loop.create_future()
            now_ns = self._world.env.now
            timer = loop.call_at_ns(now_ns + delay_ns, _arrive, arrived)
            try:
                await arrived
            finally:
                timer.cancel()

    async def _connect(self, loop: HostLoop, address: str, port: int) -> Endpoint:
        """A TCP handshake: the SYN travels, the listener accepts or refuses, the answer travels."""
        client = loop.host
        owner = self.names.owner(address, client)
        if owner is None:
            raise self.refuse("a connection", f"{address}:{port}")
        target_names = (self.names.name_of(address), owner.name)
        answered: asyncio.Future[Endpoint | OSError] = loop.create_future()
        local = (client.address, client.take_port())
        there = self._links.find((client.name,), target_names)
        back = self._links.find(target_names, (client.name,))
        near = Endpoint(loop, there, local, (address, port))
        self._connections += 1
        number = self._connections
        self._trace("connect", client, number, near, to=target_names[0])

        def reach() -> None:
            if loop.dead:
                return  # its machine would reset what it does not know
            listener = self._listeners.get((owner.name, port))
            if listener is None or not listener.accepts_from(client):
                said = f"Connect call failed ({address!r}, {port})"
                if owner is client:
                    said += "; a real server on this machine has to be named as a neighbour"
                error = ConnectionRefusedError(errno.ECONNREFUSED, said)
                near.peer = near
                self._later(loop, back, lambda: _answer(answered, error))
                return
            far = Endpoint(listener.loop, back, (address, port), local)
            near.peer, far.peer = far, near
            self._keep(near, client, number)
            self._keep(far, owner, number)
            self._later(loop, back, lambda: _answer(answered, near))
            listener.accept(far)

        self._later(self._any_loop(owner, loop), there, reach)
        result = await answered
        if isinstance(result, OSError):
            self._trace("refused_by_peer", client, number, near)
            raise result
        return result

    def _keep(self, end: Endpoint, host: Host, number: int) -> None:
        self._open[end] = None

        def forget(lost: Endpoint) -> None:
            self._open.pop(lost, None)
            self._trace("closed", host, number, lost)

        end.on_lost = forget

    def cut_host(self, host: Host) -> None:
        """Its process is gone: connections end, as their peers will see, and nobody listens."""
        for end in tuple(self._open):
            if end._loop.host is host:
                end.die()
        for key in tuple(self._listeners):
            if key[0] == host.name:
                del self._listeners[key]

    def cut_all(self) -> None:
        """Ends every connection at once, without a word to the other side: the world is over."""
        for end in tuple(self._open):
            end.cut()
        self.blocking.close_all()

    def _any_loop(self, owner: Host, otherwise: HostLoop) -> HostLoop:
        """A loop on which the target can be asked: its own, or the asker's if it runs none."""
        for loop in self._world.loops_of(owner):
            return loop
        return otherwise

    def _later(self, loop: HostLoop, link: Link, action: Any) -> None:
        if link.held:
            link.waiting.append(lambda: self._later(loop, link, action))
            return
        delay_ns = link.latency.draw_ns(self._world.streams[link.stream_name])
        loop.call_at_ns(self._world.env.now + delay_ns, action)

    def _trace(self, kind: str, host: Host, number: int, end: Endpoint, **fields: Any) -> None:
        self._world.trace.record(
            kind, host.name, connection=number, peer=f"{end.remote[0]}:{end.remote[1]}", **fields
        )

    def refuse(self, what: str, target: str) -> RealConnectionError:
        """The error for an attempt to leave the world; it is kept as well."""
        error = RealConnectionError(what, target, calling_place())
        self._world.note_refusal(error)
        return error


def _arrive(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _answer(future: asyncio.Future[Endpoint | OSError], result: Endpoint | OSError) -> None:
    if not future.done():
        future.set_result(result)
    elif isinstance(result, Endpoint):
        result.abort()  # whoever asked has given up meanwhile
