"""Binance USD-M futures at wire level: the façade over an exchange model, put together."""

from __future__ import annotations

import asyncio
import ssl as ssl_module
from collections.abc import Callable, Sequence

import simpy
from aiohttp import web

from simulator.binance.algo_orders import AlgoOrders
from simulator.binance.carrier import Carrier
from simulator.binance.connections import Wire
from simulator.binance.desk import Call, Desk
from simulator.binance.endpoints import endpoints
from simulator.binance.gate import Gate
from simulator.binance.http_connection import HttpConnection
from simulator.binance.http_front import HttpFront
from simulator.binance.listen_keys import ListenKeys
from simulator.binance.market_streams import MarketStreams
from simulator.binance.profiles import NOVEMBER_2026, Profile
from simulator.binance.redaction import Redactor
from simulator.binance.security import Credentials, Gatekeeper
from simulator.binance.service import Answer, Service
from simulator.binance.settings import LIMITS, Settings
from simulator.binance.user_streams import UserStreams
from simulator.binance.websocket_api import PATH as WS_API_PATH
from simulator.binance.websocket_api import WebSocketApi
from simulator.binance.websocket_front import WebSocketFront
from simulator.exchange.behaviour import Behaviour, FaultKind, FaultRule
from simulator.exchange.exchange import Exchange
from simulator.exchange.faults import Faults
from simulator.exchange.latency import Latency
from simulator.exchange.visibility import Visibility
from simulator.randomness import Streams

_STREAM_FAULTS = (
    FaultKind.DROP,
    FaultKind.DUPLICATE,
    FaultKind.DELAY,
    FaultKind.SILENCE,
    FaultKind.DISCONNECT,
)
_CONNECT_FAULTS = (FaultKind.REFUSE, FaultKind.DELAY, FaultKind.ERROR)
_REQUEST_FAULTS = (
    FaultKind.ERROR,
    FaultKind.ERROR_AFTER,
    FaultKind.HANG,
    FaultKind.REPLY_LOST,
    FaultKind.RESET,
    FaultKind.RESET_AFTER,
    FaultKind.DELAY,
    FaultKind.REFUSE,
)

_LONGEST_URL = 65_536
"""Room for the names of all the streams that one connection may have."""


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
        self._carrier = Carrier(
            self._service,
            name=name,
            faults=self.faults,
            latency=Latency(env, behaviour.latency, streams, name),
            streams=streams,
        )
        self._http = HttpFront(env, self._service, self._carrier, redactor=redactor, record=record)
        wire = Wire(
            env,
            name=name,
            settings=settings,
            faults=self.faults,
            streams=streams,
            redactor=redactor,
            record=record,
        )
        self._users = UserStreams(wire, desk, Visibility(env, behaviour.visibility, streams, name))
        self._websockets = WebSocketFront(wire, desk, MarketStreams(wire, desk), self._users)
        self._api = WebSocketApi(wire, self._service, self._carrier, gate, self._http.next_number)
        # The register of algo orders must know an order before anybody is told of it.
        exchange.listen(desk.algo_orders.hear, prices=False)
        exchange.listen(self._users.hear, prices=False)
        self._open: dict[HttpConnection, None] = {}
        self._web_server: web.Server | None = None
        self._listener: asyncio.Server | None = None

    def answer(self, call: Call) -> Answer:
        """Carries a parsed request out at once: no network, no delay, no fault, no record."""
        return self._service.answer(call)

    async def start(
        self,
        *,
        host: str = "0.0.0.0",
        port: int = 443,
        ssl: ssl_module.SSLContext | None = None,
    ) -> None:
        """Serves REST and streams on one port of the running loop."""
        sockets = web.Server(self._upgrade, access_log=None, max_line_size=_LONGEST_URL)
        self._web_server = sockets
        self._listener = await asyncio.get_running_loop().create_server(
            lambda: HttpConnection(self._http.handle, sockets, self._open), host, port, ssl=ssl
        )

    @property
    def port(self) -> int:
        """The port it serves; of use after `start(port=0)`."""
        if self._listener is None:
            raise ValueError("the venue has no port before start()")
        return int(self._listener.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Closes every connection and the port."""
        if self._listener is not None:
            self._listener.close()
        self._carrier.stop()
        self._websockets.close_all()
        for connection in tuple(self._open):
            connection.close()
        if self._web_server is not None:
            await self._web_server.shutdown(timeout=1)

    async def _upgrade(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == WS_API_PATH:
            return await self._api.handle(request)
        return await self._websockets.handle(request)

    def _fault_fired(self, rule: FaultRule, endpoint: str) -> None:
        self._record("fault", rule=rule.name, fault=rule.kind.value, endpoint=endpoint)

    def _key_expired(self, account: str, key: str) -> None:
        self._users.expire(account, key)


def check_fault(rule: FaultRule) -> None:
    """Raises ValueError for a rule that could match but not act."""
    kinds: tuple[FaultKind, ...]
    if rule.endpoint.startswith("stream."):
        kinds, where = _STREAM_FAULTS, "stream messages"
    elif rule.endpoint.startswith("connect "):
        kinds, where = _CONNECT_FAULTS, "connects"
    elif " " in rule.endpoint:
        kinds, where = _REQUEST_FAULTS, "requests"
    else:
        raise ValueError(
            f"fault {rule.name!r}: endpoint must be 'METHOD /path', 'stream.EVENT' or "
            f"'connect /path', was {rule.endpoint!r}"
        )
    if rule.kind not in kinds:
        known = ", ".join(kind.value for kind in kinds)
        raise ValueError(
            f"fault {rule.name!r}: {rule.kind.value} cannot happen to {where}; can: {known}"
        )
    if rule.kind is FaultKind.DELAY and rule.delay is None:
        raise ValueError(f"fault {rule.name!r}: kind delay needs a delay")
    if rule.kind in (FaultKind.ERROR, FaultKind.ERROR_AFTER) and not 200 <= rule.status <= 599:
        raise ValueError(
            f"fault {rule.name!r}: status must be an HTTP status from 200 to 599, was {rule.status}"
        )
