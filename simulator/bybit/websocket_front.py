"""The WebSocket side on the network: upgrades, and what each path is for."""

from __future__ import annotations

import re
from copy import copy
from dataclasses import replace
from urllib.parse import parse_qs

from aiohttp import web

from simulator.bybit.control import PrivateSession, PublicSession, Session
from simulator.bybit.desk import Desk
from simulator.bybit.private_streams import PrivateStreams
from simulator.bybit.public_streams import PublicStreams
from simulator.bybit.security import Gatekeeper
from simulator.bybit.trade_socket import TradeSession, TradeSocket
from simulator.wire.connections import StreamConnection, Wire
from simulator.wire.http_front import peer_address
from simulator.wire.upgrades import refused, upgraded

_LINEAR, _PRIVATE, _TRADE = "/v5/public/linear", "/v5/private", "/v5/trade"
_OTHERS = ("/v5/public/spot", "/v5/public/inverse", "/v5/public/option")
"""Markets of which nothing is listed here."""
_S = 1_000_000_000
_LETTERS = "0123456789abcdefghijklmnopqrstuv"
_GOING_AWAY = 1001


class WebSocketFront:
    """Accepts connections and lives as long as they do."""

    def __init__(
        self,
        wire: Wire,
        desk: Desk,
        gatekeeper: Gatekeeper,
        *,
        public: PublicStreams,
        private: PrivateStreams,
        trade: TradeSocket,
    ) -> None:
        self._wire = wire
        self._desk = desk
        self._gatekeeper = gatekeeper
        self._public = public
        self._private = private
        self._trade = trade
        self._ids = wire.streams[f"{wire.name}.connection_ids"]
        self._open: dict[StreamConnection, None] = {}
        self._opened = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One upgrade request, until its connection ends."""
        path, _, query = request.raw_path.partition("?")
        response = await refused(self._wire, request, path)
        if response is not None:
            return response
        if path not in (_LINEAR, _PRIVATE, _TRADE, *_OTHERS):
            return web.Response(status=404)
        socket = await upgraded(request)
        self._opened += 1
        wire = self._wire
        if path in (_PRIVATE, _TRADE):
            wire = _with_life(wire, query)
        connection = StreamConnection(wire, self._opened, socket, request.transport)
        session = self._session(connection, path, peer_address(request.transport))
        self._open[connection] = None
        shown = wire.redactor.path(request.raw_path)
        wire.record("stream_open", connection=connection.number, path=shown, accounts=[])
        try:
            await connection.serve(lambda _, text: session.receive(text))
        finally:
            connection.closed = True
            del self._open[connection]
            session.end()
            wire.record(
                "stream_close", connection=connection.number, reason=connection.close_reason
            )
        return socket

    def close_all(self) -> None:
        """Tells every client that the venue goes away."""
        for connection in tuple(self._open):
            connection.close(_GOING_AWAY, "stop")

    def _session(self, connection: StreamConnection, path: str, ip: str) -> Session:
        # As `cejreaspqfh3sjdnldmg-p`.
        letters = "".join(self._ids.choices(_LETTERS, k=24))
        connection_id = f"{letters[:20]}-{letters[20:]}"
        if path == _PRIVATE:
            return PrivateSession(
                connection, connection_id, self._desk, self._gatekeeper, self._private
            )
        if path == _TRADE:
            return TradeSession(connection, connection_id, self._trade, ip)
        knows = self._public.knows if path == _LINEAR else _knows_nothing
        return PublicSession(connection, connection_id, self._public, knows)


def _knows_nothing(topic: str) -> bool:
    return False


def _with_life(wire: Wire, query: str) -> Wire:
    """With `max_active_time` (30s to 600s, 1m to 10m) for a connection's longest silence."""
    given = parse_qs(query).get("max_active_time", [""])[-1]
    found = re.fullmatch(r"(\d{1,3})([sm])", given)
    if found is None:
        return wire
    seconds = int(found[1]) * (60 if found[2] == "m" else 1)
    if not 30 <= seconds <= 600:
        return wire
    other = copy(wire)
    other.rules = replace(wire.rules, idle_ns=seconds * _S)
    return other
