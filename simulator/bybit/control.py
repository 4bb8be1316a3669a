"""Control messages of public and private sockets, after the v5 connect page.

What the page leaves out is as probed on the live public socket: the texts of errors, and that one
bad topic fails the whole request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from simulator.bybit.desk import Desk
from simulator.bybit.errors import ApiError
from simulator.bybit.private_streams import PrivateStreams, is_private_topic, mixed
from simulator.bybit.public_streams import PublicStreams
from simulator.bybit.security import Gatekeeper
from simulator.wire.connections import StreamConnection
from simulator.wire.credentials import Credentials
from simulator.wire.json_text import Json, dumps

PARAMS_ERROR = "Params Error"


class Session(Protocol):
    """What a connection may get, and what it asked for."""

    def receive(self, text: str) -> None:
        """A text from the client."""

    def end(self) -> None:
        """The connection is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A control message."""

    op: str = ""
    number: str | None = None
    """The client's own id for it."""
    args: tuple[Json, ...] = ()
    header: dict[str, Json] = field(default_factory=dict)


def read_request(text: str, number: str) -> Request:
    """Of a text; `number` names the field that has the client's id.

    Raises ValueError with the venue's words for what is no JSON object.
    """
    try:
        message = orjson.loads(text)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise ValueError(
            "Failed to decode incoming data:readObjectStart: expect { or n, "
            f"but found {text[:1] or 'EOF'}"
        )
    own, args, header = message.get(number), message.get("args"), message.get("header")
    return Request(
        op=str(message.get("op") or ""),
        number=None if own is None else str(own),
        args=tuple(args) if isinstance(args, list) else (),
        header=header if isinstance(header, dict) else {},
    )


def authenticate(gatekeeper: Gatekeeper, desk: Desk, request: Request) -> Credentials:
    """Whose key an `auth` request shows. Raises ApiError."""
    if len(request.args) != 3:
        raise ApiError(10001, PARAMS_ERROR)
    api_key, expires, signature = (str(each) for each in request.args)
    return gatekeeper.check_socket_auth(api_key, expires, signature, desk.now_ms)


class PublicSession:
    """A public socket; `knows` tells the topics of its market."""

    def __init__(
        self,
        connection: StreamConnection,
        connection_id: str,
        streams: PublicStreams,
        knows: Callable[[str], bool],
    ) -> None:
        self._connection = connection
        self._connection_id = connection_id
        self._streams = streams
        self._knows = knows
        self._topics: dict[str, None] = {}

    def receive(self, text: str) -> None:
        try:
            request = read_request(text, "req_id")
        except ValueError as error:
            self._reply(Request(), str(error))
            return
        match request.op:
            case "ping":
                self._reply(request, "pong", success=True)
            case "subscribe":
                self._subscribe(request)
            case "unsubscribe":
                for topic in _public_topics(request):
                    if topic in self._topics:
                        del self._topics[topic]
                        self._streams.unsubscribe(self._connection, topic)
                self._reply(request, success=True)
            case _:
                self._reply(request, "error:invalid op")

    def _subscribe(self, request: Request) -> None:
        topics = _public_topics(request)
        for topic in topics:
            if not self._knows(topic):
                self._reply(request, f"error:handler not found,topic:{topic}")
                return
            if topic in self._topics:
                self._reply(request, f"error:already subscribed,topic:{topic}")
                return
        self._reply(request, success=True)
        for topic in topics:
            self._topics[topic] = None
            self._streams.subscribe(self._connection, topic)

    def _reply(self, request: Request, text: str = "", *, success: bool = False) -> None:
        self._connection.reply(
            dumps(
                {
                    "success": success,
                    "ret_msg": text,
                    "conn_id": self._connection_id,
                    "req_id": request.number or "",
                    "op": request.op,
                }
            )
        )

    def end(self) -> None:
        for topic in self._topics:
            self._streams.unsubscribe(self._connection, topic)


def _public_topics(request: Request) -> list[str]:
    """With one topic for each symbol of `tickers.BTCUSDT|ETHUSDT`, which some clients send."""
    topics = []
    for each in request.args:
        head, _, symbols = str(each).rpartition(".")
        topics += [f"{head}.{symbol}" if head else symbol for symbol in symbols.split("|")]
    return topics


class PrivateSession:
    """A private socket: silent until it has shown a key."""

    def __init__(
        self,
        connection: StreamConnection,
        connection_id: str,
        desk: Desk,
        gatekeeper: Gatekeeper,
        streams: PrivateStreams,
    ) -> None:
        self._connection = connection
        self._connection_id = connection_id
        self._desk = desk
        self._gatekeeper = gatekeeper
        self._streams = streams
        self._account: str | None = None

    def receive(self, text: str) -> None:
        try:
            request = read_request(text, "req_id")
        except ValueError as error:
            self._reply(Request(), str(error))
            return
        match request.op:
            case "ping":
                self._pong(request)
            case "auth":
                self._authenticate(request)
            case "subscribe":
                self._reply(request, self._subscribe(request))
            case "unsubscribe":
                if self._account is not None:
                    for topic in request.args:
                        self._streams.unsubscribe(self._connection, self._account, str(topic))
                self._reply(request)
            case _:
                self._reply(request, "error:invalid op")

    def _authenticate(self, request: Request) -> None:
        try:
            self._account = authenticate(self._gatekeeper, self._desk, request).account
        except ApiError:
            # Whatever is wrong with it, the private socket has but one word for it.
            self._reply(request, PARAMS_ERROR)
        else:
            self._reply(request)

    def _subscribe(self, request: Request) -> str:
        """What is wrong with it, if anything; a topic may be asked for again."""
        if self._account is None:
            return "Request not authorized"
        topics = [str(each) for each in request.args]
        for topic in topics:
            if not is_private_topic(topic):
                return f"error:handler not found,topic:{topic}"
        if mixed(topics):
            return PARAMS_ERROR
        for topic in topics:
            self._streams.subscribe(self._connection, self._account, topic)
        return ""

    def _reply(self, request: Request, problem: str = "") -> None:
        reply: dict[str, Json] = {
            "success": not problem,
            "ret_msg": problem,
            "op": request.op,
            "conn_id": self._connection_id,
        }
        if request.number is not None:
            reply["req_id"] = request.number
        self._connection.reply(dumps(reply))

    def _pong(self, request: Request) -> None:
        reply: dict[str, Json] = {} if request.number is None else {"req_id": request.number}
        reply |= {"op": "pong", "args": [str(self._desk.now_ms)], "conn_id": self._connection_id}
        self._connection.reply(dumps(reply))

    def end(self) -> None:
        self._streams.detach(self._connection)
