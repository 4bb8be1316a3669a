"""The server that trading signals come from: a WebSocket, a token, and a list.

A client sends `{"type": "auth", "token": ...}` and gets `{"type": "auth_success"}`, or
`{"type": "auth_failed"}` and the end; then each `{"type": "get_signals"}` brings
`{"type": "signals", "count": ..., "data": [...]}` with all that has been published so far.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import WSMsgType, web

_NORMAL, _POLICY = 1000, 1008


class SignalServer:
    """Serves one list of signals. `record(kind, **fields)` hears what crosses the wire.

    With `close_after_batch` it ends a connection, with code 1000, once it has sent a list on it
    that was not empty.
    """

    def __init__(
        self, token: str, *, close_after_batch: bool = False, record: Callable[..., None]
    ) -> None:
        self._token = token
        self._close_after_batch = close_after_batch
        self._record = record
        self._signals: list[Mapping[str, object]] = []
        self._runner: web.ServerRunner | None = None

    def publish(self, signals: Sequence[Mapping[str, object]]) -> None:
        """From now on these are in the list."""
        self._signals += signals

    async def start(self, *, host: str = "0.0.0.0", port: int = 80) -> None:
        """Serves on a port of the running loop."""
        self._runner = web.ServerRunner(web.Server(self._serve, access_log=None))
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        if not socket.can_prepare(request).ok:
            return web.Response(status=426, text="a WebSocket is served here")
        await socket.prepare(request)
        known = False
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            asked = _read(message.data)
            kind = asked.get("type")
            if kind == "auth":
                known = asked.get("token") == self._token
                await self._say(socket, {"type": "auth_success" if known else "auth_failed"})
                if not known:
                    await socket.close(code=_POLICY, message=b"wrong token")
            elif not known:
                await self._say(socket, {"type": "error", "message": "authenticate first"})
            elif kind == "get_signals":
                data = list(self._signals)
                await self._say(socket, {"type": "signals", "count": len(data), "data": data})
                if data and self._close_after_batch:
                    await socket.close(code=_NORMAL)
            else:
                await self._say(socket, {"type": "error", "message": f"unknown type {kind!r}"})
        self._record("signals_close", code=socket.close_code)
        return socket

    async def _say(self, socket: web.WebSocketResponse, message: Mapping[str, object]) -> None:
        await socket.send_str(json.dumps(message))
        self._record("signals", type=message["type"], count=message.get("count", 0))


def _read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
