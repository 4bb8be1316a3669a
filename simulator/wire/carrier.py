"""Carries a call out with the delays and faults that the behaviour asks for."""

from __future__ import annotations

import asyncio
from typing import Any

from simulator.exchange.behaviour import FaultKind, FaultRule
from simulator.exchange.faults import Faults
from simulator.exchange.latency import Latency
from simulator.randomness import Streams
from simulator.wire.calls import Answer, Call, Service

_BEFORE = (FaultKind.ERROR, FaultKind.HANG, FaultKind.RESET)


class Carrier:
    """Between a front, which knows the network, and the service, which knows no time."""

    def __init__(
        self, service: Service, *, name: str, faults: Faults, latency: Latency, streams: Streams
    ) -> None:
        self._service = service
        self._name = name
        self._faults = faults
        self._latency = latency
        self._streams = streams
        self._unanswered: list[asyncio.Future[None]] = []

    async def carry_out(self, call: Call[Any]) -> Answer | None:
        """The answer when it is due; None for a connection to be reset. May never return."""
        endpoint = f"{call.method} {call.path}"
        symbol = call.parameters.values.get("symbol")
        fault = self._faults.match(endpoint, symbol)
        if fault is not None:
            if fault.kind is FaultKind.REFUSE:
                return None
            if fault.kind is FaultKind.DELAY and fault.delay is not None:
                stream = self._streams[f"{self._name}.fault.{fault.name}.delay"]
                await asyncio.sleep(fault.delay.draw_ns(stream) / 1e9)
        delay_ns = self._latency.request_ns(endpoint, symbol)
        if delay_ns > 0:
            await asyncio.sleep(delay_ns / 1e9)
        answer: Answer | None
        if fault is not None and fault.kind in _BEFORE:
            answer = await self._fail(fault)
        else:
            answer = self._service.answer(call)
            if fault is not None and fault.kind is not FaultKind.DELAY:
                answer = await self._fail(fault)
        delay_ns = self._latency.reply_ns(endpoint, symbol)
        if delay_ns > 0:
            await asyncio.sleep(delay_ns / 1e9)
        return answer

    async def _fail(self, fault: FaultRule) -> Answer | None:
        """What a faulty request is answered with; None: a reset."""
        match fault.kind:
            case FaultKind.ERROR | FaultKind.ERROR_AFTER:
                return Answer(fault.status, fault.body)
            case FaultKind.HANG | FaultKind.REPLY_LOST:
                forever: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._unanswered.append(forever)
                await forever
        return None

    def stop(self) -> None:
        """Lets go of the requests that were never to be answered."""
        for forever in self._unanswered:
            forever.cancel()
        self._unanswered.clear()
