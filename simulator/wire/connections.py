"""One WebSocket connection as the venue sees it: an outbox, a writer, a keeper, faults."""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import simpy
from aiohttp import WSMsgType, web

from simulator.exchange.behaviour import FaultKind, FaultRule
from simulator.exchange.faults import Faults
from simulator.randomness import Streams
from simulator.wire.redaction import Redactor

_S = 1_000_000_000
_GOING_AWAY, _POLICY, _ABNORMAL = 1001, 1008, 1006


class Message:
    """One message for any number of connections: its text is made once, and wrapped once."""

    __slots__ = ("event", "private", "stream", "symbol", "text", "wrapped")

    def __init__(
        self, event: str, symbol: str | None, stream: str, text: str, *, private: bool = False
    ) -> None:
        self.event = event
        self.symbol = symbol
        self.stream = stream
        self.text = text
        self.private = private
        self.wrapped = ""
        """Kept by a venue that sends some connections another text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRules:
    """How long a connection lives, and what keeps it alive; None: the venue does not care."""

    ping_interval_ns: int | None = None
    """How often the venue pings."""
    pong_timeout_ns: int = 600 * _S
    """A ping unanswered for so long ends the connection."""
    life_ns: int | None = None
    idle_ns: int | None = None
    """Without a message either way for so long, the connection ends."""
    messages_per_s: int | None = None
    """Texts, pings and pongs of the client."""


class Wire:
    """What all connections of a venue share."""

    def __init__(
        self,
        env: simpy.Environment,
        *,
        name: str,
        rules: ConnectionRules,
        faults: Faults,
        streams: Streams,
        redactor: Redactor,
        record: Callable[..., None],
    ) -> None:
        self.env = env
        self.name = name
        self.rules = rules
        self.faults = faults
        self.streams = streams
        self.redactor = redactor
        self.record = record

    @property
    def now_ns(self) -> int:
        return self.env.now  # type: ignore[return-value]

    def after(self, delay_ns: int, action: Callable[[], None]) -> None:
        """Does `action` so much later, in the world's time."""
        timeout = self.env.timeout(delay_ns)
        assert timeout.callbacks is not None
        timeout.callbacks.append(lambda _: action())


class StreamConnection:
    """Messages go in through `push`, from any context; a task on the loop writes them out."""

    def __init__(
        self,
        wire: Wire,
        number: int,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        *,
        text_of: Callable[[Message], str] | None = None,
    ) -> None:
        self.number = number
        self.text_of = text_of
        """How this connection wants its messages; None: as they are."""
        self.silent = False
        """A SILENCE fault: open for ever, delivering nothing."""
        self.closed = False
        self._wire = wire
        self._socket = socket
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._outbox: deque[tuple[str, Message | None]] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._not_before_ns: dict[str, int] = {}
        self._received: deque[int] = deque()
        self._close_code: int | None = None
        self._ping: tuple[bytes, int] | None = None
        self._active_ns = wire.now_ns
        self.close_reason = "client"

    # from the venue

    def push(self, message: Message) -> None:
        """Sends a message, unless a fault has it otherwise."""
        if self.closed or self.silent or self._close_code is not None:
            return
        faults = self._wire.faults
        fault = faults.match("stream." + message.event, message.symbol) if faults.fired else None
        if fault is not None:
            self._push_faulty(message, fault)
        elif self._not_before_ns:
            self._push_later(message, 0)
        else:
            self._send(message)

    def _push_faulty(self, message: Message, fault: FaultRule) -> None:
        match fault.kind:
            case FaultKind.DROP:
                return
            case FaultKind.DUPLICATE:
                self._push_later(message, 0)
                self._push_later(message, 0)
            case FaultKind.DELAY if fault.delay is not None:
                wire = self._wire
                rng = wire.streams[f"{wire.name}.fault.{fault.name}.delay"]
                self._push_later(message, fault.delay.draw_ns(rng))
            case FaultKind.SILENCE:
                self.silent = True
            case FaultKind.DISCONNECT:
                self.close(fault.status or _ABNORMAL, "fault")

    def _push_later(self, message: Message, delay_ns: int) -> None:
        """Sends after the delay, and never before an earlier message of the same event."""
        now_ns = self._wire.now_ns
        due_ns = max(now_ns + delay_ns, self._not_before_ns.get(message.event, 0))
        if due_ns <= now_ns:
            self._not_before_ns.pop(message.event, None)
            self._send(message)
            return
        self._not_before_ns[message.event] = due_ns
        self._wire.after(due_ns - now_ns, lambda: self._send(message))

    def _send(self, message: Message) -> None:
        if not (self.closed or self.silent):
            self._put(message.text if self.text_of is None else self.text_of(message), message)

    def reply(self, text: str) -> None:
        """Sends the answer to a control message."""
        self._put(text, None)

    def close(self, code: int, reason: str) -> None:
        """Ends the connection once what is in the outbox is written; 1006 resets it."""
        if self._close_code is None:
            self._close_code = code
            self.close_reason = reason
            self._wake_writer()

    def _put(self, text: str, message: Message | None) -> None:
        self._outbox.append((text, message))
        self._wake_writer()

    def _wake_writer(self) -> None:
        # Called from simpy's context too, with no loop running: a future's result may be set
        # from anywhere on this thread, its loop sees it at its next turn.
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    # on the loop

    async def serve(self, on_text: Callable[[StreamConnection, str], None]) -> None:
        """Lives until either side ends it; texts from the client go to `on_text`.

        Reads beside the writer, so that pings are answered whatever is being sent.
        """
        reader = self._loop.create_task(self._read(on_text))
        writer = self._loop.create_task(self._write())
        keeper = self._loop.create_task(self._keep())
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.closed = True
            for task in (reader, writer, keeper):
                task.cancel()
            ends = await asyncio.gather(reader, writer, keeper, return_exceptions=True)
            for error in ends:
                if isinstance(error, Exception):
                    # A defect of the venue itself: said aloud, not taken for the client's leaving.
                    problem = {"message": "a stream could not be served", "exception": error}
                    self._loop.call_exception_handler(problem)
        # With nobody reading any more, closing waits for the client's own close frame.
        if self._close_code == _ABNORMAL:
            if self._transport is not None:
                self._transport.abort()
        elif self._close_code is not None:
            await self._socket.close(code=self._close_code)

    async def _write(self) -> None:
        """Writes the outbox as it fills, until the connection is to be closed."""
        try:
            while True:
                while self._outbox:
                    text, message = self._outbox.popleft()
                    await self._socket.send_str(text)
                    self._active_ns = self._wire.now_ns
                    if message is not None:
                        self._record(message, text)
                if self._close_code is not None:
                    break
                self._wake = self._loop.create_future()
                await self._wake
        except ConnectionError:
            return  # the reader sees the end too

    def _record(self, message: Message, text: str) -> None:
        fields: dict[str, object] = {"connection": self.number, "event": message.event}
        if message.private:
            fields["body"] = self._wire.redactor.text(text)
        else:
            fields["stream"] = message.stream
            fields["length"] = len(text)
            fields["crc32"] = zlib.crc32(text.encode())
        if self._transport is not None:
            arrives_ns = self._transport.get_extra_info("arrives_ns")
            if arrives_ns is not None:
                fields["arrives_ns"] = arrives_ns
        self._wire.record("stream", **fields)

    async def _read(self, on_text: Callable[[StreamConnection, str], None]) -> None:
        """Answers pings, notes pongs, hands texts on, until the client is gone."""
        while True:
            received = await self._socket.receive()
            match received.type:
                case WSMsgType.PING:
                    await self._socket.pong(received.data)
                case WSMsgType.PONG:
                    # Only the ping's own payload counts.
                    if self._ping is not None and bytes(received.data) == self._ping[0]:
                        self._ping = None
                case WSMsgType.TEXT:
                    on_text(self, received.data)
                case WSMsgType.BINARY:
                    pass
                case _:
                    self.closed = True
                    return
            self._count_received()

    def _count_received(self) -> None:
        now_ns = self._active_ns = self._wire.now_ns
        most = self._wire.rules.messages_per_s
        if most is None:
            return
        received = self._received
        received.append(now_ns)
        while received[0] <= now_ns - _S:
            received.popleft()
        if len(received) > most:
            self.close(_POLICY, "too many messages")

    async def _keep(self) -> None:
        """Pings, drops a client that does not answer or speak, ends the connection in time."""
        rules = self._wire.rules
        begun_ns = self._wire.now_ns
        next_ping_ns = None
        if rules.ping_interval_ns is not None:
            next_ping_ns = begun_ns + rules.ping_interval_ns
        while True:
            dues = [
                due_ns
                for due_ns in (
                    next_ping_ns,
                    None if rules.life_ns is None else begun_ns + rules.life_ns,
                    None if rules.idle_ns is None else self._active_ns + rules.idle_ns,
                    None if self._ping is None else self._ping[1] + rules.pong_timeout_ns,
                )
                if due_ns is not None
            ]
            if not dues:
                return
            await asyncio.sleep(max(0, min(dues) - self._wire.now_ns) / _S)
            now_ns = self._wire.now_ns
            if self._ping is not None and now_ns >= self._ping[1] + rules.pong_timeout_ns:
                self.close(_POLICY, "no pong")
                return
            if rules.life_ns is not None and now_ns >= begun_ns + rules.life_ns:
                self.close(_GOING_AWAY, "end of life")
                return
            if rules.idle_ns is not None and now_ns >= self._active_ns + rules.idle_ns:
                self.close(_ABNORMAL, "no traffic")
                return
            if next_ping_ns is not None and now_ns >= next_ping_ns:
                assert rules.ping_interval_ns is not None  # both or neither
                next_ping_ns += rules.ping_interval_ns
                if not await self._send_ping(now_ns):
                    return

    async def _send_ping(self, now_ns: int) -> bool:
        """Whether there was somebody to send it to."""
        payload = str(now_ns // 1_000_000).encode()
        # An unanswered ping keeps its own moment; a later one does not excuse it.
        self._ping = (payload, self._ping[1] if self._ping else now_ns)
        try:
            await self._socket.ping(payload)
        except ConnectionError:
            return False
        return True
