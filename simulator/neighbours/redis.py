"""When a Redis server owes a reply: one for each command, in RESP2 or RESP3.

Source: "Redis serialization protocol specification" and the commands' own pages. What a
subscription brings, and the reply to a command that blocks, is not owed: it comes when another
client does something.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

_LINE_END = b"\r\n"
_AGGREGATES = {b"*": 1, b"~": 1, b">": 1, b"%": 2, b"|": 2}
"""Types that hold others, with how many each counted entry has."""
_BULKS = (b"$", b"=", b"!")
_BLOCKING = frozenset(
    b"BLPOP BRPOP BLMOVE BRPOPLPUSH BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF".split()
)
_MAY_BLOCK = (b"XREAD", b"XREADGROUP")
_SUBSCRIBES = (b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE")
_UNSUBSCRIBES = (b"UNSUBSCRIBE", b"PUNSUBSCRIBE", b"SUNSUBSCRIBE")
_MESSAGES = (b"message", b"pmessage", b"smessage")
_CONFIRMATIONS = frozenset(each.lower() for each in (*_SUBSCRIBES, *_UNSUBSCRIBES))


def _end_of(data: bytes | bytearray, start: int = 0) -> int:
    """Where the value that begins at `start` ends; -1 if it is not all there."""
    line_end = data.find(_LINE_END, start)
    if line_end < 0:
        return -1
    kind, after = bytes(data[start : start + 1]), line_end + 2
    if kind in _BULKS:
        size = int(data[start + 1 : line_end])
        end = after if size < 0 else after + size + 2
        return end if end <= len(data) else -1
    if kind in _AGGREGATES:
        # An attribute (`|`) stands before the value it belongs to.
        count = int(data[start + 1 : line_end]) * _AGGREGATES[kind] + (kind == b"|")
        for _ in range(count):
            after = _end_of(data, after)
            if after < 0:
                return -1
    return after


def _words_of(value: bytes) -> list[bytes]:
    """The bulk strings of a flat array; empty for anything else."""
    if value[:1] not in (b"*", b">"):
        return []
    words = []
    at = value.index(_LINE_END) + 2
    while at < len(value) and value[at : at + 1] == b"$":
        line_end = value.index(_LINE_END, at)
        end = _end_of(value, at)
        words.append(value[line_end + 2 : end - 2])
        at = end
    return words


class _Values:
    """Cuts a stream into values."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        self._held += data
        found, at = [], 0
        while at < len(self._held) and (end := _end_of(self._held, at)) > 0:
            found.append(bytes(self._held[at:end]))
            at = end
        del self._held[:at]
        return found


class RedisConversation:
    """See the module."""

    ending = False

    def __init__(self) -> None:
        self._commands = _Values()
        self._replies = _Values()
        self._open: deque[bool] = deque()
        """The replies that are to come, in order; whether each is of a command that blocks."""
        self._confirmations = 0
        self._channels: dict[tuple[bytes, bytes], None] = {}

    @property
    def owed(self) -> bool:
        return self._confirmations > 0 or (bool(self._open) and not self._open[0])

    @property
    def listening(self) -> bool:
        return bool(self._channels) or (bool(self._open) and self._open[0])

    def sent(self, data: bytes) -> None:
        for command in self._commands.feed(data):
            words = _words_of(command)
            name = words[0].upper() if words else b""
            if name in _SUBSCRIBES:
                self._subscribe(name.lower(), words[1:])
            elif name in _UNSUBSCRIBES:
                self._unsubscribe(name.lower().replace(b"un", b"", 1), words[1:])
            else:
                self._open.append(name in _BLOCKING or _blocks(name, words))

    def _subscribe(self, kind: bytes, channels: Sequence[bytes]) -> None:
        self._confirmations += len(channels)
        self._channels.update(dict.fromkeys((kind, channel) for channel in channels))

    def _unsubscribe(self, kind: bytes, channels: Sequence[bytes]) -> None:
        """One confirmation for each channel; without a name, for each there is, at least one."""
        named = channels or [channel for each, channel in self._channels if each == kind]
        self._confirmations += max(1, len(named))
        for channel in named:
            self._channels.pop((kind, channel), None)

    def received(self, data: bytes) -> None:
        for value in self._replies.feed(data):
            words = _words_of(value)
            first = words[0] if words else b""
            if self._confirmations and first in _CONFIRMATIONS:
                self._confirmations -= 1
            elif value[:1] == b">" or (self._channels and first in _MESSAGES):
                continue  # a push
            elif self._open:
                self._open.popleft()
            elif self._confirmations and value[:1] in (b"-", b"!"):
                self._confirmations = 0  # the subscription was refused

    def quiet(self) -> bool:
        """Silence says nothing: replies have their own end."""
        return False


def _blocks(name: bytes, words: Sequence[bytes]) -> bool:
    return name in _MAY_BLOCK and any(word.upper() == b"BLOCK" for word in words)
