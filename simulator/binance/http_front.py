"""The REST side on the network: reads a request, applies faults and delays, writes the reply."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from email.utils import formatdate

import simpy
from aiohttp import web

from simulator.binance.desk import Call
from simulator.binance.parameters import Parameters
from simulator.binance.redaction import Redactor
from simulator.binance.service import Answer, Service
from simulator.exchange.behaviour import FaultKind, FaultRule
from simulator.exchange.faults import Faults
from simulator.exchange.latency import Latency
from simulator.randomness import Streams

Record = Callable[..., None]
"""`record(kind, **fields)`, the hook into the trace."""

_LONGEST_PUBLIC_BODY = 300
_BEFORE = (FaultKind.ERROR, FaultKind.HANG, FaultKind.RESET)


class HttpFront:
    """Handles one request at a time per connection, as aiohttp calls it."""

    def __init__(
        self,
        env: simpy.Environment,
        service: Service,
        *,
        name: str,
        faults: Faults,
        latency: Latency,
        streams: Streams,
        redactor: Redactor,
        record: Record,
    ) -> None:
        self._env = env
        self._service = service
        self._name = name
        self._faults = faults
        self._latency = latency
        self._streams = streams
        self._redactor = redactor
        self._record = record
        self._requests = 0
        self._unanswered: list[asyncio.Future[None]] = []
        self._date = (-1, "")

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
            ip=_peer_address(request),
            parameters=Parameters.parse(query, body),
        )
        self._requests += 1
        number = self._requests
        self._record_request(request, call, number)
        endpoint = f"{call.method} {path}"
        symbol = call.parameters.values.get("symbol")
        fault = self._faults.match(endpoint, symbol)
        if fault is not None:
            if fault.kind is FaultKind.REFUSE:
                return _reset(request)
            if fault.kind is FaultKind.DELAY and fault.delay is not None:
                stream = self._streams[f"{self._name}.fault.{fault.name}.delay"]
                await asyncio.sleep(fault.delay.draw_ns(stream) / 1e9)
        delay_ns = self._latency.request_ns(endpoint, symbol)
        if delay_ns > 0:
            await asyncio.sleep(delay_ns / 1e9)
        if fault is not None and fault.kind in _BEFORE:
            answer = await self._fail(fault)
        else:
            answer = self._service.answer(call)
            if fault is not None and fault.kind is not FaultKind.DELAY:
                answer = await self._fail(fault)
        if answer is None:
            return _reset(request)
        delay_ns = self._latency.reply_ns(endpoint, symbol)
        if delay_ns > 0:
            await asyncio.sleep(delay_ns / 1e9)
        return await self._reply(request, answer, number)

    async def _fail(self, fault: FaultRule) -> Answer | None:
        """What a faulty request is answered with; None: a reset. May never return."""
        match fault.kind:
            case FaultKind.ERROR | FaultKind.ERROR_AFTER:
                return Answer(fault.status, fault.body)
            case FaultKind.HANG | FaultKind.REPLY_LOST:
                forever: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._unanswered.append(forever)
                await forever
        return None

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

    def stop(self) -> None:
        """Lets go of the requests that were never to be answered."""
        for forever in self._unanswered:
            forever.cancel()
        self._unanswered.clear()


def _peer_address(request: web.BaseRequest) -> str:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return str(peer[0]) if peer else "unknown"


def _reset(request: web.BaseRequest) -> web.StreamResponse:
    """Drops the connection; what is returned can no longer be written."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
