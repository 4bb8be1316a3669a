"""Binance USD-M futures at wire level: the façade over an exchange model, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import simpy
from aiohttp import web

from simulator.binance.algo_orders import AlgoOrders
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
from simulator.exchange.behaviour import Behaviour, FaultRule
from simulator.exchange.exchange import Exchange
from simulator.exchange.faults import Faults
from simulator.exchange.latency import Latency
from simulator.exchange.visibility import Visibility
from simulator.randomness import Streams
from simulator.wire.calls import Answer
from simulator.wire.carrier import Carrier
from simulator.wire.connections import Wire
from simulator.wire.credentials import Credentials
from simulator.wire.fault_kinds import check_fault
from simulator.wire.http_front import HttpFront
from simulator.wire.redaction import Redactor
from simulator.wire.rules import Rules
from simulator.wire.server import Server


class Binance:
    """One venue. `record(kind, **fields)` hears of everything that crosses the wire, redacted;
    `hide(text)` of every secret that it gives out, since clients may log what they get.

    Raises ValueError for a behaviour that names unknown settings or faults that cannot be.
    """

    HOSTS = ("fapi.binance.com", "fstream.binance.com", "api.binance.com", "ws-fapi.binance.com")

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
        name: str = "binance",
    ) -> None:
        behaviour = behaviour or Behaviour()
        self.name = name
        self.exchange = exchange
        self._record = record
        settings = Settings.read(behaviour.settings)
        for rule in behaviour.faults:
            check_fault(rule)
        self.faults = Faults(env, behaviour.faults, streams, name, self._fault_fired)
        listen_keys = ListenKeys(
            env,
            streams[f"{name}.listen_keys"],
            settings.listen_key_life_ns,
            self._key_expired,
            hide,
        )
        desk = Desk(
            env=env,
            exchange=exchange,
            profile=profile,
            settings=settings,
            algo_orders=AlgoOrders(settings.first_algo_id),
            listen_keys=listen_keys,
            client_ids=streams[f"{name}.client_ids"],
        )
        gate = Gate(env, LIMITS if behaviour.limits is None else behaviour.limits, settings)
        gatekeeper = Gatekeeper(tuple(accounts), settings.recv_window_ms)
        secrets = [each.api_key for each in accounts] + [each.secret for each in accounts]
        redactor = Redactor(secrets, listen_keys.all)
        self._service = Service(desk, endpoints(profile, gate), gate, gatekeeper)
        latency = Latency(env, behaviour.latency, streams, name)
        stream_lags = Visibility(env, behaviour.visibility, streams, name)
        self.rules = Rules(exchange, self.faults, latency, stream_lags)
        self._carrier = Carrier(
            self._service, name=name, faults=self.faults, latency=latency, streams=streams
        )
        http = HttpFront(
            env,
            self._service,
            self._carrier,
            redactor=redactor,
            record=record,
            server="Bengine",
        )
        wire = Wire(
            env,
            name=name,
            rules=settings.connections(),
            faults=self.faults,
            streams=streams,
            redactor=redactor,
            record=record,
        )
        self._users = UserStreams(wire, desk, stream_lags)
        self._websockets = WebSocketFront(wire, desk, MarketStreams(wire, desk), self._users)
        self._api = WebSocketApi(wire, self._service, self._carrier, gate, http.next_number)
        # The register of algo orders must know an order before anybody is told of it.
        exchange.listen(desk.algo_orders.hear, prices=False)
        exchange.listen(self._users.hear, prices=False)
        self._server = Server(
            http.handle,
            self._upgrade,
            HEARD,
            before_stop=(self._carrier.stop, self._websockets.close_all),
        )
        self.read = self._service.read
        self.course = self._carrier.course
        self.start = self._server.start
        self.stop = self._server.stop

    def answer(self, call: Call) -> Answer:
        """Carries a parsed request out at once: no network, no delay, no fault, no record."""
        return self._service.answer(call)

    @property
    def port(self) -> int:
        """The port it serves; of use after `start(port=0)`."""
        return self._server.port

    async def _upgrade(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == WS_API_PATH:
            return await self._api.handle(request)
        return await self._websockets.handle(request)

    def _fault_fired(self, rule: FaultRule, endpoint: str) -> None:
        self._record("fault", rule=rule.name, fault=rule.kind.value, endpoint=endpoint)

    def _key_expired(self, account: str, key: str) -> None:
        self._users.expire(account, key)
