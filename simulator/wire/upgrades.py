"""Accepting WebSockets: the faults that keep a connection from being made, and its upgrade."""

from __future__ import annotations

import asyncio

from aiohttp import web

from simulator.exchange.behaviour import FaultKind
from simulator.wire.connections import Wire


async def refused(wire: Wire, request: web.BaseRequest, path: str) -> web.Response | None:
    """The answer to an upgrade that a fault does not let through, after its delay."""
    fault = wire.faults.match("connect " + path)
    if fault is None:
        return None
    match fault.kind:
        case FaultKind.REFUSE:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        case FaultKind.ERROR:
            return web.Response(status=fault.status, text=fault.body)
        case FaultKind.DELAY if fault.delay is not None:
            rng = wire.streams[f"{wire.name}.fault.{fault.name}.delay"]
            await asyncio.sleep(fault.delay.draw_ns(rng) / 1e9)
    return None


async def upgraded(request: web.BaseRequest) -> web.WebSocketResponse:
    """The socket; pings are left to the connection, which counts them."""
    socket = web.WebSocketResponse(autoping=False, compress=False)
    await socket.prepare(request)
    return socket
