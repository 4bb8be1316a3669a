"""The WebSocket side on the network: upgrades, subscriptions, control messages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from aiohttp import web

from simulator.binance.desk import Desk
from simulator.binance.market_streams import MarketStreams
from simulator.binance.stream_names import (
    PRIVATE,
    StreamUrl,
    parse_stream_name,
    parse_stream_url,
)
from simulator.binance.user_streams import UserStreams
from simulator.wire.connections import Message, StreamConnection, Wire
from simulator.wire.json_text import Json, dumps
from simulator.wire.upgrades import refused, upgraded

_UNSUPPORTED_DATA, _POLICY = 1003, 1008


@dataclass(slots=True)
class _Session:
    """What a connection may get, and what it asked for."""

    connection: StreamConnection
    categories: frozenset[str]
    names: dict[str, None] = field(default_factory=dict)


class WebSocketFront:
    """Accepts stream connections and lives as long as they do."""

    def __init__(self, wire: Wire, desk: Desk, market: MarketStreams, users: UserStreams) -> None:
        self._wire = wire
        self._desk = desk
        self._market = market
        self._users = users
        self._sessions: dict[StreamConnection, _Session] = {}
        self._opened = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One upgrade request, until its connection ends."""
        path, _, query = request.raw_path.partition("?")
        url = parse_stream_url(path, query, routed=self._desk.profile.routed_streams)
        shown = self._wire.redactor.path(request.raw_path)
        refusal = await refused(self._wire, request, path)
        if refusal is not None:
            return refusal
        if url is None:
            return web.Response(status=404)
        socket = await upgraded(request)
        self._opened += 1
        connection = StreamConnection(
            self._wire,
            self._opened,
            socket,
            request.transport,
            text_of=_wrapped if url.combined else None,
        )
        session = self._open(connection, url, shown)
        try:
            await connection.serve(self._control)
        finally:
            self._close(session)
        return socket

    def _open(self, connection: StreamConnection, url: StreamUrl, shown: str) -> _Session:
        if url.category is None:
            categories = self._desk.profile.unrouted_streams
        else:
            categories = frozenset({url.category})
        session = _Session(connection, categories)
        self._sessions[connection] = session
        accounts = []
        if PRIVATE in categories:
            for key, events in url.listen_keys:
                account = self._users.attach(connection, key, events)
                if account is not None:
                    accounts.append(account)
        self._wire.record(
            "stream_open", connection=connection.number, path=shown, accounts=accounts
        )
        for name in url.names:
            self._subscribe(session, name)
        return session

    def _close(self, session: _Session) -> None:
        connection = session.connection
        connection.closed = True
        for name in session.names:
            self._market.unsubscribe(connection, name)
        self._users.detach(connection)
        del self._sessions[connection]
        self._wire.record(
            "stream_close", connection=connection.number, reason=connection.close_reason
        )

    def close_all(self) -> None:
        """Tells every client that the venue goes away."""
        for connection in tuple(self._sessions):
            connection.close(1001, "stop")

    # control messages

    def _subscribe(self, session: _Session, name: str) -> None:
        """A stream of another category than the URL's is accepted and stays silent."""
        if name in session.names:
            return
        session.names[name] = None
        parsed = parse_stream_name(name, self._desk.settings)
        if parsed is not None and parsed.category in session.categories:
            self._market.subscribe(session.connection, name)

    def _control(self, connection: StreamConnection, text: str) -> None:
        session = self._sessions[connection]
        try:
            message = json.loads(text)
        except ValueError:
            problem = "Invalid JSON: expected value at line 1 column 1"
            connection.reply(dumps({"error": {"code": 3, "msg": problem}}))
            connection.close(_UNSUPPORTED_DATA, "invalid JSON")
            return
        reply = self._answer(session, message)
        if reply is not None:
            connection.reply(dumps(reply))

    def _answer(self, session: _Session, message: Json) -> dict[str, Json] | None:
        """The reply to a control message; None when the connection is closed instead."""
        if not isinstance(message, dict):
            return _problem(2, "Invalid request: request must be an object", None)
        number = message.get("id")
        if type(number) is not int or number < 0:
            return _problem(2, "Invalid request: request ID must be an unsigned integer", None)
        parameters = message.get("params", [])
        match message.get("method"):
            case "SUBSCRIBE" | "UNSUBSCRIBE" as method:
                if not _are_texts(parameters):
                    return _problem(
                        2, "Invalid request: params must be an array of strings", number
                    )
                return self._change(session, method == "SUBSCRIBE", parameters, number)
            case "LIST_SUBSCRIPTIONS":
                return {"result": list(session.names), "id": number}
            case "SET_PROPERTY" | "GET_PROPERTY" as method:
                return _property(session.connection, method == "SET_PROPERTY", parameters, number)
        return _problem(2, "Invalid request: unknown method", number)

    def _change(
        self, session: _Session, subscribe: bool, names: list[str], number: int
    ) -> dict[str, Json] | None:
        if not subscribe:
            for name in names:
                if name in session.names:
                    del session.names[name]
                    self._market.unsubscribe(session.connection, name)
            return {"result": None, "id": number}
        wanted = len(session.names) + sum(name not in session.names for name in names)
        if wanted > self._desk.settings.streams_per_connection:
            session.connection.close(_POLICY, "too many streams")
            return None
        for name in names:
            self._subscribe(session, name)
        return {"result": None, "id": number}


def _wrapped(message: Message) -> str:
    """As a combined stream sends it."""
    if not message.wrapped:
        message.wrapped = f'{{"stream":{dumps(message.stream)},"data":{message.text}}}'
    return message.wrapped


def _are_texts(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _property(
    connection: StreamConnection, write: bool, parameters: Json, number: int
) -> dict[str, Json]:
    """The one property there is: whether messages are wrapped."""
    if not isinstance(parameters, list) or not parameters or parameters[0] != "combined":
        return _problem(0, "Unknown property", number)
    if not write:
        return {"result": connection.text_of is not None, "id": number}
    if len(parameters) != 2 or not isinstance(parameters[1], bool):
        return _problem(1, "Invalid value type: expected Boolean", number)
    connection.text_of = _wrapped if parameters[1] else None
    return {"result": None, "id": number}


def _problem(code: int, text: str, number: int | None) -> dict[str, Json]:
    body: dict[str, Json] = {"error": {"code": code, "msg": text}}
    if number is not None:
        body["id"] = number
    return body
