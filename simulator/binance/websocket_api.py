"""The WebSocket API (`ws-fapi`): the REST endpoints under other names, over one connection.

Answers come as they are ready, told apart by the request's `id`. Weights are taken from the same
counters as REST's, as the documentation of 2026-05 has it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from aiohttp import web

from simulator.binance.desk import Call
from simulator.binance.gate import Gate
from simulator.binance.parameters import Parameters
from simulator.binance.service import Service
from simulator.wire import calls
from simulator.wire.calls import Answer
from simulator.wire.carrier import Carrier
from simulator.wire.connections import StreamConnection, Wire
from simulator.wire.http_front import peer_address
from simulator.wire.json_text import Json, dumps
from simulator.wire.upgrades import upgraded

PATH = "/ws-fapi/v1"
_F1, _F2, _F3 = "/fapi/v1/", "/fapi/v2/", "/fapi/v3/"
_METHODS: dict[str, tuple[str, str]] = {
    "ping": ("GET", _F1 + "ping"),
    "time": ("GET", _F1 + "time"),
    "order.place": ("POST", _F1 + "order"),
    "order.cancel": ("DELETE", _F1 + "order"),
    "order.status": ("GET", _F1 + "order"),
    "algoOrder.place": ("POST", _F1 + "algoOrder"),
    "algoOrder.cancel": ("DELETE", _F1 + "algoOrder"),
    "account.position": ("GET", _F2 + "positionRisk"),
    "v2/account.position": ("GET", _F3 + "positionRisk"),
    "account.balance": ("GET", _F2 + "balance"),
    "v2/account.balance": ("GET", _F3 + "balance"),
    "account.status": ("GET", _F2 + "account"),
    "v2/account.status": ("GET", _F3 + "account"),
    "depth": ("GET", _F1 + "depth"),
    "ticker.price": ("GET", _F1 + "ticker/price"),
    "ticker.book": ("GET", _F1 + "ticker/bookTicker"),
    "userDataStream.start": ("POST", _F1 + "listenKey"),
    "userDataStream.ping": ("PUT", _F1 + "listenKey"),
    "userDataStream.stop": ("DELETE", _F1 + "listenKey"),
}


class WebSocketApi:
    """Accepts connections to `PATH`; `next_number` numbers requests along with those of REST."""

    def __init__(
        self,
        wire: Wire,
        service: Service,
        carrier: Carrier,
        gate: Gate,
        next_number: Callable[[], int],
    ) -> None:
        self._wire = wire
        self._service = service
        self._carrier = carrier
        self._gate = gate
        self._next_number = next_number
        self._opened = 0
        self._tasks: dict[asyncio.Task[None], None] = {}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One upgrade request, until its connection ends."""
        socket = await upgraded(request)
        self._opened += 1
        connection = StreamConnection(self._wire, -self._opened, socket, request.transport)
        ip = peer_address(request.transport)
        self._wire.record("stream_open", connection=connection.number, path=PATH, accounts=[])
        try:
            await connection.serve(lambda each, text: self._receive(each, text, ip))
        finally:
            self._wire.record(
                "stream_close", connection=connection.number, reason=connection.close_reason
            )
        return socket

    def _receive(self, connection: StreamConnection, text: str, ip: str) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(connection, text, ip))
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _answer(self, connection: StreamConnection, text: str, ip: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("params", {}), dict):
            connection.reply(_problem(None, -1135, "Invalid JSON Request"))
            return
        number, method = message.get("id"), str(message.get("method"))
        if method not in _METHODS:
            connection.reply(_problem(number, -1020, "This operation is not supported."))
            return
        call = _call(method, message.get("params", {}), ip)
        record_number = self._next_number()
        self._record_request(connection, call, method, record_number)
        answer = await self._carrier.carry_out(call)
        if answer is None:
            connection.close(1006, "fault")
            return
        connection.reply(self._reply(number, call, answer))
        self._wire.record(
            "reply",
            id=record_number,
            status=answer.status,
            body=self._wire.redactor.text(answer.text),
        )

    def _record_request(
        self, connection: StreamConnection, call: Call, method: str, number: int
    ) -> None:
        self._wire.record(
            "request",
            id=number,
            method="WS",
            path=method,
            params=self._wire.redactor.parameters(call.parameters.values),
            account=self._service.account_of(call),
            connection=connection.number,
        )

    def _reply(self, number: Json, call: Call, answer: Answer) -> str:
        part = "result" if answer.status == 200 else "error"
        limits = ""
        if call.parameters.values.get("returnRateLimits") != "false":
            limits = f',"rateLimits":{dumps(self._gate.usage(call.ip, call.account))}'
        return f'{{"id":{dumps(number)},"status":{answer.status},"{part}":{answer.text}{limits}}}'


def _call(method: str, params: dict[str, Json], ip: str) -> Call:
    """The REST call of the same meaning; the signature covers the sorted parameters."""
    values = {name: _as_text(params[name]) for name in sorted(params)}
    rest_method, path = _METHODS[method]
    return calls.Call(
        method=rest_method,
        path=path,
        query="&".join(f"{name}={value}" for name, value in values.items()),
        headers={"x-mbx-apikey": values.get("apiKey", "")},
        ip=ip,
        parameters=Parameters(values),
    )


def _as_text(value: Json) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else str(value)


def _problem(number: Json, code: int, text: str) -> str:
    return dumps({"id": number, "status": 400, "error": {"code": code, "msg": text}})
