"""Blocking sockets reach the simulated network: the methods of `socket.socket`, and TLS.

The methods are put on the class, so that every socket has them, however a module came by the
class. A socket that is not of the simulated network keeps the real ones (and meets the fence).
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from simulator.network.tls_socket import tls_socket_class
from simulator.network.wires import Wire

if TYPE_CHECKING:
    from simulator.network.blocking import BlockingSockets
    from simulator.world import World


class _Methods:
    """What the methods of a connected, simulated socket do; each takes the socket and its wire."""

    def __init__(self, blocking: BlockingSockets) -> None:
        self._blocking = blocking
        self.recv = blocking.recv
        self.recv_into = blocking.recv_into
        self.send = blocking.send
        self.sendall = blocking.sendall

    def recvfrom(
        self, sock: socket.socket, wire: Wire, bufsize: int, flags: int = 0
    ) -> tuple[bytes, None]:
        return self._blocking.recv(sock, wire, bufsize, flags), None

    def recvfrom_into(
        self, sock: socket.socket, wire: Wire, buffer: Any, nbytes: int = 0, flags: int = 0
    ) -> tuple[int, None]:
        return self._blocking.recv_into(sock, wire, buffer, nbytes, flags), None

    def recvmsg(
        self, sock: socket.socket, wire: Wire, bufsize: int, ancbufsize: int = 0, flags: int = 0
    ) -> tuple[bytes, list[Any], int, None]:
        return self._blocking.recv(sock, wire, bufsize, flags), [], 0, None

    def sendmsg(
        self, sock: socket.socket, wire: Wire, buffers: Any, ancdata: Any = (), flags: int = 0
    ) -> int:
        return self._blocking.send(sock, wire, b"".join(bytes(each) for each in buffers), flags)

    def sendto(self, sock: socket.socket, wire: Wire, data: Any, *flags_and_address: Any) -> int:
        return self._blocking.send(sock, wire, data)

    def _sendfile_use_sendfile(self, sock: socket.socket, wire: Wire, *args: Any) -> int:
        module: Any = socket
        raise module._GiveupOnSendfile("the simulated network has no sendfile")

    def shutdown(self, sock: socket.socket, wire: Wire, how: int) -> None:
        if not wire.connected or wire.lost:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        wire.shut(how)

    def getpeername(self, sock: socket.socket, wire: Wire) -> Any:
        if wire.endpoint is None or wire.lost:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return wire.endpoint.remote

    def getsockname(self, sock: socket.socket, wire: Wire) -> Any:
        return ("0.0.0.0", 0) if wire.endpoint is None else wire.endpoint.local

    def setsockopt(self, sock: socket.socket, wire: Wire, *args: Any) -> None:
        """Options of a real connection have no effect on a simulated one."""

    def getsockopt(
        self, sock: socket.socket, wire: Wire, level: int, option: int, buflen: int = 0
    ) -> Any:
        value = 0
        if level == socket.SOL_SOCKET and option == socket.SO_ERROR:
            error = wire.take_error()
            value = 0 if error is None else error.errno or errno.EIO
        elif level == socket.SOL_SOCKET and option == socket.SO_TYPE:
            value = int(socket.SOCK_STREAM)
        return value.to_bytes(buflen, "little") if buflen else value

    def listen(self, sock: socket.socket, wire: Wire, backlog: int = 0) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    def dup(self, sock: socket.socket, wire: Wire) -> socket.socket:
        raise OSError(
            errno.EOPNOTSUPP, "a simulated connection belongs to one socket: dup is not simulated"
        )


_WITH_A_WIRE = (
    "recv",
    "recv_into",
    "recvfrom",
    "recvfrom_into",
    "recvmsg",
    "send",
    "sendall",
    "sendmsg",
    "sendto",
    "_sendfile_use_sendfile",
    "shutdown",
    "getpeername",
    "getsockname",
    "setsockopt",
    "getsockopt",
    "listen",
    "dup",
)


def _for_a_wire(blocking: BlockingSockets, real: Any, ours: Any) -> Callable[..., Any]:
    wire_of = blocking.wire_of

    def method(sock: socket.socket, *args: Any, **kwargs: Any) -> Any:
        wire = wire_of(sock)
        if wire is None:
            return real(sock, *args, **kwargs)
        return ours(sock, wire, *args, **kwargs)

    return method


def _methods(blocking: BlockingSockets) -> dict[str, Any]:
    """The methods to put on `socket.socket`, by name."""
    kind: Any = socket.socket
    ours = _Methods(blocking)
    methods = {
        name: _for_a_wire(blocking, getattr(kind, name), getattr(ours, name))
        for name in _WITH_A_WIRE
    }
    real_connect, real_connect_ex, real_bind = kind.connect, kind.connect_ex, kind.bind
    real_close = kind._real_close
    own_name = methods["getsockname"]

    def connect(sock: socket.socket, address: Any, /) -> None:
        if blocking.leaves(sock, address):
            real_connect(sock, address)
        else:
            blocking.connect(sock, address)

    def connect_ex(sock: socket.socket, address: Any, /) -> int:
        if blocking.leaves(sock, address):
            return real_connect_ex(sock, address)  # type: ignore[no-any-return]
        return blocking.connect_ex(sock, address)

    def bind(sock: socket.socket, address: Any, /) -> None:
        if blocking.serves(sock):
            blocking.bind(sock, address)
        else:
            real_bind(sock, address)

    def getsockname(sock: socket.socket, /) -> Any:
        return blocking.bound(sock) or own_name(sock)

    def _real_close(sock: socket.socket, *args: Any) -> None:
        blocking.close(sock)
        real_close(sock, *args)

    methods.update(
        connect=connect,
        connect_ex=connect_ex,
        bind=bind,
        getsockname=getsockname,
        _real_close=_real_close,
    )
    return methods


@contextmanager
def blocking_sockets(world: World) -> Iterator[None]:
    """Within it, blocking sockets of a host's code are those of the simulated network."""
    kind: Any = socket.socket
    context: Any = ssl.SSLContext
    blocking = world.network.blocking
    own = dict(vars(kind))
    sockets_before = context.sslsocket_class
    methods = _methods(blocking)
    for name, method in methods.items():
        setattr(kind, name, method)
    context.sslsocket_class = tls_socket_class(blocking)
    try:
        yield
    finally:
        context.sslsocket_class = sockets_before
        for name in methods:
            if name in own:
                setattr(kind, name, own[name])
            else:
                delattr(kind, name)
        blocking.close_all()
