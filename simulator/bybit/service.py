"""From a request to its answer: limits, security, handler, envelope. No network here."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.bybit.desk import Call, Desk, Reply
from simulator.bybit.endpoints import BatchEndpoint, Endpoint, Table
from simulator.bybit.errors import ApiError, Problem
from simulator.bybit.gate import Gate
from simulator.bybit.parameters import Parameters
from simulator.bybit.security import KEY, Gatekeeper
from simulator.wire.calls import Answer
from simulator.wire.json_text import dumps


class Service:
    """Answers calls at once; delays and faults are the network side's business."""

    def __init__(self, desk: Desk, table: Table, gate: Gate, gatekeeper: Gatekeeper) -> None:
        self._desk = desk
        self._table = table
        self._gate = gate
        self._gatekeeper = gatekeeper

    def read(
        self,
        *,
        method: str,
        path: str,
        query: str,
        body: str,
        headers: Mapping[str, str],
        ip: str,
    ) -> Call:
        """The request with its parameters; what is wrong with them, the answer says."""
        return Call(
            method=method,
            path=path,
            query=query,
            body=body,
            headers=headers,
            ip=ip,
            parameters=Parameters.parse(method, query, body),
        )

    def answer(self, call: Call) -> Answer:
        """Carries the call out. Every outcome is an answer, also a refusal."""
        headers: dict[str, str] = {}
        public = False
        try:
            self._gate.admit(call.ip)
            endpoint = self._table.get((call.method, call.path))
            if endpoint is None:
                raise Problem.NO_PATH.error()
            public = not endpoint.private
            admitted = 1
            if endpoint.private:
                call.account = self._gatekeeper.check(call, self._desk.now_ms).account
                admitted = self._count(call, endpoint, headers)
            reply = self._reply(call, endpoint, admitted)
        except ApiError as error:
            return self._refused(error, headers)
        text = self._envelope(0, reply.message, reply.result, reply.extra)
        return Answer(200, text, headers, public=public)

    def account_of(self, call: Call) -> str | None:
        """Whose key it was sent with, checked or not; None for nobody's."""
        return self._gatekeeper.account_of(call.headers.get(KEY))

    def _count(
        self, call: Call, endpoint: Endpoint | BatchEndpoint, headers: dict[str, str]
    ) -> int:
        """How many units of the call its limit admits; fills in the headers. Raises 10006."""
        batch = isinstance(endpoint, BatchEndpoint)
        units = max(1, call.parameters.count("request")) if batch else 1
        name = f"{call.method} {call.path}"
        admitted, told = self._gate.admit_units(name, call.account, units)
        headers.update(told)
        if not admitted and not batch:
            raise Problem.TOO_MANY_VISITS.error()
        return admitted

    def _reply(self, call: Call, endpoint: Endpoint | BatchEndpoint, admitted: int) -> Reply:
        if call.parameters.malformed:
            raise Problem.MALFORMED.error()
        if isinstance(endpoint, BatchEndpoint):
            return endpoint.handler(self._desk, call, admitted)
        result = endpoint.handler(self._desk, call)
        return result if isinstance(result, Reply) else Reply(result)

    def _refused(self, error: ApiError, headers: dict[str, str]) -> Answer:
        if error.status != 200:
            return Answer(error.status, error.message, headers)
        return Answer(200, self._envelope(error.code, error.message, error.result, {}), headers)

    def _envelope(self, code: int, message: str, result: object, extra: object) -> str:
        return dumps(
            {
                "retCode": code,
                "retMsg": message,
                "result": result,
                "retExtInfo": extra,
                "time": self._desk.now_ms,
            }
        )
