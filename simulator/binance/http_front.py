"""The REST side on the network: reads a request, has it carried out, writes the reply."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from email.utils import formatdate

import simpy
from aiohttp import web

from simulator.binance.carrier import Carrier
from simulator.binance.desk import Call
from simulator.binance.parameters import Parameters
from simulator.binance.redaction import Redactor
from simulator.binance.service import Answer, Service

Record = Callable[..., None]
"""`record(kind, **fields)`, the hook into the trace."""

_LONGEST_PUBLIC_BODY = 300


class HttpFront:
    """Handles one request at a time per connection, as aiohttp calls it."""

    def __init__(
        self,
        env: simpy.Environment,
        service: Service,
        carrier: Carrier,
        *,
        redactor: Redactor,
        record: Record,
    ) -> None:
        self._env = env
        self._service = service
        self._carrier = carrier
        self._redactor = redactor
        self._record = record
        self._requests = 0
        self._date = (-1, "")

    def next_number(self) -> int:
        """The number of the next request, by which its record and its reply's belong together."""
        self._requests += 1
        return self._requests

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Reads, decides, carries out, replies; records both ends."""
        path, _, query = request.raw_path.partition("?")
        body = (await request.read()).decode() if request.can_read_body else ""
        call = Call(
            method=request.method,
            path=path,
            query=query,
            body=body,
            api_key=request.headers.get("X-MBX-APIKEY"),
            ip=peer_address(request),
            parameters=Parameters.parse(query, body),
        )
        number = self.next_number()
        self._record_request(request, call, number)
        answer = await self._carrier.carry_out(call)
        if answer is None:
            return _reset(request)
        return await self._reply(request, answer, number)

    async def _reply(
        self, request: web.BaseRequest, answer: Answer, number: int
    ) -> web.StreamResponse:
        html = bool(answer.text) and answer.text[0] not in "{["
        headers = {
            "content-type": "text/html" if html else "application/json",
            "server": "Bengine",
            "date": self._http_date(),
            **answer.headers,
        }
        response = web.Response(status=answer.status, body=answer.text.encode(), headers=headers)
        fields: dict[str, object] = {"id": number, "status": answer.status}
        if answer.public and len(answer.text) > _LONGEST_PUBLIC_BODY:
            fields["length"] = len(answer.text)
            fields["sha256"] = hashlib.sha256(answer.text.encode()).hexdigest()[:12]
        else:
            fields["body"] = self._redactor.text(answer.text)
        try:
            await response.prepare(request)
            await response.write_eof()
        except ConnectionError:
            fields["lost"] = True  # the client has gone; aiohttp sees that as well
        else:
            transport = request.transport
            arrives_ns = transport.get_extra_info("arrives_ns") if transport else None
            if arrives_ns is not None:
                fields["arrives_ns"] = arrives_ns
        self._record("reply", **fields)
        return response

    def _record_request(self, request: web.BaseRequest, call: Call, number: int) -> None:
        fields: dict[str, object] = {
            "id": number,
            "method": call.method,
            "path": self._redactor.path(call.path),
            "params": self._redactor.parameters(call.parameters.values),
            "account": self._service.account_of(call.api_key),
        }
        sent_ns = request.transport.get_extra_info("sent_ns") if request.transport else None
        if sent_ns is not None:
            fields["sent_ns"] = sent_ns
        self._record("request", **fields)

    def _http_date(self) -> str:
        second = int(self._env.now) // 1_000_000_000
        if self._date[0] != second:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]


def peer_address(request: web.BaseRequest) -> str:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return str(peer[0]) if peer else "unknown"


def _reset(request: web.BaseRequest) -> web.StreamResponse:
    """Drops the connection; what is returned can no longer be written."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
