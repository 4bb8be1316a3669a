"""A venue over a real model: called directly, or as a host of a world."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from simulator.binance import OCTOBER_2025_ALGO, Binance, Credentials, Profile
from simulator.binance.desk import Call
from simulator.binance.parameters import Parameters
from simulator.clock import Clock
from simulator.exchange.behaviour import Behaviour
from simulator.exchange.exchange import Exchange
from simulator.exchange.instruments import Instrument
from simulator.exchange.listings import BookShape, Listing
from simulator.exchange.prices import Constant, PricePath
from simulator.exchange.visibility import Visibility
from simulator.randomness import Streams
from simulator.wire.surroundings import Surroundings
from tests.venue_world import MakeWorld, Records, VenueWorld, one_at_a_time, opened

START_NS = 1_761_676_440_000_000_000  # 2025-10-28 22:34:00 +04:00
MS = 1_000_000
S = 1_000_000_000
API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
TRADER = Credentials(account="trader", api_key=API_KEY, secret=SECRET)

SKL = Instrument(
    symbol="SKLUSDT",
    base="SKL",
    tick_size=Decimal("0.00001"),
    step_size=Decimal("1"),
    min_price=Decimal("0.00001"),
    max_price=Decimal("200"),
    min_quantity=Decimal("1"),
    max_quantity=Decimal("10000000"),
    max_market_quantity=Decimal("5000000"),
    min_notional=Decimal("5"),
)
BTC = Instrument(
    symbol="BTCUSDT",
    base="BTC",
    tick_size=Decimal("0.10"),
    step_size=Decimal("0.001"),
    min_price=Decimal("556.80"),
    max_price=Decimal("4529764"),
    min_quantity=Decimal("0.001"),
    max_quantity=Decimal("1000"),
    max_market_quantity=Decimal("120"),
    min_notional=Decimal("100"),
    max_leverage=125,
)
LTC = Instrument(
    symbol="LTCUSDT",
    base="LTC",
    tick_size=Decimal("0.0001"),
    step_size=Decimal("0.01"),
    min_price=Decimal("0.0001"),
    max_price=Decimal("100000"),
    min_quantity=Decimal("0.01"),
    max_quantity=Decimal("100000"),
    max_market_quantity=Decimal("100000"),
    min_notional=Decimal("5"),
)


def listings(
    paths: dict[str, PricePath] | None = None, next_order_id: int = 482_277_363_667
) -> list[Listing]:
    """SKL at 0.02000, BTC at 90853.20, LTC at 0.5000; the best bid is the last price."""
    paths = paths or {}
    return [
        Listing(
            instrument=SKL,
            prices=paths.get("SKLUSDT", Constant(Decimal("0.02000"))),
            book=BookShape(quantity=Decimal(100_000), refill_ns=0),
            next_order_id=9_441_827_301,
        ),
        Listing(
            instrument=BTC,
            prices=paths.get("BTCUSDT", Constant(Decimal("90853.20"))),
            book=BookShape(quantity=Decimal(5), refill_ns=0),
            next_order_id=next_order_id,
        ),
        Listing(
            instrument=LTC,
            prices=paths.get("LTCUSDT", Constant(Decimal("0.5000"))),
            book=BookShape(quantity=Decimal(20), refill_ns=0),
        ),
    ]


@dataclass
class Desk:
    """A venue without a network: parsed requests in, status and parsed JSON out."""

    env: Clock
    exchange: Exchange
    venue: Binance
    records: Records = field(default_factory=list)

    def call(self, method: str, path: str, **params: object) -> tuple[int, Any, dict[str, str]]:
        """An unsigned request with the API key."""
        query = urlencode(params)
        return self.send(method, path, query=query)

    def signed(self, method: str, path: str, **params: object) -> tuple[int, Any, dict[str, str]]:
        """A signed request as ccxt sends it: POST in the body, the rest in the query."""
        text = sign(urlencode({"timestamp": self.env.now // MS, **params}))
        if method in ("POST", "PUT"):
            return self.send(method, path, body=text)
        return self.send(method, path, query=text)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: str = "",
        api_key: str | None = API_KEY,
        ip: str = "10.0.0.1",
    ) -> tuple[int, Any, dict[str, str]]:
        answer = self.venue.answer(
            Call(
                method=method,
                path=path,
                query=query,
                body=body,
                headers={"x-mbx-apikey": api_key} if api_key else {},
                ip=ip,
                parameters=Parameters.parse(query, body),
            )
        )
        return answer.status, json.loads(answer.text), answer.headers

    def advance(self, duration_ns: int) -> None:
        """Lets virtual time pass."""
        self.env.pass_ns(duration_ns)


def market(desk: Desk, side: str = "BUY", quantity: str = "1000", **more: object) -> Any:
    """The reply to a market order that is accepted."""
    status, reply, _ = desk.signed(
        "POST",
        "/fapi/v1/order",
        symbol="SKLUSDT",
        side=side,
        type="MARKET",
        quantity=quantity,
        **more,
    )
    assert status == 200, reply
    return reply


def sign(text: str, secret: str = SECRET) -> str:
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"{text}&signature={digest}"


def make_desk(
    *,
    profile: Profile = OCTOBER_2025_ALGO,
    behaviour: Behaviour | None = None,
    paths: dict[str, PricePath] | None = None,
    deposit: Decimal = Decimal(10_000),
) -> Desk:
    env = Clock(START_NS)
    streams = Streams(1)
    exchange, venue, records = build(env, streams, profile, behaviour, paths, deposit)
    return Desk(env, exchange, venue, records)


def build(
    env: Clock,
    streams: Streams,
    profile: Profile,
    behaviour: Behaviour | None,
    paths: dict[str, PricePath] | None,
    deposit: Decimal,
    *,
    first_trade_id: int = 1,
    next_order_id: int = 482_277_363_667,
) -> tuple[Exchange, Binance, Records]:
    behaviour = behaviour or Behaviour()
    exchange = Exchange(
        env,
        listings(paths, next_order_id),
        streams=streams,
        name="binance",
        visibility=Visibility(env, behaviour.visibility, streams, "binance"),
        first_trade_id=first_trade_id,
    )
    exchange.open_account("trader", deposit)
    exchange.start()
    records: Records = []
    around = Surroundings(
        env=env,
        exchange=exchange,
        name="binance",
        behaviour=behaviour,
        streams=streams,
        accounts=[TRADER],
        record=lambda kind, **fields: records.append((kind, {"t": env.now, **fields})),
    )
    return exchange, Binance(around, profile), records


@pytest.fixture
def desk() -> Desk:
    return make_desk()


@pytest.fixture
def make_world() -> Iterator[MakeWorld]:
    """Makes the test's world, entered until the test ends or makes another."""
    with one_at_a_time() as enter:

        def make(
            *,
            profile: Profile = OCTOBER_2025_ALGO,
            behaviour: Behaviour | None = None,
            paths: dict[str, PricePath] | None = None,
            deposit: Decimal = Decimal(10_000),
            start_ns: int = START_NS,
            **ids: int,
        ) -> VenueWorld:
            world = enter(start_ns)
            exchange, venue, records = build(
                world.env, world.streams, profile, behaviour, paths, deposit, **ids
            )
            return opened(world, exchange, venue, records, Binance.HOSTS)

        yield make
