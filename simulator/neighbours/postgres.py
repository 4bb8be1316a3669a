"""When a Postgres server owes a reply: the frontend/backend protocol, version 3.

Source: PostgreSQL documentation, "Frontend/Backend Protocol", Message Flow and Message Formats.
A message is a type byte and a length that counts itself; a guest's first messages have no type.
"""

from __future__ import annotations

import re
import struct
from collections import deque

_CANCEL, _TLS, _GSS = 80_877_102, 80_877_103, 80_877_104
_PROTOCOL_3 = 3
_LENGTH = 4
_SIZE = struct.Struct("!i")

NO_ENCRYPTION = b"N"
"""The reply to a request for TLS or GSS encryption that is not granted."""

_ENDS = {
    b"P": b"1",  # Parse: ParseComplete
    b"B": b"2",  # Bind: BindComplete
    b"D": b"Tn",  # Describe: RowDescription or NoData, after any ParameterDescription
    b"E": b"CIs",  # Execute: CommandComplete, EmptyQueryResponse or PortalSuspended
    b"C": b"3",  # Close: CloseComplete
}
"""What ends the reply to each message of the extended protocol."""
_READY = b"Z"
_TO_READY = (b"S", b"Q", b"F")
"""Sync, Query and FunctionCall: their replies end with ReadyForQuery."""
_NEEDS_ANSWER = (3, 5, 7, 8, 10, 11)
"""Authentication requests that the guest answers: password, MD5, GSS, SSPI, SASL."""
_LISTEN = re.compile(rb"\blisten\b", re.IGNORECASE)


def is_startup(first: bytes) -> bool:
    """Whether a guest's first bytes are those of a Postgres client."""
    if len(first) < 2 * _LENGTH:
        return False
    code = int.from_bytes(first[_LENGTH : 2 * _LENGTH], "big")
    return code in (_CANCEL, _TLS, _GSS) or code >> 16 == _PROTOCOL_3


def asks_encryption(data: bytes) -> bool:
    """Whether these bytes are a request for TLS or GSS encryption, and nothing else."""
    return len(data) == 2 * _LENGTH and int.from_bytes(data[_LENGTH:], "big") in (_TLS, _GSS)


def _code(body: bytes) -> int:
    return int.from_bytes(body[:_LENGTH], "big")


class _Messages:
    """Cuts a stream into messages: type and body, or what its reader needs of that."""

    def __init__(self, *, untyped: bool, read: bytes) -> None:
        self._untyped = untyped
        self._read = read
        """The types whose bodies are wanted."""
        self._held = bytearray()

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        held: bytes | bytearray = data
        if self._held:
            held = self._held
            held += data
        found: list[tuple[bytes, bytes]] = []
        at, size = 0, len(held)
        if self._untyped:
            at = self._start(held, found)
        while not self._untyped and size - at > _LENGTH:
            end = at + 1 + _SIZE.unpack_from(held, at + 1)[0]
            if end > size:
                break
            kind = bytes(held[at : at + 1])
            found.append((kind, bytes(held[at + 5 : end]) if kind in self._read else b""))
            at = end
        if held is self._held:
            del held[:at]
        elif at < size:
            self._held += held[at:]
        return found

    def _start(self, held: bytes | bytearray, found: list[tuple[bytes, bytes]]) -> int:
        """The messages without a type, which come first; where they end."""
        at = 0
        while self._untyped and len(held) - at >= 2 * _LENGTH:
            end = at + _SIZE.unpack_from(held, at)[0]
            if end > len(held):
                break
            self._untyped = _SIZE.unpack_from(held, at + _LENGTH)[0] in (_TLS, _GSS)
            found.append((b"", b""))
            at = end
        return at


class PostgresConversation:
    """See the module."""

    def __init__(self) -> None:
        self._from_guest = _Messages(untyped=True, read=b"QP")
        self._from_server = _Messages(untyped=False, read=b"R")
        self._unflushed: list[bytes] = []
        """Ends of replies that the server may keep back until a Flush or a Sync."""
        self._owed: deque[bytes] = deque()
        self._guests_turn = False
        """The server waits in the middle of its reply: for a password, for rows to copy."""
        self._copied_ahead = False
        """The guest has sent all rows to copy before the server said that it takes them."""
        self._skipping = False
        """After an error the server passes over everything up to the next Sync."""
        self.ending = False
        self.listening = False

    @property
    def owed(self) -> bool:
        return self.ending or (bool(self._owed) and not self._guests_turn)

    def sent(self, data: bytes) -> None:
        for kind, body in self._from_guest.feed(data):
            self._asked(kind, body)

    def _asked(self, kind: bytes, body: bytes) -> None:
        if kind in (b"Q", b"P") and not self.listening and _LISTEN.search(body):
            self.listening = True
        if kind in _ENDS:
            if not self._skipping:
                self._unflushed.append(_ENDS[kind])
        elif kind in _TO_READY or not kind:  # no kind: the start, or a request to cancel
            self._skipping = False
            self._owe([*self._unflushed, _READY])
        elif kind == b"H":
            self._owe(self._unflushed)
        elif kind in (b"c", b"f"):
            self._copied_ahead = not self._guests_turn
            self._guests_turn = False
        elif kind == b"p":
            self._guests_turn = False
        elif kind == b"X":
            self.ending = True

    def _owe(self, ends: list[bytes]) -> None:
        self._owed.extend(ends)
        self._unflushed = []

    def received(self, data: bytes) -> None:
        for kind, body in self._from_server.feed(data):
            self._answered(kind, body)

    def _answered(self, kind: bytes, body: bytes) -> None:
        owed = self._owed
        if kind == b"R" and _code(body) in _NEEDS_ANSWER:
            self._guests_turn = True
        elif kind == b"G":
            self._guests_turn = not self._copied_ahead
            self._copied_ahead = False
        elif kind == b"E":
            self._guests_turn = False
            while owed and owed[0] != _READY:
                owed.popleft()
            if not owed:
                self._skipping = True
                self._unflushed = []
        elif kind == _READY:
            self._guests_turn = self._copied_ahead = False
            while owed and owed.popleft() != _READY:
                pass
        elif owed and owed[0] != _READY and kind in owed[0]:
            owed.popleft()

    def quiet(self) -> bool:
        """Silence says nothing: replies have their own end."""
        return False
