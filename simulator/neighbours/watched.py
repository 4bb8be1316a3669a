"""A socket to a neighbour that C code owns (libpq's): the guest waits for it, and reads it itself.

What is said there cannot be followed byte by byte, only looked at before it is read: a reply is
complete when what lies there ends with Postgres' ReadyForQuery. That a question was asked shows in
the kernel's count of the bytes sent.
"""

from __future__ import annotations

import asyncio
import os
import select
import selectors
import socket
import struct
import sys
from typing import TYPE_CHECKING

from simulator.neighbours.sockets import inode_of

if TYPE_CHECKING:
    from simulator.loop import HostLoop
    from simulator.neighbours.neighbours import Neighbour, Neighbours

_PEEK = 16_384
"""A reply longer than this is read in pieces: the kernel would not hold all of it."""
_READY = b"Z\x00\x00\x00\x05"
_READY_SIZE = 6
_UNASKED = b"ANS"
"""What may follow a reply: notifications, notices, parameters."""
_BYTES_SENT = 200
"""Where `tcpi_bytes_sent` is in Linux' `tcp_info`, eight bytes long (since 4.19)."""


def is_dead(fd: int) -> bool:
    """Whether a socket's connection was refused or is over: waiting for it reaches nobody."""
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    return any(mask & (select.POLLERR | select.POLLHUP) for _, mask in poll.poll(0))


def ends_reply(data: bytes) -> bool:
    """Whether what lies there is the end of a reply of Postgres, or asks the guest for more."""
    at = data.rfind(_READY)
    if at >= 0:
        at += _READY_SIZE
        while at < len(data) and data[at] in _UNASKED and at + 5 <= len(data):
            at += 1 + int.from_bytes(data[at + 1 : at + 5], "big")
        if at == len(data):
            return True
    return False


def asks_for_more(data: bytes) -> bool:
    """Whether the server waits for the guest in the middle: encryption refused or granted, a
    password, rows to copy."""
    if data in (b"N", b"S") or data[:1] == b"G":
        return True
    return data[:1] == b"R" and len(data) >= 9 and int.from_bytes(data[5:9], "big") not in (0, 12)


class Watched:
    """See the module. Made by `Neighbours.add_watch`."""

    def __init__(
        self, neighbours: Neighbours, neighbour: Neighbour, loop: HostLoop, fd: int
    ) -> None:
        self.neighbour = neighbour
        self.loop = loop
        self.asked = 0
        self.partly = False
        """A reply has begun to arrive; more of it shows only to who looks."""
        self._neighbours = neighbours
        self._fd = fd
        self.inode = inode_of(fd)
        self._handles: dict[int, asyncio.Handle] = {}
        self._reply_open = False
        self._sent_before: int | None = None
        self._there = 0
        """What the guest will be told: masks of the selector."""
        self._telling = False
        self._seen = 0

    def is_still(self, fd: int) -> bool:
        """Whether the descriptor is the same socket's as before."""
        try:
            return inode_of(fd) == self.inode
        except OSError:
            return False

    def add(self, mask: int, handle: asyncio.Handle) -> None:
        """As `loop.add_reader` and `loop.add_writer`."""
        self.remove(mask)
        self._handles[mask] = handle
        sent = self._sent()
        if sent is None or sent != self._sent_before:
            self._sent_before = sent
            self._reply_open = True
            self.asked = self._neighbours.next_number()
        self._neighbours.waiting[self] = None
        self._watch()

    def remove(self, mask: int) -> bool:
        """As `loop.remove_reader` and `loop.remove_writer`."""
        handle = self._handles.pop(mask, None)
        if handle is None:
            return False
        handle.cancel()
        self._there &= ~mask
        self.partly = False
        self._watch()
        if not self._handles:
            self._neighbours.waiting.pop(self, None)
        return True

    def _watch(self) -> None:
        wanted = 0
        if not self._telling:
            for mask in self._handles:
                wanted |= mask
            wanted &= ~self._there
            if self.partly:
                wanted &= ~selectors.EVENT_READ
        self._neighbours.watch(self._fd, wanted, self)

    def _sent(self) -> int | None:
        """How many bytes the guest has sent so far; None where the system does not tell."""
        if not sys.platform.startswith("linux"):
            return None
        try:
            with socket.socket(fileno=os.dup(self._fd)) as sock:
                told = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_SENT + 8)
        except OSError:  # a Unix socket
            return None
        if len(told) < _BYTES_SENT + 8:
            return None
        (count,) = struct.unpack_from("=Q", told, _BYTES_SENT)
        return int(count)

    def _peek(self) -> bytes:
        try:
            with socket.socket(fileno=os.dup(self._fd)) as sock:
                return sock.recv(_PEEK, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except OSError:
            return b""

    # what the world's pause asks of it

    @property
    def owed(self) -> bool:
        """Whether virtual time has to wait for it."""
        if self._there or self._telling:
            return False
        return selectors.EVENT_WRITE in self._handles or self._reply_open

    @property
    def listening(self) -> bool:
        """Whether the guest waits for what nobody asked for."""
        return selectors.EVENT_READ in self._handles and not self._reply_open

    @property
    def has_news(self) -> bool:
        """Whether the guest is to be woken."""
        return bool(self._there) and not self._telling

    def ready(self, mask: int) -> None:
        """The socket can be read or written."""
        if mask & selectors.EVENT_WRITE:
            self._there |= selectors.EVENT_WRITE
        if mask & selectors.EVENT_READ:
            self._look()
        self._watch()

    def look_again(self) -> bool:
        """Whether more of a reply that has begun is there by now."""
        before = self._seen
        self._look()
        self._watch()
        return self._seen != before or not self.partly

    def _look(self) -> None:
        """Wakes the guest when the reply is all there, or cannot go on without it."""
        data = self._peek()
        self._seen = len(data)
        ended = ends_reply(data)
        if ended:
            self._reply_open = False
        if ended or not data or not self._reply_open or asks_for_more(data) or len(data) >= _PEEK:
            self._there |= selectors.EVENT_READ
            self.partly = False
        else:
            self.partly = True

    def quiet(self) -> bool:
        """Nothing more comes: the guest may know what to do with what is there."""
        if not self.partly:
            return False
        self._there |= selectors.EVENT_READ
        self.partly = False
        self._watch()
        return True

    def hand_over(self) -> None:
        """Has the guest be told, on its own loop."""
        self._telling = True
        self._watch()
        if not self.loop.is_closed():
            self.loop.call_at_ns(self.loop.world.env.now, self._tell)

    def _tell(self) -> None:
        there, self._there, self._telling = self._there, 0, False
        for mask in (selectors.EVENT_READ, selectors.EVENT_WRITE):
            handle = self._handles.get(mask)
            if there & mask and handle is not None:
                handle._run()
        self._watch()

    def cut(self) -> None:
        """Looks no more; the socket is the guest's own to close."""
        self._handles.clear()
        self._neighbours.forget(self, self._fd)
