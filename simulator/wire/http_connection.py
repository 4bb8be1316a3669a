"""One client connection: REST requests, one after the other, or a WebSocket.

REST is most of what a bot sends, so its requests are read by httptools and answered with plain
bytes, at a third of what a web framework costs. A connection that asks for an upgrade is handed
over to aiohttp, which speaks the WebSocket protocol.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

import httptools
from aiohttp import web

from simulator.wire.calls import Answer

_LONGEST_HEAD = 131_072
_UPGRADE = b"upgrade: websocket"
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(slots=True)
class HttpRequest:
    """What the venue reads of a request."""

    method: str
    target: str
    """Path and query as they were sent."""
    body: str
    headers: dict[str, str]
    """Those that the venue reads, names in lower case."""
    keep_alive: bool
    transport: asyncio.Transport


Handler = Callable[[HttpRequest], Awaitable[None]]
"""Answers a request on its transport."""


def content_type(answer: Answer) -> str:
    """What a reply says it is: JSON, or the page of whoever stands before the venue."""
    return "text/html" if answer.text and answer.text[0] not in "{[" else "application/json"


def reply_bytes(answer: Answer, date: str, server: str, *, keep_alive: bool) -> bytes:
    """An answer on the wire; header names as the venue has them."""
    body = answer.text.encode()
    head = [
        f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, '')}",
        f"content-type: {content_type(answer)}",
        f"content-length: {len(body)}",
        f"server: {server}",
        f"date: {date}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    if not keep_alive:
        head.append("connection: close")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class HttpConnection(asyncio.Protocol):
    """Reads requests and has them answered in their order; `sockets` takes over upgrades."""

    def __init__(
        self,
        handle: Handler,
        sockets: web.Server,
        open_connections: dict[HttpConnection, None],
        heard: frozenset[bytes],
    ) -> None:
        self._handle = handle
        self._sockets = sockets
        self._open = open_connections
        self._heard = heard
        self._parser = httptools.HttpRequestParser(self)
        self._head = b""
        self._between = True
        """Whether the next byte begins a request, which may ask for an upgrade."""
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body = b""
        self._waiting: deque[HttpRequest] = deque()
        self._answering: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        # What is under way goes on: a venue carries out what it has taken, heard or not.
        self._open.pop(self, None)
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        if self._between:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0 and len(self._head) <= _LONGEST_HEAD:
                return
            self._between = False
            data, self._head = self._head, b""
            if _UPGRADE in data[: end + 2].lower():
                self._hand_over(data)
                return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
            self._transport.close()

    def _hand_over(self, data: bytes) -> None:
        self._open.pop(self, None)
        handler = self._sockets()
        self._transport.set_protocol(handler)
        handler.connection_made(self._transport)
        handler.data_received(data)

    def close(self) -> None:
        """Ends the connection at once."""
        if self._answering is not None:
            self._answering.cancel()
        self._transport.abort()

    # httptools' side

    def on_message_begin(self) -> None:
        self._between = False
        self._url = self._body = b""
        self._headers = {}

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in self._heard:
            self._headers[name.decode()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self._between = True
        self._waiting.append(
            HttpRequest(
                method=self._parser.get_method().decode(),
                target=self._url.decode(),
                body=self._body.decode(),
                headers=self._headers,
                keep_alive=self._parser.should_keep_alive(),
                transport=self._transport,
            )
        )
        if self._answering is None:
            self._answering = asyncio.get_running_loop().create_task(self._answer())

    async def _answer(self) -> None:
        """Answers what waits, in order; a client may send the next request before the reply."""
        try:
            while self._waiting:
                await self._handle(self._waiting.popleft())
        except Exception as error:
            # A defect of the venue itself: said aloud, and no client waits for it.
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a request could not be answered", "exception": error}
            )
            self._transport.abort()
        finally:
            self._answering = None
