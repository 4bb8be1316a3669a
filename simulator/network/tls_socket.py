"""Blocking TLS that ends in the simulated network: what `SSLContext.wrap_socket` gives in a run.

`sslsocket_class` is the documented place to put another class. It is an `ssl.SSLSocket` in all but
the engine below it, so libraries that ask for that class find it.
"""

# mypy: disable-error-code="attr-defined, misc"
# `SSLSocket` is made in a class method and keeps its engine in an attribute; typeshed has neither.

from __future__ import annotations

import errno
import os
import socket
import ssl
from typing import TYPE_CHECKING, Any

from simulator.network.tls import PlainTls

if TYPE_CHECKING:
    from simulator.network.blocking import BlockingSockets
    from simulator.network.wires import Wire


class _Engine(PlainTls):
    """What an `SSLSocket` has below it: answers like TLS, passes bytes through the wire."""

    def __init__(
        self, owner: ssl.SSLSocket, wire: Wire, blocking: BlockingSockets, context: ssl.SSLContext
    ) -> None:
        name = owner.server_hostname
        super().__init__(str(name) if name else None, context)
        self._owner = owner
        self._wire = wire
        self._blocking = blocking
        self._shaken = False

    def do_handshake(self) -> None:
        """Takes a round trip, once."""
        if not self._shaken:
            self._blocking.handshake(self._owner, self._wire)
            self._shaken = True

    def pending(self) -> int:
        """What could be read without waiting."""
        return self._wire.unread

    def read(self, length: int = 1024, buffer: Any = None) -> Any:
        """Waits as the socket does. SSLWantReadError for one that never waits."""
        try:
            if buffer is not None:
                return self._blocking.recv_into(self._owner, self._wire, buffer, length)
            return self._blocking.recv(self._owner, self._wire, length)
        except BlockingIOError:
            raise ssl.SSLWantReadError(
                ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read)"
            ) from None

    def write(self, data: Any) -> int:
        """Waits as the socket does. SSLWantWriteError for one that never waits."""
        try:
            return self._blocking.send(self._owner, self._wire, data)
        except BlockingIOError:
            raise ssl.SSLWantWriteError(
                ssl.SSL_ERROR_WANT_WRITE, "The operation did not complete (write)"
            ) from None

    def shutdown(self) -> ssl.SSLSocket:
        """Nothing to take back."""
        return self._owner


class _TlsSocket(ssl.SSLSocket):
    """A TLS socket of the simulated network; a class of it belongs to one world."""

    _blocking: BlockingSockets

    @classmethod
    def _create(
        cls,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | None = None,
        context: Any = None,
        session: Any = None,
    ) -> ssl.SSLSocket:
        """Called by `SSLContext.wrap_socket`."""
        if context.check_hostname and not server_hostname:
            raise ValueError("check_hostname requires server_hostname")
        if server_side:
            raise ValueError("a blocking TLS server is not simulated; serve with asyncio")
        made: Any = cls.__new__(cls)
        socket.socket.__init__(made, sock.family, sock.type, sock.proto, sock.fileno())
        made.settimeout(sock.gettimeout())
        wire = cls._blocking.move(sock, made)
        sock.detach()
        made._context = context
        made._session = session
        made._closed = False
        made._sslobj = None
        made._connected = False
        made.server_side = False
        made.server_hostname = server_hostname
        made.do_handshake_on_connect = do_handshake_on_connect
        made.suppress_ragged_eofs = suppress_ragged_eofs
        if wire is not None and wire.connected:
            try:
                made._begin(wire)
            except BaseException:  # a neighbour's refusal is no OSError
                made.close()
                raise
        return made  # type: ignore[no-any-return]

    def _begin(self: Any, wire: Wire) -> None:
        self._connected = True
        self._sslobj = _Engine(self, wire, self._blocking, self._context)
        if self.do_handshake_on_connect:
            self.do_handshake()

    def _real_connect(self: Any, addr: Any, connect_ex: bool) -> int | None:
        if self._connected:
            raise ValueError("attempt to connect already-connected SSLSocket!")
        if connect_ex:
            code = socket.socket.connect_ex(self, addr)
            if code:
                return code
        else:
            socket.socket.connect(self, addr)
        wire = self._blocking.wire_of(self)
        if wire is None:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        self._begin(wire)
        return 0 if connect_ex else None


def tls_socket_class(blocking: BlockingSockets) -> type[ssl.SSLSocket]:
    """The class for `SSLContext.sslsocket_class` while this world is entered."""
    return type("TlsSocket", (_TlsSocket,), {"_blocking": blocking})
