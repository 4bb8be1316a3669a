"""The REST part over a real model, without any network: signed requests in, parsed JSON out."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from simulator.bybit.desk import Desk
from simulator.bybit.endpoints import endpoints
from simulator.bybit.gate import Gate
from simulator.bybit.profiles import NOVEMBER_2026, Profile
from simulator.bybit.security import Gatekeeper
from simulator.bybit.service import Service
from simulator.bybit.settings import Settings
from simulator.clock import Clock
from simulator.exchange.behaviour import Behaviour
from simulator.exchange.exchange import Exchange
from simulator.exchange.instruments import Instrument
from simulator.exchange.listings import BookShape, Fees, Listing
from simulator.exchange.prices import Constant, PricePath
from simulator.exchange.rejections import Reason
from simulator.exchange.visibility import Visibility
from simulator.randomness import Streams
from simulator.wire.calls import Answer
from simulator.wire.credentials import Credentials

START_NS = 1_761_676_440_000_000_000  # 2025-10-28 18:34:00 UTC
START_MS = START_NS // 1_000_000
MS = 1_000_000
S = 1_000_000_000
API_KEY = "xT7BvRkq2pLwZ9dYhN"
SECRET = "b5E1cUqf0aKzV8sJt3WmHnGo6yPiRx2DlC4M"
TRADER = Credentials(account="trader", api_key=API_KEY, secret=SECRET)
HEDGER_KEY = "mQ4sWnE8uJc6XrAo1g"
HEDGER = Credentials(account="hedger", api_key=HEDGER_KEY, secret=SECRET[::-1])

BTC = Instrument(
    symbol="BTCUSDT",
    base="BTC",
    tick_size=Decimal("0.1"),
    step_size=Decimal("0.001"),
    min_price=Decimal("0.1"),
    max_price=Decimal("1999999.8"),
    min_quantity=Decimal("0.001"),
    max_quantity=Decimal("1190"),
    max_market_quantity=Decimal("500"),
    min_notional=Decimal("5"),
    max_leverage=100,
    market_take_bound=Decimal("0.05"),
    maintenance_margin_rate=Decimal("0.005"),
    max_open_orders=500,
    spot=True,
)
HNT = Instrument(
    symbol="HNTUSDT",
    base="HNT",
    tick_size=Decimal("0.001"),
    step_size=Decimal("0.01"),
    min_price=Decimal("0.001"),
    max_price=Decimal("1999.999"),
    min_quantity=Decimal("0.01"),
    max_quantity=Decimal("3600"),
    max_market_quantity=Decimal("3600"),
    min_notional=Decimal("5"),
    max_leverage=20,
    market_take_bound=Decimal("0.05"),
    max_open_orders=500,
)
CLOSING = Instrument(
    symbol="SKLUSDT",
    base="SKL",
    tick_size=Decimal("0.00001"),
    step_size=Decimal("1"),
    min_price=Decimal("0.00001"),
    max_price=Decimal("19.99998"),
    min_quantity=Decimal("1"),
    max_quantity=Decimal("1000000"),
    max_market_quantity=Decimal("500000"),
    min_notional=Decimal("5"),
    market_take_bound=Decimal("0.05"),
    closing=True,
)
HALTED = Instrument(
    symbol="MYROUSDT",
    base="MYRO",
    tick_size=Decimal("0.00001"),
    step_size=Decimal("1"),
    min_price=Decimal("0.00001"),
    max_price=Decimal("19.99998"),
    min_quantity=Decimal("1"),
    max_quantity=Decimal("1000000"),
    max_market_quantity=Decimal("500000"),
    min_notional=Decimal("5"),
    trading=False,
)


def listings(paths: dict[str, PricePath], books: dict[str, BookShape]) -> list[Listing]:
    """The best bid is the last price, the best ask one tick above it."""
    hnt_book = BookShape(quantity=Decimal(100), growth=Decimal(1), levels=10)
    return [
        Listing(
            instrument=BTC,
            prices=paths.get("BTCUSDT", Constant(Decimal("100000"))),
            book=BookShape(quantity=Decimal(5), refill_ns=0),
        ),
        Listing(
            instrument=HNT,
            prices=paths.get("HNTUSDT", Constant(Decimal("1.616"))),
            book=books.get("HNTUSDT", hnt_book),
        ),
        Listing(instrument=CLOSING, prices=Constant(Decimal("0.02"))),
        Listing(instrument=HALTED, prices=Constant(Decimal("0.02"))),
    ]


@dataclass
class Venue:
    """A client's view of the venue."""

    env: Clock
    exchange: Exchange
    desk: Desk
    service: Service

    def get(self, path: str, **params: object) -> Any:
        """A signed GET, its parsed body."""
        return json.loads(self.signed("GET", path, query=urlencode(params)).text)

    def post(self, path: str, **params: object) -> Any:
        """A signed POST with a JSON body, its parsed body."""
        return json.loads(self.signed("POST", path, body=json.dumps(params)).text)

    def result(self, path: str, **params: object) -> Any:
        """The result of a GET that succeeds."""
        reply = self.get(path, **params)
        assert reply["retCode"] == 0, reply
        return reply["result"]

    def rows(self, path: str, **params: object) -> list[dict[str, Any]]:
        """The list in the result of a GET that succeeds."""
        rows: list[dict[str, Any]] = self.result(path, category="linear", **params)["list"]
        return rows

    def create(self, symbol: str = "BTCUSDT", **params: object) -> Any:
        """POST /v5/order/create, a market buy of 0.01 where nothing else is said."""
        order: dict[str, object] = {"side": "Buy", "orderType": "Market", "qty": "0.01"}
        return self.post("/v5/order/create", category="linear", symbol=symbol, **(order | params))

    def placed(self, symbol: str = "BTCUSDT", **params: object) -> str:
        """The id of an order that is accepted."""
        reply = self.create(symbol, **params)
        assert reply["retCode"] == 0, reply
        order_id: str = reply["result"]["orderId"]
        return order_id

    def order(self, order_id: str, symbol: str = "BTCUSDT") -> dict[str, Any]:
        """The row that order/realtime has of an order."""
        (row,) = self.rows("/v5/order/realtime", symbol=symbol, orderId=order_id)
        return row

    def position(self, symbol: str = "BTCUSDT") -> dict[str, Any]:
        (row,) = self.rows("/v5/position/list", symbol=symbol)
        return row

    def signed(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: str = "",
        key: Credentials = TRADER,
        ip: str = "10.0.0.1",
    ) -> Answer:
        payload = query if method == "GET" else body
        headers = signature(key, self.env.now // MS, payload)
        return self.send(method, path, query=query, body=body, headers=headers, ip=ip)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: str = "",
        headers: dict[str, str] | None = None,
        ip: str = "10.0.0.1",
    ) -> Answer:
        call = self.service.read(
            method=method, path=path, query=query, body=body, headers=headers or {}, ip=ip
        )
        return self.service.answer(call)

    def advance(self, duration_ns: int) -> None:
        """Lets virtual time pass."""
        self.env.pass_ns(duration_ns)

    def settle(self) -> None:
        """Lets the instant come to its end."""
        self.advance(0)


def signature(
    key: Credentials, timestamp_ms: int, payload: str, window: str = "5000"
) -> dict[str, str]:
    """The headers of a signed request; without `window`, no receive window."""
    text = f"{timestamp_ms}{key.api_key}{window}{payload}"
    headers = {
        "x-bapi-api-key": key.api_key,
        "x-bapi-timestamp": str(timestamp_ms),
        "x-bapi-sign": hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).hexdigest(),
    }
    return headers | ({"x-bapi-recv-window": window} if window else {})


def make_venue(
    *,
    profile: Profile = NOVEMBER_2026,
    behaviour: Behaviour | None = None,
    paths: dict[str, PricePath] | None = None,
    books: dict[str, BookShape] | None = None,
    deposit: Decimal = Decimal(10_000),
) -> Venue:
    env = Clock(START_NS)
    streams = Streams(1)
    behaviour = behaviour or Behaviour()
    ids = streams["bybit.order_ids"]
    exchange = Exchange(
        env,
        listings(paths or {}, books or {}),
        streams=streams,
        name="bybit",
        visibility=Visibility(env, behaviour.visibility, streams, "bybit"),
        fees=Fees(maker=Decimal("0.0002"), taker=Decimal("0.00055")),
        order_ids=iter(lambda: ids.getrandbits(128), None),
        accepts_first=frozenset({Reason.POST_ONLY_WOULD_TAKE, Reason.FILL_OR_KILL_NOT_FILLABLE}),
    )
    exchange.open_account("trader", deposit, leverage=10)
    exchange.open_account("hedger", deposit, leverage=10)
    settings = Settings.read(behaviour.settings)
    desk = Desk.open(env, exchange, profile, settings)
    exchange.start()
    service = Service(
        desk,
        endpoints(),
        Gate(env, behaviour.limits or (), settings),
        Gatekeeper((TRADER, HEDGER), settings.recv_window_ms, profile),
    )
    return Venue(env, exchange, desk, service)


@pytest.fixture
def venue() -> Venue:
    return make_venue()
