"""Blocking sockets in the simulated network: what `socket.socket`'s methods do inside a run.

A socket becomes simulated when it connects. From then on its calls are answered here: one that
has to wait lets the world go on while its host stands still, and times out in virtual time.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import weakref
from typing import TYPE_CHECKING, Any

from simulator.clock import NS_PER_S
from simulator.errors import RealConnectionError, SpinningError
from simulator.neighbours.line import Line
from simulator.neighbours.neighbours import Neighbour, no_tls
from simulator.network.connections import SOCKET_BUFFER
from simulator.network.wires import Wire

if TYPE_CHECKING:
    from simulator.host import Host
    from simulator.world import World

_EMPTY_LOOKS_LIMIT = 100_000
"""Reads that found nothing at one instant before somebody is said to wait by looking."""


class BlockingSockets:
    """The blocking connections of one world, by the socket objects that own them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._wires: weakref.WeakKeyDictionary[socket.socket, Wire] = weakref.WeakKeyDictionary()
        self._bound: weakref.WeakKeyDictionary[socket.socket, tuple[str, int]] = (
            weakref.WeakKeyDictionary()
        )
        self._open: dict[Wire, None] = {}
        self._looks = 0
        self._looked_ns = -1

    def wire_of(self, sock: socket.socket) -> Wire | None:
        """The simulated connection of a socket, if it has one."""
        return self._wires.get(sock)

    def close_all(self) -> None:
        """The world is over: nothing of it stays open."""
        for wire in tuple(self._open):
            self._forget(wire)

    # opening and closing

    def serves(self, sock: socket.socket) -> bool:
        """Whether a socket that is not connected yet would be of the simulated network."""
        return (
            self._world.current is not None
            and sock.family in (socket.AF_INET, socket.AF_INET6)
            and sock.type == socket.SOCK_STREAM
        )

    def leaves(self, sock: socket.socket, address: Any) -> bool:
        """Whether a connection is the operating system's: it meets the fence, or is the world's own
        to a neighbour."""
        if self.wire_of(sock) is not None:
            return False
        neighbours = self._world.neighbours
        if neighbours.connecting or self._world.current is None:
            return True
        return not self.serves(sock) and neighbours.at(address) is None

    def bind(self, sock: socket.socket, address: Any) -> None:
        """A client's choice of its own address: checked, and otherwise without effect."""
        host = self._host()
        name = str(address[0])
        own = host.address if name == "" else self._world.network.names.resolve(host, name, None)
        if sock.family == socket.AF_INET6 or not (own.startswith("127.") or own == host.address):
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        self._bound[sock] = (own, int(address[1]))

    def bound(self, sock: socket.socket) -> tuple[str, int] | None:
        """Where an unconnected socket was bound to, if it was."""
        return self._bound.get(sock)

    def connect(self, sock: socket.socket, address: Any) -> None:
        """`socket.connect`. Raises UnknownHostError for a name that no host has, and
        RealConnectionError for an address outside the world."""
        wire = self._wires.get(sock)
        if wire is not None:
            number = errno.EISCONN if wire.connected else errno.EALREADY
            if wire.error is not None:
                wire.check()
            raise OSError(number, os.strerror(number))
        host = self._host()
        network = self._world.network
        neighbour = self._world.neighbours.at(address)
        if neighbour is not None:
            self._join(sock, neighbour)
            return
        name, port = str(address[0]), int(address[1])
        target = network.names.resolve(host, name, port)
        if network.names.owner(target, host) is None:
            raise network.refuse("a connection", f"{target}:{port}")
        wire = self._wires[sock] = Wire(sock.fileno())
        self._open[wire] = None
        weakref.finalize(sock, self._forget, wire).atexit = False
        wire.opening = host.kernel.create_task(network.open_wire(host.kernel, wire, target, port))
        timeout = sock.gettimeout()
        if timeout == 0:
            raise BlockingIOError(errno.EINPROGRESS, os.strerror(errno.EINPROGRESS))
        if not self._world.block_until(wire.opening.done, _ns(timeout)):
            wire.opening.cancel()
            wire.fail(TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)))
            raise TimeoutError("timed out")
        wire.check()

    def _join(self, sock: socket.socket, neighbour: Neighbour) -> None:
        """A connection to a real server. Raises OSError where nobody listens."""
        line = self._world.neighbours.connect(self._host().kernel, neighbour)
        wire = self._wires[sock] = Wire(sock.fileno())
        self._open[wire] = None
        weakref.finalize(sock, self._forget, wire).atexit = False
        line.attach(wire)

    def connect_ex(self, sock: socket.socket, address: Any) -> int:
        """`socket.connect_ex`: as `connect`, with the error's number instead of the error."""
        try:
            self.connect(sock, address)
        except TimeoutError:
            return errno.EAGAIN  # as CPython's does
        except OSError as error:
            if isinstance(error, (socket.gaierror, RealConnectionError)) or not error.errno:
                raise
            return error.errno
        return 0

    def move(self, sock: socket.socket, heir: socket.socket) -> Wire | None:
        """The connection of `sock` belongs to `heir` from now on (TLS wraps a socket that way)."""
        wire = self._wires.pop(sock, None)
        if wire is not None:
            self._wires[heir] = wire
            weakref.finalize(heir, self._forget, wire).atexit = False
        return wire

    def close(self, sock: socket.socket) -> None:
        """The socket's last reference to its connection is gone."""
        wire = self._wires.pop(sock, None)
        if wire is not None:
            self._forget(wire)

    def _forget(self, wire: Wire) -> None:
        if wire in self._open and not any(other is wire for other in self._wires.values()):
            del self._open[wire]
            wire.close()

    # reading and writing

    def recv(self, sock: socket.socket, wire: Wire, size: int, flags: int = 0) -> bytes:
        """`socket.recv`."""
        if size < 0:
            raise ValueError("negative buffersize in recv")
        if size == 0:
            return b""
        self.wait_readable(sock, wire, at_once=bool(flags & socket.MSG_DONTWAIT))
        data = wire.take(size, peek=bool(flags & socket.MSG_PEEK))
        while flags & socket.MSG_WAITALL and data and len(data) < size:
            self.wait_readable(sock, wire)
            more = wire.take(size - len(data))
            if not more:
                break
            data += more
        return data

    def recv_into(
        self, sock: socket.socket, wire: Wire, buffer: Any, nbytes: int = 0, flags: int = 0
    ) -> int:
        """`socket.recv_into`."""
        with memoryview(buffer) as view, view.cast("B") as room:
            data = self.recv(sock, wire, nbytes or len(room), flags)
            room[: len(data)] = data
        return len(data)

    def send(self, sock: socket.socket, wire: Wire, data: Any, flags: int = 0) -> int:
        """`socket.send`: takes at most what a send buffer holds."""
        self.wait_writable(sock, wire, _ns(sock.gettimeout()))
        with memoryview(data) as view, view.cast("B") as piece:
            size = min(len(piece), SOCKET_BUFFER)
            wire.put(piece[:size])
        return size

    def sendall(self, sock: socket.socket, wire: Wire, data: Any, flags: int = 0) -> None:
        """`socket.sendall`: its time-out is for all of it."""
        timeout_ns = _ns(sock.gettimeout())
        started_ns = self._world.env.now
        sent = 0
        with memoryview(data) as view, view.cast("B") as whole:
            while sent < len(whole):
                spent_ns = self._world.env.now - started_ns
                left_ns = None if timeout_ns is None else max(0, timeout_ns - spent_ns)
                self.wait_writable(sock, wire, left_ns)
                piece = whole[sent : sent + SOCKET_BUFFER]
                wire.put(piece)
                sent += len(piece)

    def wait_readable(self, sock: socket.socket, wire: Wire, *, at_once: bool = False) -> None:
        """Returns when a read has an answer. Raises TimeoutError, or BlockingIOError at once."""
        if wire.readable:
            self._looks = 0
            return
        if not wire.connected and wire.opening is None:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        timeout = sock.gettimeout()
        if at_once or timeout == 0:
            self.count_look()
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        if isinstance(wire.endpoint, Line):
            wire.endpoint.await_greeting()
        if not self._world.block_until(lambda: wire.readable or wire.closed, _ns(timeout)):
            raise TimeoutError(_timed_out(sock, "read"))

    def wait_writable(self, sock: socket.socket, wire: Wire, timeout_ns: int | None) -> None:
        """Returns when a write has an answer. Raises TimeoutError, or BlockingIOError at once."""
        if wire.writable:
            return
        if sock.gettimeout() == 0:
            self.count_look()
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        if not self._world.block_until(lambda: wire.writable or wire.closed, timeout_ns):
            raise TimeoutError(_timed_out(sock, "write"))

    def count_look(self) -> None:
        """Virtual time passes only while something waits: looking again and again never ends."""
        now_ns = self._world.env.now
        if now_ns != self._looked_ns:
            self._looked_ns, self._looks = now_ns, 0
        self._looks += 1
        if self._looks > _EMPTY_LOOKS_LIMIT:
            raise self._world.fatal(
                SpinningError(
                    f"a socket that never waits was looked at {self._looks} times at the same "
                    f"instant and had nothing; virtual time passes only while something waits: use "
                    f"select, a time-out or a sleep"
                )
            )

    def handshake(self, sock: socket.socket, wire: Wire) -> None:
        """A TLS handshake: a round trip, for which the socket waits."""
        endpoint = wire.endpoint
        if endpoint is None:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        wire.check()
        if isinstance(endpoint, Line):
            raise no_tls(endpoint.neighbour)
        kernel = self._host().kernel
        trip = kernel.create_task(self._world.network.round_trip(endpoint))
        try:
            if not self._world.block_until(
                lambda: trip.done() or wire.lost, _ns(sock.gettimeout() or None)
            ):
                raise TimeoutError("The handshake operation timed out")
        finally:
            trip.cancel()
        wire.check()

    def _host(self) -> Host:
        host = self._world.current
        assert host is not None, "`serves` asks first"
        return host


def _ns(timeout: float | None) -> int | None:
    return None if timeout is None else round(timeout * NS_PER_S)


def _timed_out(sock: socket.socket, what: str) -> str:
    """As CPython words it: a TLS socket names the operation."""
    return f"The {what} operation timed out" if isinstance(sock, ssl.SSLSocket) else "timed out"
