"""From a parsed request to its answer: limits, security, handler, error table. No network here."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.binance.desk import Call, Desk
from simulator.binance.endpoints import Endpoint
from simulator.binance.errors import ApiError, refusal
from simulator.binance.gate import Gate
from simulator.binance.parameters import Parameters
from simulator.binance.security import Gatekeeper, Security
from simulator.exchange.rejections import Rejection
from simulator.wire import calls
from simulator.wire.calls import Answer
from simulator.wire.json_text import dumps

_API_KEY = "x-mbx-apikey"
HEARD = frozenset({_API_KEY.encode()})
"""The request headers that are read."""


class Service:
    """Answers calls at once; delays and faults are the network side's business."""

    def __init__(
        self,
        desk: Desk,
        table: dict[tuple[str, str], Endpoint],
        gate: Gate,
        gatekeeper: Gatekeeper,
    ) -> None:
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
        """The request with its parameters."""
        return calls.Call(
            method=method,
            path=path,
            query=query,
            body=body,
            headers=headers,
            ip=ip,
            parameters=Parameters.parse(query, body),
        )

    def answer(self, call: Call) -> Answer:
        """Carries the call out. Every outcome is an answer, also a refusal."""
        endpoint = self._table.get((call.method, call.path))
        if endpoint is None:
            # The venue's own words for a path or a method that does not exist, with a 404.
            text = f"Path {call.path}, Method {call.method} is invalid"
            return Answer(404, dumps({"code": -5000, "msg": text}))
        headers: dict[str, str] = {}
        try:
            headers.update(self._gate.admit(call.ip, endpoint.weigh(call.parameters)))
            self._identify(call, endpoint)
            if endpoint.orders is not None:
                headers.update(self._gate.admit_orders(call.account, *endpoint.orders))
            body = endpoint.handler(self._desk, call)
        except ApiError as error:
            headers.update(error.headers)
            return Answer(error.status, dumps(error.body), headers)
        except Rejection as rejection:
            values = call.parameters.values
            instrument = self._desk.exchange.instruments.get(values.get("symbol", ""))
            refused = refusal(rejection, instrument, values.get("leverage", ""))
            return Answer(refused.status, dumps(refused.body), headers)
        return Answer(200, dumps(body), headers, public=endpoint.security is Security.NONE)

    def account_of(self, call: Call) -> str | None:
        """Whose key it was sent with, checked or not; None for nobody's."""
        return self._gatekeeper.account_of(call.headers.get(_API_KEY))

    def _identify(self, call: Call, endpoint: Endpoint) -> None:
        """Fills in the call's account. Raises ApiError when it must not pass."""
        if endpoint.security is Security.NONE:
            return
        credentials = self._gatekeeper.check_key(call.headers.get(_API_KEY))
        if endpoint.security is Security.SIGNED:
            self._gatekeeper.check_signed(
                credentials, call.parameters, call.query, call.body, self._desk.now_ms
            )
        call.account = credentials.account
