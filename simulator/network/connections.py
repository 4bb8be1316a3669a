"""A simulated TCP connection: two transports, each on the loop of its own host.

What one side writes arrives on the other side's loop after the link's latency, in order. Closing
is TCP's: a FIN lets the peer read what is left, a reset does not; writing to a peer that has
closed is answered by a reset. A reader that pauses fills the window, and then the writer's
`pause_writing` is called.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulator.network.links import Link
from simulator.network.tls import PlainTls
from simulator.transport import HostTransport, fill_buffers

if TYPE_CHECKING:
    from simulator.loop import HostLoop

SOCKET_BUFFER = 262_144
"""Bytes on their way or unread by the peer that a sender's kernel takes without complaint."""
_SEGMENT = 65_536
"""The most that a reader gets at once, so that one who pauses is not given everything first."""

_FIN = b""
"""An empty write is no write, so it can stand for the end of the stream."""


class VirtualSocket:
    """What `get_extra_info("socket")` gives: knows its addresses, takes options, moves nothing."""

    def __init__(self, local: tuple[str, int], remote: tuple[str, int]) -> None:
        self.family = socket.AF_INET
        self.type = socket.SOCK_STREAM
        self.proto = socket.IPPROTO_TCP
        self._local = local
        self._remote = remote

    def getsockname(self) -> tuple[str, int]:
        return self._local

    def getpeername(self) -> tuple[str, int]:
        return self._remote

    def setsockopt(self, *args: Any) -> None:
        """Options of a real socket have no effect here."""

    def getsockopt(self, *args: Any) -> int:
        return 0

    def fileno(self) -> int:
        return -1


class Endpoint(HostTransport):
    """One side of a connection."""

    def __init__(
        self, loop: HostLoop, link: Link, local: tuple[str, int], remote: tuple[str, int]
    ) -> None:
        super().__init__()
        self._loop = loop
        self._clock = loop.world.env
        self._link = link
        self._rng = loop.world.streams[link.stream_name]
        self.local = local
        self.remote = remote
        self.peer: Endpoint
        self.on_lost: Callable[[Endpoint], None] | None = None
        self._tls: PlainTls | None = None
        self._last_arrival_ns = 0
        self._sent_ns = 0
        """When what was received last left the peer."""
        self._unread = 0
        """Bytes written here that the peer's protocol has not been given yet."""
        self._reading_paused = True  # until a protocol is there
        self._arrived: deque[tuple[bytes, int]] = deque()
        self._eof_sent = False

    # what asyncio's users ask of a transport

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        match name:
            case "peername":
                return self.remote
            case "sockname":
                return self.local
            case "sent_ns":
                return self._sent_ns
            case "arrives_ns":
                return self._last_arrival_ns
            case "client":
                return self.peer._loop.host.name
            case "socket":
                return VirtualSocket(self.local, self.remote)
        if self._tls is not None:
            match name:
                case "ssl_object":
                    return self._tls
                case "sslcontext":
                    return self._tls.context
                case "peercert":
                    return self._tls.getpeercert()
                case "cipher":
                    return self._tls.cipher()
        return default

    def resume_reading(self) -> None:
        if self._reading_paused:
            self._reading_paused = False
            if self._arrived:
                self._loop.call_soon(self._hand_over)

    def get_write_buffer_size(self) -> int:
        return max(0, self._unread - SOCKET_BUFFER)

    def can_write_eof(self) -> bool:
        return self._tls is None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._eof_sent:
            raise RuntimeError("Cannot call write() after write_eof()")
        if not data or self._closing:
            return
        host = self._loop.host
        if host.on_write is not None:
            host.on_write(bytes(data))
            host.must_live()
        self._unread += len(data)
        if len(data) <= _SEGMENT:
            self._send(bytes(data))
        else:
            for start in range(0, len(data), _SEGMENT):
                self._send(bytes(data[start : start + _SEGMENT]))
        if self._unread > SOCKET_BUFFER + self._high and not self._writing_paused:
            self._writing_paused = True
            self._protocol.pause_writing()  # type: ignore[union-attr]

    def write_eof(self) -> None:
        if not self._eof_sent and not self._closing:
            self._eof_sent = True
            self._send(_FIN)

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        if not self._eof_sent:
            self._eof_sent = True
            self._send(_FIN)
        if self.get_write_buffer_size() == 0:
            self._loop.call_soon(self._lose, None)

    def abort(self) -> None:
        if self._lost:
            return
        self._closing = True
        self._travel(self.peer._reset)
        self._loop.call_soon(self._lose, None)

    def cut(self) -> None:
        """Ends this side alone."""
        self._closing = True
        if self._loop.is_closed():  # by a program that left the connection open
            self._protocol = None
            self._lose(None)
        else:
            self._loop.call_soon(self._lose, None)

    def die(self) -> None:
        """Its process was killed: what was sent arrives, and then the peer sees the end: a reset
        where something was left unread, as a kernel has it. Nobody here hears of anything more."""
        if self._lost:
            return
        if self._arrived:
            self._travel(self.peer._reset)
        elif not self._eof_sent:
            self._send(_FIN)
        self._closing = self._eof_sent = True
        self._arrived.clear()
        self._protocol = None
        self._lose(None)

    # the network's side

    def begin_tls(self, server_hostname: str | None, context: Any) -> None:
        """From now on the transport answers like one that has done a TLS handshake."""
        self._tls = PlainTls(server_hostname, context)

    def attach(self, protocol: asyncio.BaseProtocol) -> None:
        """Gives the connection its protocol, and the protocol what has arrived already."""
        self._protocol = protocol
        protocol.connection_made(self)
        if self._lost:  # reset while the handshake's answer travelled
            self._loop.call_soon(protocol.connection_lost, self._error)
        else:
            self.resume_reading()

    def _send(self, chunk: bytes) -> None:
        self._travel(self.peer._receive, chunk, self._clock._now)

    def _travel(self, deliver: Callable[..., None], *args: Any) -> None:
        """Has the peer told of something once it has travelled, never before what left earlier."""
        link = self._link
        if link.held:
            link.waiting.append(lambda: self._travel(deliver, *args))
            return
        arrival_ns: int = self._clock._now + self._latency_ns()
        if arrival_ns < self._last_arrival_ns:
            arrival_ns = self._last_arrival_ns
        self._last_arrival_ns = arrival_ns
        loop = self.peer._loop
        if loop.dead:
            self._answer_for_the_dead(arrival_ns, args)
        elif not loop.is_closed():
            loop.call_at_ns(arrival_ns, deliver, *args)

    def _answer_for_the_dead(self, arrival_ns: int, args: tuple[Any, ...]) -> None:
        """Data for a process that is gone: its machine answers with a reset."""
        if args and args[0] is not _FIN:
            self._loop.call_at_ns(arrival_ns + self.peer._latency_ns(), self._reset)

    def _latency_ns(self) -> int:
        return self._link.latency.draw_ns(self._rng)

    def _receive(self, chunk: bytes, sent_ns: int) -> None:
        if self._closing:
            if chunk is not _FIN and not self._lost:
                self._drop_unread(len(chunk))
            if chunk is not _FIN:
                self._travel(self.peer._reset)
            return
        self._arrived.append((chunk, sent_ns))
        if not self._reading_paused:
            self._hand_over()

    def _hand_over(self) -> None:
        """Gives the protocol what has arrived, as long as it wants to read."""
        arrived = self._arrived
        while arrived and not self._reading_paused and not self._lost:
            chunk, self._sent_ns = arrived.popleft()
            if chunk is _FIN:
                self._end_of_stream()
                return
            self._drop_unread(len(chunk))
            protocol = self._protocol
            if isinstance(protocol, asyncio.BufferedProtocol):
                fill_buffers(protocol, chunk)
            else:
                protocol.data_received(chunk)  # type: ignore[union-attr]

    def _drop_unread(self, size: int) -> None:
        """The window opens for the peer by what was read here."""
        peer = self.peer
        peer._unread -= size
        if peer._writing_paused and peer.get_write_buffer_size() <= peer._low and not peer._lost:
            peer._writing_paused = False
            peer._loop.call_soon(peer._resume_writing)
        if peer._closing and not peer._lost and peer.get_write_buffer_size() == 0:
            peer._loop.call_soon(peer._lose, None)

    def _resume_writing(self) -> None:
        if not self._lost:
            self._protocol.resume_writing()  # type: ignore[union-attr]

    def _end_of_stream(self) -> None:
        keep_open = self._protocol.eof_received()  # type: ignore[union-attr]
        if not keep_open or self._tls is not None:
            self.close()

    def _reset(self) -> None:
        """The peer reset the connection, or cannot be written to any more."""
        self._closing = True
        self._arrived.clear()
        self._lose(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))

    def _lose(self, error: Exception | None) -> None:
        if self._lost:
            return
        self._lost = True
        self._error = error
        if self.on_lost is not None:
            self.on_lost(self)
        if self._protocol is not None:
            self._protocol.connection_lost(error)
