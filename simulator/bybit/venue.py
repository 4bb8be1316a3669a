"""Bybit v5 at wire level: the façade over an exchange model, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import simpy

from simulator.bybit.desk import Call, Desk
from simulator.bybit.endpoints import endpoints
from simulator.bybit.gate import Gate
from simulator.bybit.private_streams import PrivateStreams
from simulator.bybit.profiles import NOVEMBER_2026, Profile
from simulator.bybit.public_streams import PublicStreams
from simulator.bybit.security import HEARD, Gatekeeper
from simulator.bybit.service import Service
from simulator.bybit.settings import Settings
from simulator.bybit.trade_socket import TradeSocket
from simulator.bybit.websocket_front import WebSocketFront
from simulator.exchange.behaviour import Behaviour, FaultRule
from simulator.exchange.exchange import Exchange
from simulator.exchange.faults import Faults
from simulator.exchange.latency import Latency
from simulator.exchange.visibility import Visibility
from simulator.randomness import Streams
from simulator.wire.calls import Answer
from simulator.wire.carrier import Carrier
from simulator.wire.connections import ConnectionRules, Wire
from simulator.wire.credentials import Credentials
from simulator.wire.fault_kinds import check_fault
from simulator.wire.http_front import HttpFront
from simulator.wire.redaction import Redactor
from simulator.wire.rules import Rules
from simulator.wire.server import Server


class Bybit:
    """One venue, as `simulator.wire.venue.Venue`. To be made before anybody trades on `exchange`:
    its rows tell of fees and profits that only who has heard of every fill can know.

    Raises ValueError for a behaviour that names unknown settings or faults that cannot be.
    """

    HOSTS = ("api.bybit.com", "api.bytick.com", "stream.bybit.com")

    def __init__(
        self,
        env: simpy.Environment,
        exchange: Exchange,
        *,
        profile: Profile = NOVEMBER_2026,
        behaviour: Behaviour | None = None,
        streams: Streams,
        accounts: Sequence[Credentials],
        record: Callable[..., None],
        hide: Callable[[str], None] = lambda secret: None,
        name: str = "bybit",
    ) -> None:
        behaviour = behaviour or Behaviour()
        self.name = name
        self.exchange = exchange
        self._record = record
        settings = Settings.read(behaviour.settings)
        for rule in behaviour.faults:
            check_fault(rule)
        self.faults = Faults(env, behaviour.faults, streams, name, self._fault_fired)
        desk = Desk.open(env, exchange, profile, settings)
        gatekeeper = Gatekeeper(tuple(accounts), settings.recv_window_ms, profile)
        secrets = [each.api_key for each in accounts] + [each.secret for each in accounts]
        redactor = Redactor(secrets, ())
        self._service = Service(
            desk, endpoints(), Gate(env, behaviour.limits or (), settings), gatekeeper
        )
        latency = Latency(env, behaviour.latency, streams, name)
        stream_lags = Visibility(env, behaviour.visibility, streams, name)
        self.rules = Rules(exchange, self.faults, latency, stream_lags)
        carrier = Carrier(
            self._service, name=name, faults=self.faults, latency=latency, streams=streams
        )
        http = HttpFront(
            env, self._service, carrier, redactor=redactor, record=record, server="Openresty"
        )
        wire = Wire(
            env,
            name=name,
            rules=ConnectionRules(idle_ns=settings.idle_ns),
            faults=self.faults,
            streams=streams,
            redactor=redactor,
            record=record,
        )
        private = PrivateStreams(wire, desk, stream_lags)
        trade = TradeSocket(wire, desk, self._service, carrier, gatekeeper, http.next_number)
        websockets = WebSocketFront(
            wire,
            desk,
            gatekeeper,
            public=PublicStreams(wire, desk),
            private=private,
            trade=trade,
        )
        exchange.listen(private.hear, prices=False)
        self._server = Server(
            http.handle,
            websockets.handle,
            HEARD,
            before_stop=(carrier.stop, websockets.close_all),
        )
        self.read = self._service.read
        self.course = carrier.course
        self.start = self._server.start
        self.stop = self._server.stop

    def answer(self, call: Call) -> Answer:
        """Carries a parsed request out at once: no network, no delay, no fault, no record."""
        return self._service.answer(call)

    @property
    def port(self) -> int:
        """The port it serves; of use after `start(port=0)`."""
        return self._server.port

    def _fault_fired(self, rule: FaultRule, endpoint: str) -> None:
        self._record("fault", rule=rule.name, fault=rule.kind.value, endpoint=endpoint)
