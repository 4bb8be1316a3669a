"""Between a venue's service and its clients: faults, delays, the record, the connections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from simulator.exchange.behaviour import FaultRule
from simulator.exchange.faults import Faults
from simulator.exchange.latency import Latency
from simulator.exchange.visibility import Visibility
from simulator.wire.calls import Service
from simulator.wire.carrier import Carrier
from simulator.wire.connections import ConnectionRules, Wire
from simulator.wire.fault_kinds import check_fault
from simulator.wire.http_front import HttpFront
from simulator.wire.redaction import Redactor
from simulator.wire.rules import Rules
from simulator.wire.server import Server
from simulator.wire.surroundings import Surroundings


class NetworkSide:
    """The same for every venue, but for how its connections go and what its server calls itself.

    Raises ValueError for a fault that cannot be.
    """

    def __init__(
        self,
        around: Surroundings,
        service: Service,
        *,
        redactor: Redactor,
        connections: ConnectionRules,
        server: str,
    ) -> None:
        env, name, streams = around.env, around.name, around.streams
        behaviour, record = around.behaviour, around.record
        self._record = record
        for rule in behaviour.faults:
            check_fault(rule)
        self.faults = Faults(env, behaviour.faults, streams, name, self._fault_fired)
        latency = Latency(env, behaviour.latency, streams, name)
        self.stream_lags = Visibility(env, behaviour.visibility, streams, name)
        self.rules = Rules(around.exchange, self.faults, latency, self.stream_lags)
        self.carrier = Carrier(
            service, name=name, faults=self.faults, latency=latency, streams=streams
        )
        self.http = HttpFront(
            env, service, self.carrier, redactor=redactor, record=record, server=server
        )
        self.wire = Wire(
            env,
            name=name,
            rules=connections,
            faults=self.faults,
            streams=streams,
            redactor=redactor,
            record=record,
        )

    def server(
        self,
        upgrade: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        heard: frozenset[bytes],
        close_streams: Callable[[], None],
    ) -> Server:
        """REST, and the streams by `upgrade`; of the requests' headers, `heard` are read."""
        return Server(
            self.http.handle,
            upgrade,
            heard,
            before_stop=(self.carrier.stop, close_streams),
        )

    def _fault_fired(self, rule: FaultRule, endpoint: str) -> None:
        self._record("fault", rule=rule.name, fault=rule.kind.value, endpoint=endpoint)
