"""The REST side on the network: reads a request, has it carried out, writes the reply."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import simpy

from simulator.wire.calls import Answer, Call, Service
from simulator.wire.carrier import Carrier
from simulator.wire.http_connection import HttpRequest, reply_bytes
from simulator.wire.redaction import Redactor

Record = Callable[..., None]
"""`record(kind, **fields)`, the hook into the trace."""

_LONGEST_PUBLIC_BODY = 300


class HttpFront:
    """Handles one request at a time per connection."""

    def __init__(
        self,
        env: simpy.Environment,
        service: Service,
        carrier: Carrier,
        *,
        redactor: Redactor,
        record: Record,
        server: str,
    ) -> None:
        """`server` is what the header of that name says."""
        self._env = env
        self._service = service
        self._carrier = carrier
        self._redactor = redactor
        self._record = record
        self._server = server
        self._requests = 0
        self._date = (-1, "")

    def next_number(self) -> int:
        """The number of the next request, by which its record and its reply's belong together."""
        self._requests += 1
        return self._requests

    async def handle(self, request: HttpRequest) -> None:
        """Reads, decides, carries out, replies; records both ends."""
        path, _, query = request.target.partition("?")
        call = self._service.read(
            method=request.method,
            path=path,
            query=query,
            body=request.body,
            headers=request.headers,
            ip=peer_address(request.transport),
        )
        number = self.next_number()
        self._record_request(request.transport, call, number)
        answer = await self._carrier.carry_out(call)
        if answer is None:
            request.transport.abort()
        else:
            self._reply(request, answer, number)

    def _reply(self, request: HttpRequest, answer: Answer, number: int) -> None:
        transport = request.transport
        fields: dict[str, object] = {"id": number, "status": answer.status}
        if answer.public and len(answer.text) > _LONGEST_PUBLIC_BODY:
            fields["length"] = len(answer.text)
            fields["sha256"] = hashlib.sha256(answer.text.encode()).hexdigest()[:12]
        else:
            fields["body"] = self._redactor.text(answer.text)
        if transport.is_closing():
            fields["lost"] = True  # the client has gone
        else:
            date, keep_alive = self._http_date(), request.keep_alive
            transport.write(reply_bytes(answer, date, self._server, keep_alive=keep_alive))
            arrives_ns = transport.get_extra_info("arrives_ns")
            if arrives_ns is not None:
                fields["arrives_ns"] = arrives_ns
            if not keep_alive:
                transport.close()
        self._record("reply", **fields)

    def _record_request(self, transport: asyncio.Transport, call: Call[Any], number: int) -> None:
        fields: dict[str, object] = {
            "id": number,
            "method": call.method,
            "path": self._redactor.path(call.path),
            "params": self._redactor.parameters(call.parameters.values),
            "account": self._service.account_of(call),
        }
        for name in ("sent_ns", "client"):  # neither is known of a real socket
            value = transport.get_extra_info(name)
            if value is not None:
                fields[name] = value
        self._record("request", **fields)

    def _http_date(self) -> str:
        second = int(self._env.now) // 1_000_000_000
        if self._date[0] != second:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]


def peer_address(transport: asyncio.BaseTransport | None) -> str:
    """The IP that the limits count."""
    peer = transport.get_extra_info("peername") if transport else None
    return str(peer[0]) if peer else "unknown"
