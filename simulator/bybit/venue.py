"""Bybit v5 at wire level: the façade over an exchange model, put together."""

from __future__ import annotations

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
from simulator.wire.calls import Answer
from simulator.wire.connections import ConnectionRules
from simulator.wire.network_side import NetworkSide
from simulator.wire.redaction import Redactor
from simulator.wire.surroundings import Surroundings


class Bybit:
    """One venue, as `simulator.wire.venue.Venue`. To be made before anybody trades on `exchange`:
    its rows tell of fees and profits that only who has heard of every fill can know.

    Raises ValueError for a behaviour that names unknown settings or faults that cannot be.
    """

    HOSTS = ("api.bybit.com", "api.bytick.com", "stream.bybit.com")

    def __init__(self, around: Surroundings, profile: Profile = NOVEMBER_2026) -> None:
        env, exchange, behaviour = around.env, around.exchange, around.behaviour
        settings = Settings.read(behaviour.settings)
        desk = Desk.open(env, exchange, profile, settings)
        gate = Gate(env, behaviour.limits or (), settings)
        gatekeeper = Gatekeeper(tuple(around.accounts), settings.recv_window_ms, profile)
        self._service = Service(desk, endpoints(), gate, gatekeeper)
        side = NetworkSide(
            around,
            self._service,
            redactor=Redactor(around.accounts),
            connections=ConnectionRules(idle_ns=settings.idle_ns),
            server="Openresty",
        )
        self.name = around.name
        self._gate = gate
        self.exchange = exchange
        self.faults = side.faults
        self.rules = side.rules
        private = PrivateStreams(side.wire, desk, side.stream_lags)
        websockets = WebSocketFront(
            side.wire,
            desk,
            gatekeeper,
            public=PublicStreams(side.wire, desk),
            private=private,
            trade=TradeSocket(
                side.wire, desk, self._service, side.carrier, gatekeeper, side.http.next_number
            ),
        )
        exchange.listen(private.hear, prices=False)
        self._server = side.server(websockets.handle, HEARD, websockets.close_all)
        self.read = self._service.read
        self.course = side.carrier.course
        self.start = self._server.start
        self.stop = self._server.stop

    def answer(self, call: Call) -> Answer:
        """Carries a parsed request out at once: no network, no delay, no fault, no record."""
        return self._service.answer(call)

    @property
    def weight_used(self) -> int:
        """Rate-limit weight of all requests so far; see `wire.venue.Venue`."""
        return self._gate.weight_used

    @property
    def port(self) -> int:
        """The port it serves; of use after `start(port=0)`."""
        return self._server.port
