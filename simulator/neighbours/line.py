"""A connection to a neighbour that asyncio's users hold: a transport over a real socket.

What arrives is kept until the whole reply is there and is then handed over in pieces of a fixed
size, so that a guest is given the same pieces in every run.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
from typing import TYPE_CHECKING, Any

from simulator.neighbours.conversation import Conversation, conversation_of
from simulator.neighbours.other import OtherConversation
from simulator.neighbours.postgres import NO_ENCRYPTION, asks_encryption
from simulator.neighbours.sockets import inode_of
from simulator.transport import HostTransport, fill_buffers

if TYPE_CHECKING:
    from simulator.loop import HostLoop
    from simulator.neighbours.neighbours import Neighbour, Neighbours

_PIECE = 65_536
"""The most bytes that a protocol is given at once."""
_READ_AT_ONCE = 262_144


class Line(HostTransport):
    """See the module. Made by `Neighbours.connect`."""

    def __init__(
        self, neighbours: Neighbours, neighbour: Neighbour, loop: HostLoop, sock: socket.socket
    ) -> None:
        super().__init__()
        self.neighbour = neighbour
        self.loop = loop
        self.asked = 0
        """The number of the last question among those of all lines: replies come in its order."""
        self.partly = False
        self._neighbours = neighbours
        self._socket = sock
        self.inode = inode_of(sock.fileno())
        self._local = (loop.host.address, loop.host.take_port())
        self._talk: Conversation | None = None
        self._unsent = bytearray()
        self._mask = 0
        self._held: list[bytes] = []
        self._ended = False
        self._handing_over = False

    # what the world's pause asks of it

    @property
    def owed(self) -> bool:
        """Whether virtual time has to wait for it."""
        if self._closing or self._ended:
            return False
        return bool(self._unsent) or (self._talk is not None and self._talk.owed)

    @property
    def listening(self) -> bool:
        """Whether it may have something to say unasked."""
        return self._talk is not None and self._talk.listening and not self._closing

    @property
    def has_news(self) -> bool:
        """Whether there is something to hand over that is not under way yet."""
        if self._handing_over or self._closing:
            return False
        return not self._reading_paused if self._held else self._ended

    def quiet(self) -> bool:
        """Nothing has come for a while; whether a reply is taken to have ended by that."""
        return self._talk is not None and self._talk.quiet()

    def look_again(self) -> bool:
        """Never needed: what has come is taken from the socket at once."""
        return False

    def await_greeting(self) -> None:
        """A blocking guest reads: where nobody has spoken yet, it is the neighbour's turn."""
        if self._talk is None and not self._held:
            self._talk = OtherConversation()
            self._talk.sent(b"")
            self.asked = self._neighbours.next_number()

    def ready(self, mask: int) -> None:
        """The real socket can be read or written."""
        if mask & selectors.EVENT_WRITE:
            self._flush()
        if mask & selectors.EVENT_READ and not self._ended:
            self._read()

    def hand_over(self) -> None:
        """Has the guest be told, at this instant and on its own loop, what has arrived."""
        self._handing_over = True
        if self.loop.is_closed():
            self._lose()
        else:
            self.loop.call_soon(self._tell, context=self.loop.host.context)

    def _read(self) -> None:
        try:
            data = self._socket.recv(_READ_AT_ONCE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._error = error
            data = b""
        if data:
            self._held.append(data)
            if self._talk is not None:
                self._talk.received(data)
        else:
            self._ended = True
            self._neighbours.watch(self._socket, 0, self)

    def _tell(self) -> None:
        self._handing_over = False
        if self._held and not self._reading_paused:
            self._give_pieces()
        if self._ended and not self._held and not self._lost:
            self._end()

    def _give_pieces(self) -> None:
        """Of a fixed size, however they have come; what the guest does not want now is kept."""
        held, self._held = self._held, []
        whole = held[0] if len(held) == 1 else b"".join(held)
        if len(whole) <= _PIECE:
            self._give(whole)
            return
        for start in range(0, len(whole), _PIECE):
            if self._reading_paused or self._closing:
                self._held.insert(0, whole[start:])
                return
            self._give(whole[start : start + _PIECE])

    def _give(self, piece: bytes) -> None:
        protocol = self._protocol
        if isinstance(protocol, asyncio.BufferedProtocol):
            fill_buffers(protocol, piece)
        else:
            protocol.data_received(piece)  # type: ignore[union-attr]

    def _end(self) -> None:
        """The neighbour has hung up."""
        if not self._closing:
            if self._talk is None or not self._talk.ending:
                self._neighbours.note_hang_up(self)
            if self._error is None:
                self._protocol.eof_received()  # type: ignore[union-attr]
        self._lose()

    # what asyncio's users ask of a transport

    def attach(self, protocol: asyncio.BaseProtocol) -> None:
        """Gives the connection its protocol."""
        self._protocol = protocol
        protocol.connection_made(self)
        self._mask = selectors.EVENT_READ
        self._neighbours.watch(self._socket, selectors.EVENT_READ, self)

    @property
    def local(self) -> Any:
        """The guest's address."""
        return self._local

    @property
    def remote(self) -> Any:
        """The neighbour's: a path, or host and port."""
        address = self.neighbour.address
        return address.path or (address.host, address.port)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        match name:
            case "socket":
                return self._socket
            case "sockname":
                return self._local
            case "peername":
                return self.remote
        return default

    def resume_reading(self) -> None:
        if self._reading_paused:
            self._reading_paused = False
            if self.has_news:
                self.hand_over()

    def get_write_buffer_size(self) -> int:
        return len(self._unsent)

    def can_write_eof(self) -> bool:
        return False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not data or self._closing:
            return
        data = bytes(data)
        if self._talk is None:
            if asks_encryption(data):
                # Nobody listens on loopback, and a replay has no certificates.
                self._held.append(NO_ENCRYPTION)
                self.hand_over()
                return
            self._talk = conversation_of(data)
        self._unsent += data
        self._flush()  # first: the server works while what was asked is looked at
        self._talk.sent(data)
        self.asked = self._neighbours.next_number()
        if len(self._unsent) > self._high and not self._writing_paused:
            self._writing_paused = True
            self._protocol.pause_writing()  # type: ignore[union-attr]

    def write_eof(self) -> None:
        raise NotImplementedError("a connection to a neighbour is closed as a whole")

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._flush()
            self.loop.call_soon(self._lose)

    def abort(self) -> None:
        self._unsent.clear()
        self.close()

    def cut(self) -> None:
        """Ends it at once: the world is over."""
        self._closing = True
        self._lose()

    def _flush(self) -> None:
        unsent = self._unsent
        try:
            while unsent:
                del unsent[: self._socket.send(unsent)]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            unsent.clear()  # the peer has hung up; reading will tell, after what it said last
        if self._closing:
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if unsent else 0)
        if wanted != self._mask:
            self._mask = wanted
            self._neighbours.watch(self._socket, wanted, self)
        if self._writing_paused and len(unsent) <= self._low:
            self._writing_paused = False
            self.loop.call_soon(self._protocol.resume_writing)  # type: ignore[union-attr]

    def _lose(self) -> None:
        if self._lost:
            return
        self._lost = self._closing = True
        self._neighbours.forget(self, self._socket)
        self._socket.close()
        if self._protocol is not None and not self.loop.is_closed():
            self._protocol.connection_lost(self._error)
