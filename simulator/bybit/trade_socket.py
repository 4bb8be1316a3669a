"""Order entry over a WebSocket: the REST endpoints of the same meaning, told apart by reqId.

Source: the page websocket/trade/guideline.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import orjson

from simulator.bybit.control import PARAMS_ERROR, Request, authenticate, read_request
from simulator.bybit.desk import Desk
from simulator.bybit.errors import ApiError
from simulator.bybit.security import KEY, RECV_WINDOW, SIGNATURE, TIMESTAMP, Gatekeeper
from simulator.wire.calls import Answer, Call, Service
from simulator.wire.carrier import Carrier
from simulator.wire.connections import StreamConnection, Wire
from simulator.wire.credentials import Credentials
from simulator.wire.json_text import Json, dumps

_PATHS = {
    "order.create": "/v5/order/create",
    "order.amend": "/v5/order/amend",
    "order.cancel": "/v5/order/cancel",
    "order.create-batch": "/v5/order/create-batch",
    "order.amend-batch": "/v5/order/amend-batch",
    "order.cancel-batch": "/v5/order/cancel-batch",
}
_PARAMS = (10001, PARAMS_ERROR)
_GATEWAY = {
    401: _PARAMS,  # the header has no timestamp
    403: (10403, "exceed IP rate limit. 3000 requests per second per IP"),
    429: (10429, "System level frequency protection"),
}
"""What this socket says where a gateway answers REST with a page, by HTTP status."""
_SERVER_ERROR = (10016, "internal server error")
_INVALID_KEY = (10003, "Invalid apikey")
_ABNORMAL = 1006


class TradeSocket:
    """What all trade sockets share; `next_number` numbers requests along with those of REST."""

    def __init__(
        self,
        wire: Wire,
        desk: Desk,
        service: Service,
        carrier: Carrier,
        gatekeeper: Gatekeeper,
        next_number: Callable[[], int],
    ) -> None:
        self.desk = desk
        self.service = service
        self.gatekeeper = gatekeeper
        self._wire = wire
        self._carrier = carrier
        self._next_number = next_number
        self._trace_ids = wire.streams[f"{wire.name}.trace_ids"]
        self._tasks: dict[asyncio.Task[None], None] = {}

    def next_trace_id(self) -> str:
        return f"{self._trace_ids.getrandbits(128):032x}"

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Lets it run while its socket goes on reading."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def carry_out(self, call: Call[Any], op: str, connection: int) -> Answer | None:
        """The answer when it is due; None for a connection to be reset. Records both ends."""
        number, wire = self._next_number(), self._wire
        wire.record(
            "request",
            id=number,
            method="WS",
            path=op,
            params=wire.redactor.parameters(call.parameters.values),
            account=self.service.account_of(call),
            connection=connection,
        )
        answer = await self._carrier.carry_out(call)
        if answer is not None:
            body = wire.redactor.text(answer.text)
            wire.record("reply", id=number, status=answer.status, body=body)
        return answer


class TradeSession:
    """One trade socket: takes no order until it has shown a key."""

    def __init__(
        self, connection: StreamConnection, connection_id: str, socket: TradeSocket, ip: str
    ) -> None:
        self._connection = connection
        self._connection_id = connection_id
        self._socket = socket
        self._ip = ip
        self._credentials: Credentials | None = None
        self._numbers: dict[str, None] = {}
        """Every reqId so far."""

    def receive(self, text: str) -> None:
        try:
            request = read_request(text, "reqId")
        except ValueError:
            self._reply(Request(), *_PARAMS)
            return
        match request.op:
            case "ping":
                now = str(self._socket.desk.now_ms)
                self._reply(Request(op="pong"), data=[now])
            case "auth":
                self._authenticate(request)
            case _:
                self._order(request)

    def end(self) -> None:
        pass  # orders under way are carried out all the same

    def _authenticate(self, request: Request) -> None:
        if self._credentials is not None:
            self._reply(request, 20001, "repeat auth")
            return
        socket = self._socket
        try:
            self._credentials = authenticate(socket.gatekeeper, socket.desk, request)
        except ApiError as error:
            code, text = error.code, error.message
            self._reply(request, code, _INVALID_KEY[1] if code == _INVALID_KEY[0] else text)
        else:
            self._reply(request)

    def _order(self, request: Request) -> None:
        problem = self._problem(request)
        if request.number is not None:
            self._numbers[request.number] = None
        if problem is not None:
            self._reply(request, *problem, data={}, retExtInfo={}, header=self._header({}))
            return
        assert self._credentials is not None  # else there was a problem
        call = self._call(request, self._credentials)
        self._socket.start(self._carry_out(request, call))

    def _problem(self, request: Request) -> tuple[int, str] | None:
        """What is wrong with a request before any endpoint has seen it: its code and text."""
        if request.op not in _PATHS:
            return 10404, "op type is not found"
        if self._credentials is None:
            return _INVALID_KEY
        if request.number in self._numbers:
            return 20006, "reqId is duplicated"
        if len(request.args) != 1 or not isinstance(request.args[0], dict):
            return _PARAMS
        if request.args[0].get("category") != "linear":
            return 10404, "category is not correct/supported"
        return None

    def _call(self, request: Request, credentials: Credentials) -> Call[Any]:
        """The REST call of the same meaning, signed with the key that the socket has shown."""
        header = {name.lower(): str(value) for name, value in request.header.items()}
        timestamp, recv_window = header.get(TIMESTAMP, ""), header.get(RECV_WINDOW, "")
        body = dumps(request.args[0])
        signed = timestamp + credentials.api_key + recv_window + body
        digest = hmac.digest(credentials.secret.encode(), signed.encode(), "sha256")
        return self._socket.service.read(
            method="POST",
            path=_PATHS[request.op],
            query="",
            body=body,
            headers={
                KEY: credentials.api_key,
                TIMESTAMP: timestamp,
                RECV_WINDOW: recv_window,
                SIGNATURE: digest.hex(),
            },
            # Not counted with the REST requests of the IP.
            ip=f"{self._ip} trading",
        )

    async def _carry_out(self, request: Request, call: Call[Any]) -> None:
        answer = await self._socket.carry_out(call, request.op, self._connection.number)
        if answer is None:
            self._connection.close(_ABNORMAL, "fault")
            return
        code, text, data, more = _envelope(answer)
        header = self._header(answer.headers)
        self._reply(request, code, text, data=data, retExtInfo=more, header=header)

    def _header(self, limits: Mapping[str, str]) -> dict[str, str]:
        socket = self._socket
        now = str(socket.desk.now_ms)
        return {**limits, "Traceid": socket.next_trace_id(), "Timenow": now}

    def _reply(self, request: Request, code: int = 0, text: str = "OK", **more: Json) -> None:
        reply: dict[str, Json] = {} if request.number is None else {"reqId": request.number}
        reply |= {"retCode": code, "retMsg": text, "op": request.op, **more}
        self._connection.reply(dumps(reply | {"connId": self._connection_id}))


def _envelope(answer: Answer) -> tuple[int, str, Json, Json]:
    """retCode, retMsg, result and retExtInfo; of an answer without them, what stands for it."""
    try:
        body = orjson.loads(answer.text)
        return body["retCode"], body["retMsg"], body.get("result", {}), body.get("retExtInfo", {})
    except (ValueError, TypeError, KeyError):
        return *_GATEWAY.get(answer.status, _SERVER_ERROR), {}, {}
