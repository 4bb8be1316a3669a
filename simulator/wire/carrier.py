"""Carries a call out with the delays and faults that the behaviour asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from enum import Enum
from typing import Any

from simulator.exchange.behaviour import FaultKind, FaultRule
from simulator.exchange.faults import Faults
from simulator.exchange.latency import Latency
from simulator.randomness import Streams
from simulator.wire.calls import Answer, Call, Service

_BEFORE = (FaultKind.ERROR, FaultKind.HANG, FaultKind.RESET)


class NoAnswer(Enum):
    """What a request can come to besides an answer."""

    RESET = "reset"
    NEVER = "never"


Outcome = Answer | NoAnswer


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
        course = self.course(call)
        while True:
            try:
                delay_ns = next(course)
            except StopIteration as end:
                outcome: Outcome = end.value
                break
            await asyncio.sleep(delay_ns / 1e9)
        if isinstance(outcome, Answer):
            return outcome
        if outcome is NoAnswer.NEVER:
            forever: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._unanswered.append(forever)
            await forever
        return None

    def course(self, call: Call[Any]) -> Generator[int, None, Outcome]:
        """What becomes of a call: each wait in nanoseconds, and at the end what comes of it."""
        endpoint = f"{call.method} {call.path}"
        symbol = call.parameters.values.get("symbol")
        fault = self._faults.match(endpoint, symbol)
        if fault is not None:
            if fault.kind is FaultKind.REFUSE:
                return NoAnswer.RESET
            if fault.kind is FaultKind.DELAY and fault.delay is not None:
                stream = self._streams[f"{self._name}.fault.{fault.name}.delay"]
                yield fault.delay.draw_ns(stream)
        delay_ns = self._latency.request_ns(endpoint, symbol)
        if delay_ns > 0:
            yield delay_ns
        outcome: Outcome
        if fault is not None and fault.kind in _BEFORE:
            outcome = _failed(fault)
        else:
            outcome = self._service.answer(call)
            if fault is not None and fault.kind is not FaultKind.DELAY:
                outcome = _failed(fault)
        if outcome is NoAnswer.NEVER:
            return outcome
        delay_ns = self._latency.reply_ns(endpoint, symbol)
        if delay_ns > 0:
            yield delay_ns
        return outcome

    def stop(self) -> None:
        """Lets go of the requests that were never to be answered."""
        for forever in self._unanswered:
            forever.cancel()
        self._unanswered.clear()


def _failed(fault: FaultRule) -> Outcome:
    """What a faulty request comes to."""
    match fault.kind:
        case FaultKind.ERROR | FaultKind.ERROR_AFTER:
            return Answer(fault.status, fault.body)
        case FaultKind.HANG | FaultKind.REPLY_LOST:
            return NoAnswer.NEVER
    return NoAnswer.RESET
