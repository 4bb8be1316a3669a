"""The bot at production URLs, with both venues, or one, and a signal server where asked for."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from bot_under_test.adapter import create
from simulator import World
from simulator.distributions import Fixed
from simulator.exchange.behaviour import Behaviour
from simulator.exchange.exchange import Exchange
from simulator.exchange.instruments import Instrument
from simulator.exchange.listings import BookShape, Listing
from simulator.exchange.orders import Order, OrderRequest, OrderType, Side
from simulator.exchange.prices import Constant, Points, PricePath
from simulator.exchange.visibility import Visibility
from simulator.signal_server import SignalServer
from simulator.venues import NAMES, kind
from simulator.wire.credentials import Credentials
from simulator.wire.surroundings import Surroundings
from simulator.wire.venue import Venue, VenueKind
from tests.bot_under_test.conftest import Lines

START = "2025-10-28T22:32:30+04:00"
START_NS = 1_761_676_350_000_000_000
QUARTER_S = 900
WAVE_S = 30.0
"""When the bot looks for the wave of 22:30: at 22:33:00."""
MS = 1_000_000
S = 1_000_000_000
TRADER = "trader"
TOKEN = "3f1d0c9be1f64f7a"
KEYS = {
    "binance": {
        "api_key": "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
        "secret": "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
    },
    "bybit": {"api_key": "xvKfJ0gJ8WmcyqKj2B", "secret": "Q4sTCUEwOZpkiXm5hDMrHPLEJ7WJ8pXk9aSc"},
}
SELDOM = {
    "binance": Behaviour(settings={"mark_price_fast_interval_ns": 60 * S}),
    "bybit": Behaviour(settings={"ticker_interval_ns": 60 * S}),
}
"""Prices told once a minute, for tests that last for hours."""
PROFILES = {"binance": "2025-10+algo", "bybit": "2025-10"}
ONE_WAY = {
    "fapi.binance.com": (175 * MS, 175 * MS),
    "fstream.binance.com": (175 * MS, 173 * MS),
    "api.bybit.com": (175 * MS, 175 * MS),
    "stream.bybit.com": (175 * MS, 173 * MS),
    "signals": (20 * MS, 20 * MS),
}
ROUND_TRIP_S = 0.350


def coin(
    symbol: str,
    price: str | PricePath = "0.01000",
    *,
    spot: bool = False,
    book: BookShape | None = None,
) -> Listing:
    """A perpetual; `spot`: there is a spot market of the same name."""
    tick = Decimal("0.00001")
    return Listing(
        instrument=Instrument(
            symbol=symbol,
            base=symbol.removesuffix("USDT"),
            tick_size=tick,
            step_size=Decimal(1),
            min_price=tick,
            max_price=Decimal(200),
            min_quantity=Decimal(1),
            max_quantity=Decimal(10_000_000),
            max_market_quantity=Decimal(5_000_000),
            min_notional=Decimal(5),
            spot=spot,
        ),
        prices=Constant(Decimal(price)) if isinstance(price, str) else price,
        book=book or BookShape(quantity=Decimal(1_000_000), refill_ns=0),
    )


def coins(*symbols: str) -> list[Listing]:
    return [coin(symbol) for symbol in symbols]


def steps(*points: tuple[float, str]) -> Points:
    """Steps of a price: seconds after the start, and the price from then on."""
    return Points(tuple((START_NS + round(at_s * S), Decimal(price)) for at_s, price in points))


def buy(symbol: str, venue: str, **more: object) -> dict[str, object]:
    """A signal that is handed over to the bot."""
    return {"id": f"buy {symbol}", "symbol": symbol, "side": "BUY", "exchange": venue, **more}


def sell(symbol: str, venue: str, **more: object) -> dict[str, object]:
    return {**buy(symbol, venue, **more), "id": f"sell {symbol}", "side": "SELL"}


def wave(*signals: tuple[str, str], quarter_ns: int = 0, **more: object) -> list[dict[str, object]]:
    """Signals as the server has them, (symbol, venue), the best first."""
    return [
        {
            "id": number,
            "symbol": symbol,
            "side": "BUY",
            "score_week": 90.0 - number,
            "score_month": 80.0 - number,
            "exchange": NAMES.index(venue) + 1,
            "timestamp": (quarter_ns or START_NS // (900 * S) * (900 * S)) // MS,
            **more,
        }
        for number, (symbol, venue) in enumerate(signals, 1)
    ]


@dataclass
class Market:
    """One venue: what it is, what is true there, and what went over its wire."""

    kind: VenueKind
    exchange: Exchange
    venue: Venue
    wire: list[dict[str, Any]]

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """The requests that reached the venue, by the end of their path."""
        return [
            record
            for record in self.wire
            if record["kind"] == "request" and str(record["path"]).endswith(path)
        ]

    def asked(self) -> list[str]:
        """All of them, in order, as `POST /v5/order/create`."""
        return [f"{record['method']} {record['path']}" for record in self.requests()]

    def reply_to(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The body of the venue's reply to a request, a JSON object."""
        replies = (each for each in self.wire if each["kind"] == "reply")
        body = next(each["body"] for each in replies if each["id"] == request["id"])
        return dict(json.loads(body))

    def place(self, side: Side, symbol: str, quantity: int, *, reduce_only: bool = False) -> None:
        """A market order on the bot's account that is not the bot's."""
        request = OrderRequest(
            symbol=symbol,
            side=side,
            type=OrderType.MARKET,
            quantity=Decimal(quantity),
            reduce_only=reduce_only,
        )
        self.exchange.place(TRADER, request)

    def close_by_hand(self, symbol: str) -> None:
        held = int(self.exchange.position(TRADER, symbol).quantity)
        self.place(Side.SELL if held > 0 else Side.BUY, symbol, abs(held), reduce_only=True)

    def held(self) -> list[str]:
        """The symbols of its open positions."""
        return [each.symbol for each in self.exchange.positions(TRADER) if each.quantity]


@dataclass
class Trading:
    """A bot, its venues, and what all did. Symbols differ from venue to venue."""

    world: World
    markets: dict[str, Market]
    signals: SignalServer
    signals_wire: list[dict[str, Any]]
    lines: Lines
    settings: dict[str, object]

    def __post_init__(self) -> None:
        self.bot = create(self.settings)

    # driving

    def start(self) -> None:
        self.world.run_until(self.world.hosts["bot"].start(self.bot.start()))

    def deliver(self, *signals: Mapping[str, object]) -> None:
        """Hands signals over, all at once, and lets the world go on until the last has ended."""
        tasks = [self.world.hosts["bot"].start(self.bot.deliver(each)) for each in signals]
        for task in tasks:
            self.world.run_until(task)

    def publish(self, signals: Sequence[Mapping[str, object]], at_s: float | None = None) -> None:
        """From that second on the signal server has them."""
        if at_s is not None:
            self.run_to(at_s)
        self.signals.publish(signals)

    def run_for(self, seconds: float) -> None:
        self.world.run_for(seconds)

    def run_to(self, at_s: float) -> None:
        self.world.run_until(self.world.env.start_ns + round(at_s * S))

    def run_until_line(self, phrase: str, within_s: float = 240) -> None:
        """Lets the world go on until the bot logs a further line with the phrase."""
        records, read = self.lines.records, len(self.lines.records)
        found = False

        def said() -> bool:  # asked at every turn of the world, so it reads on where it was
            nonlocal read, found
            while read < len(records) and not found:
                found = phrase in records[read][1].getMessage()
                read += 1
            return found

        self.world.run_until(said, limit_ns=self.world.env.now + round(within_s * S))
        assert found, f"no further line with {phrase!r} within {within_s} s"

    def stop(self) -> None:
        self.world.run_until(self.world.hosts["bot"].start(self.bot.stop()))

    # what is true

    @property
    def now_s(self) -> float:
        return self.world.env.elapsed_ns / S

    def market_of(self, symbol: str) -> Market:
        (found,) = (each for each in self.markets.values() if symbol in each.exchange.instruments)
        return found

    def quantity(self, symbol: str) -> Decimal:
        return self.market_of(symbol).exchange.position(TRADER, symbol).quantity

    def stops(self, symbol: str) -> list[Order]:
        """What rests at the venue: stops, since the bot places nothing else that could rest."""
        return self.market_of(symbol).exchange.open_orders(TRADER, symbol)

    def held(self) -> list[str]:
        """The symbols of all open positions."""
        return [symbol for market in self.markets.values() for symbol in market.held()]

    def unknown_orders(self) -> list[str]:
        """Orders at the venues of which the bot knows neither id."""
        known = dict.fromkeys(self.bot.believes()["orders"])
        return [
            f"{name} {order.symbol} {order.order_id}"
            for name, market in self.markets.items()
            for order in market.exchange.orders(TRADER)
            if not market.kind.own_making(order)
            and market.kind.order_id(order.order_id) not in known
            and order.client_order_id not in known
        ]

    # what the bot believes

    def rows(self, symbol: str | None = None) -> list[tuple[str, str]]:
        """Symbol and status."""
        rows = self.bot.believes()["rows"]
        return [(r["symbol"], r["status"]) for r in rows if symbol in (None, r["symbol"])]

    def believed(self) -> dict[str, float]:
        """The positions that the bot believes to hold, negative for shorts."""
        sign = {"BUY": 1, "SELL": -1}
        return {
            each["symbol"]: sign[each["side"]] * each["quantity"]
            for each in self.bot.believes()["positions"]
        }

    def events(self, event_type: str) -> list[str]:
        """The symbols of the events of a type, in their order."""
        return [
            event["event_data"]["symbol"]
            for event in self.bot.believes()["events"]
            if event["event_type"] == event_type
        ]


MakeTrading = Callable[..., Trading]


@pytest.fixture
def make_trading() -> Iterator[MakeTrading]:
    """Makes the test's world with a bot of a version, started; then it is second 10."""
    with ExitStack() as stack:
        yield partial(_make, stack)


def _make(
    stack: ExitStack,
    version: str = "current",
    *,
    binance: Sequence[Listing] = (),
    bybit: Sequence[Listing] = (),
    behaviours: Mapping[str, Behaviour] | None = None,
    leverage: int = 20,
    one_way_ns: int | None = None,
    waves: bool = False,
    close_after_batch: bool = False,
    **settings: object,
) -> Trading:
    """A venue is there if it lists something; with `waves` the bot fetches its signals itself."""
    world = stack.enter_context(World(seed=1, start=START))
    assert world.env.start_ns == START_NS
    lines = Lines()
    start_s = datetime.fromisoformat(START).timestamp()

    def hear(record: logging.LogRecord) -> None:
        if record.name.split(".")[0] in ("core", "websocket"):
            lines.records.append((record.created - start_s, record))

    world.log_listeners.append(hear)
    world.host("bot")
    listed = {name: each for name, each in (("binance", binance), ("bybit", bybit)) if each}
    behaviours = behaviours or {}
    markets = {
        name: _market(world, name, listings, behaviours.get(name, Behaviour()), leverage)
        for name, listings in listed.items()
    }
    signals_wire: list[dict[str, Any]] = []
    server = SignalServer(
        TOKEN, close_after_batch=close_after_batch, record=_recorder(world, signals_wire)
    )
    world.run_until(world.host("signals").start(server.start()))
    for host, (there_ns, back_ns) in ONE_WAY.items():
        there_ns, back_ns = one_way_ns or there_ns, one_way_ns or back_ns
        if host == "signals" or any(host in market.kind.hosts for market in markets.values()):
            world.network.link("bot", host, there=Fixed(there_ns), back=Fixed(back_ns))
    given = {
        "version": version,
        "credentials": {name: KEYS[name] for name in markets},
        **({"signal_server": "ws://signals/", "signal_token": TOKEN} if waves else {}),
        **settings,
    }
    trading = Trading(world, markets, server, signals_wire, lines, given)
    stack.callback(trading.stop)
    trading.start()
    trading.run_to(max(10, trading.now_s))
    for market in markets.values():
        market.wire.clear()
    return trading


def _market(
    world: World, name: str, listings: Sequence[Listing], behaviour: Behaviour, leverage: int
) -> Market:
    known = kind(name)
    exchange = known.make_exchange(
        world.env,
        listings,
        streams=world.streams,
        name=name,
        visibility=Visibility(world.env, behaviour.visibility, world.streams, name),
    )
    exchange.open_account(TRADER, Decimal(1000), leverage)
    wire: list[dict[str, Any]] = []
    around = Surroundings(
        env=world.env,
        exchange=exchange,
        name=name,
        behaviour=behaviour,
        streams=world.streams,
        accounts=[Credentials(account=TRADER, **KEYS[name])],
        record=_recorder(world, wire),
    )
    venue = known.make_venue(around, PROFILES[name])
    exchange.start()
    host = world.host(name, names=known.hosts)
    world.run_until(host.start(venue.start()))
    return Market(known, exchange, venue, wire)


def _recorder(world: World, wire: list[dict[str, Any]]) -> Callable[..., None]:
    def record(kind: str, **fields: Any) -> None:
        wire.append({"kind": kind, "at": world.env.elapsed_ns / S, **fields})

    return record
