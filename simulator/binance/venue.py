"""Binance USD-M futures at wire level: the façade over an exchange model, put together."""

from __future__ import annotations

from aiohttp import web

from simulator.binance.desk import Call, Desk
from simulator.binance.endpoints import endpoints
from simulator.binance.gate import Gate
from simulator.binance.listen_keys import ListenKeys
from simulator.binance.market_streams import MarketStreams
from simulator.binance.profiles import NOVEMBER_2026, Profile
from simulator.binance.security import Gatekeeper
from simulator.binance.service import HEARD, Service
from simulator.binance.settings import LIMITS, Settings
from simulator.binance.user_streams import UserStreams
from simulator.binance.websocket_api import PATH as WS_API_PATH
from simulator.binance.websocket_api import WebSocketApi
from simulator.binance.websocket_front import WebSocketFront
from simulator.wire.calls import Answer
from simulator.wire.network_side import NetworkSide
from simulator.wire.redaction import Redactor
from simulator.wire.surroundings import Surroundings


class Binance:
    """One venue, as `simulator.wire.venue.Venue`.

    Raises ValueError for a behaviour that names unknown settings or faults that cannot be.
    """

    HOSTS = ("fapi.binance.com", "fstream.binance.com", "api.binance.com", "ws-fapi.binance.com")

    def __init__(self, around: Surroundings, profile: Profile = NOVEMBER_2026) -> None:
        env, exchange, behaviour = around.env, around.exchange, around.behaviour
        settings = Settings.read(behaviour.settings)
        streams, name = around.streams, around.name
        listen_keys = ListenKeys(
            env,
            streams[f"{name}.listen_keys"],
            settings.listen_key_life_ns,
            self._key_expired,
            around.hide,
        )
        desk = Desk.open(
            env, exchange, profile, settings, listen_keys, streams[f"{name}.client_ids"]
        )
        gate = Gate(env, LIMITS if behaviour.limits is None else behaviour.limits, settings)
        gatekeeper = Gatekeeper(tuple(around.accounts), settings.recv_window_ms)
        self._service = Service(desk, endpoints(profile, gate), gate, gatekeeper)
        side = NetworkSide(
            around,
            self._service,
            redactor=Redactor(around.accounts, listen_keys.all),
            connections=settings.connections(),
            server="Bengine",
        )
        self.name = around.name
        self._gate = gate
        self.exchange = exchange
        self.faults = side.faults
        self.rules = side.rules
        self._users = UserStreams(side.wire, desk, side.stream_lags)
        market = MarketStreams(side.wire, desk)
        self._websockets = WebSocketFront(side.wire, desk, market, self._users)
        self._api = WebSocketApi(
            side.wire, self._service, side.carrier, gate, side.http.next_number
        )
        exchange.listen(self._users.hear, prices=False)
        self._server = side.server(self._upgrade, HEARD, self._websockets.close_all)
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

    async def _upgrade(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == WS_API_PATH:
            return await self._api.handle(request)
        return await self._websockets.handle(request)

    def _key_expired(self, account: str, key: str) -> None:
        self._users.expire(account, key)
