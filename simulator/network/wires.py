"""What a blocking socket reads from and writes to: the kernel's end of a simulated connection.

A `Wire` keeps what has arrived and not been read, as a receive buffer would. The socket's file
descriptor is one end of a real socket pair on which no data passes: one byte lies in it while
there is something to read, and it is stuffed full while nothing can be written. So `poll`,
`select` and `epoll` say what they would say of a real connection, and how many bytes one `recv`
gets depends on no kernel's buffer sizes.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.neighbours.line import Line
    from simulator.network.connections import Endpoint

_RECEIVE_BUFFER = 65_536
"""Unread bytes at which nothing more is taken from the network, and the window begins to fill."""

_FILLING = b"\0" * 65_536


class Wire(asyncio.Protocol):
    """One blocking connection. Made unconnected: neither readable nor writable."""

    def __init__(self, fileno: int) -> None:
        near, far = socket.socketpair()
        os.dup2(near.fileno(), fileno, inheritable=False)
        self._near, self._far = near.detach(), far.detach()
        os.set_blocking(self._near, False)
        os.set_blocking(self._far, False)
        self.endpoint: Endpoint | Line | None = None
        self.opening: asyncio.Task[None] | None = None
        self.error: OSError | None = None
        """What the next read, write or `SO_ERROR` tells, once."""
        self.reading_shut = False
        self.writing_shut = False
        self.lost = False
        self.closed = False
        self._ended = False
        self._unread = bytearray()
        self._paused = False
        self._shown = False
        self._stuffed = False
        self._show_writable(False)

    # what the socket asks

    @property
    def connected(self) -> bool:
        return self.endpoint is not None

    @property
    def readable(self) -> bool:
        """Whether a read has an answer: bytes, the end, or an error."""
        return bool(self._unread) or self._ended or self.error is not None or self.reading_shut

    @property
    def writable(self) -> bool:
        """Whether a write has an answer: room, or an error."""
        return not self._stuffed

    @property
    def unread(self) -> int:
        """Bytes that have arrived and were not read."""
        return len(self._unread)

    def take(self, size: int, *, peek: bool = False) -> bytes:
        """At most `size` of the bytes that have arrived; empty at the end. Raises the error that
        ended the connection, once, after the bytes before it."""
        unread = self._unread
        if not unread:
            self.check()
            return b""
        data = bytes(unread[:size])
        if not peek:
            del unread[:size]
            if self._paused and len(unread) < _RECEIVE_BUFFER and self.endpoint is not None:
                self._paused = False
                self.endpoint.resume_reading()
            self._show_readable()
        return data

    def put(self, data: memoryview) -> None:
        """Sends all of it. Raises what a write after the end raises."""
        self.check()
        if self.endpoint is None:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        if self.lost or self.writing_shut:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        self.endpoint.write(data)

    def check(self) -> None:
        """Raises the error that is waiting to be told, if there is one."""
        error = self.take_error()
        if error is not None:
            raise error

    def take_error(self) -> OSError | None:
        """The error that is waiting to be told; it is told once."""
        error, self.error = self.error, None
        if error is not None:
            self._show_readable()
        return error

    def shut(self, how: int) -> None:
        """`shutdown`: no more reading, no more writing, or both."""
        if how in (socket.SHUT_RD, socket.SHUT_RDWR):
            self.reading_shut = True
            self._show_readable()
        if how in (socket.SHUT_WR, socket.SHUT_RDWR) and not self.writing_shut:
            self.writing_shut = True
            if self.endpoint is None:
                return
            if self.endpoint.can_write_eof():
                self.endpoint.write_eof()
            elif self.reading_shut:
                self.endpoint.close()

    def close(self) -> None:
        """Ends the connection: a FIN, or a reset when something was left unread."""
        if self.closed:
            return
        self.closed = True
        if self.opening is not None:
            self.opening.cancel()
        if self.endpoint is not None and not self.lost:
            if self._unread:
                self.endpoint.abort()
            else:
                self.endpoint.close()
        os.close(self._near)
        os.close(self._far)

    # what the network tells

    def fail(self, error: OSError) -> None:
        """The connection did not come about."""
        self.error = error
        self.connection_lost(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.endpoint = transport  # type: ignore[assignment]
        self._show_writable(True)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if len(self._unread) >= _RECEIVE_BUFFER and not self._paused:
            self._paused = True
            self.endpoint.pause_reading()  # type: ignore[union-attr]
        self._show_readable()

    def eof_received(self) -> bool:
        self._ended = True
        self._show_readable()
        return True  # this side may go on writing

    def pause_writing(self) -> None:
        self._show_writable(False)

    def resume_writing(self) -> None:
        self._show_writable(True)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = self._ended = True
        if isinstance(error, OSError):
            self.error = error
        self._show_readable()
        self._show_writable(True)

    # what the file descriptor shows

    def _show_readable(self) -> None:
        readable = self.readable
        if self.closed or readable == self._shown:
            return
        self._shown = readable
        if readable:
            os.write(self._far, b"\0")
        else:
            os.read(self._near, 1)

    def _show_writable(self, writable: bool) -> None:
        if self.closed or writable != self._stuffed:
            return
        self._stuffed = not writable
        os.set_blocking(self._near, False)  # `settimeout` of the socket may have undone it
        step: Any = (
            (lambda: os.read(self._far, len(_FILLING)))
            if writable
            else (lambda: os.write(self._near, _FILLING))
        )
        try:
            while step():
                pass
        except BlockingIOError:
            pass
