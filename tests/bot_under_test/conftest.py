"""The bot at production URLs, in a world with the venue and a round trip of 350 ms."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from bot_under_test.adapter import create
from simulator.binance import OCTOBER_2025_ALGO, Binance, Credentials, Profile
from simulator.distributions import Fixed
from simulator.exchange.behaviour import Behaviour
from simulator.exchange.exchange import Exchange
from simulator.exchange.instruments import Instrument
from simulator.exchange.listings import BookShape, Listing
from simulator.exchange.orders import Order
from simulator.exchange.prices import Constant, PricePath
from simulator.exchange.visibility import Visibility
from simulator.wire.surroundings import Surroundings
from simulator.world import World

START = "2025-10-28T22:34:00+04:00"
START_NS = 1_761_676_440_000_000_000
MS = 1_000_000
S = 1_000_000_000
ROUND_TRIP_S = 0.350
API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"

BUY_308 = {"id": "1", "symbol": "SKLUSDT", "side": "BUY", "quantity": 308.0}
SELL_27 = {"id": "2", "symbol": "VELVETUSDT", "side": "SELL", "quantity": 27.0}


def _instrument(symbol: str, tick: str) -> Instrument:
    return Instrument(
        symbol=symbol,
        base=symbol.removesuffix("USDT"),
        tick_size=Decimal(tick),
        step_size=Decimal(1),
        min_price=Decimal(tick),
        max_price=Decimal(200),
        min_quantity=Decimal(1),
        max_quantity=Decimal(10_000_000),
        max_market_quantity=Decimal(5_000_000),
        min_notional=Decimal(5),
    )


@dataclass
class Lines:
    """What the bot logged, hidden levels too, each with the seconds since the world's start."""

    records: list[tuple[float, logging.LogRecord]] = field(default_factory=list)

    def times(self, phrase: str) -> list[float]:
        """When a line with the phrase was logged, in seconds."""
        return [at for at, record in self.records if phrase in record.getMessage()]

    def time(self, phrase: str) -> float:
        """When the only line with the phrase was logged."""
        (at,) = self.times(phrase)
        return at

    def texts(self, phrase: str) -> list[str]:
        return [r.getMessage() for _, r in self.records if phrase in r.getMessage()]

    def order_of(self, *phrases: str) -> list[str]:
        """The phrases in the order of their first lines."""
        firsts = [(self._first(phrase), phrase) for phrase in phrases]
        return [phrase for _, phrase in sorted(firsts)]

    def _first(self, phrase: str) -> int:
        for index, (_, record) in enumerate(self.records):
            if phrase in record.getMessage():
                return index
        raise AssertionError(f"no line with {phrase!r}")


@dataclass
class Trading:
    """A bot, its venue, and what both did."""

    world: World
    exchange: Exchange
    venue: Binance
    settings: dict[str, object]
    lines: Lines
    wire: list[dict[str, Any]]

    def __post_init__(self) -> None:
        self.bot = create(self.settings)

    # driving

    def start(self) -> None:
        self.world.run_until(self.world.hosts["bot"].start(self.bot.start()))

    def deliver(self, signal: dict[str, object]) -> None:
        """Hands a signal over and lets the world go on until the opening has ended."""
        self.world.run_until(self.world.hosts["bot"].start(self.bot.deliver(signal)))

    def begin(self, signal: dict[str, object]) -> None:
        """Hands a signal over, without waiting for the end."""
        self.opening = self.world.hosts["bot"].start(self.bot.deliver(signal))

    def run_for(self, seconds: float) -> None:
        self.world.run_for(seconds)

    def run_until_line(self, phrase: str) -> None:
        """Lets the world go on until the bot logs a line with the phrase."""
        before = len(self.lines.times(phrase))
        self.world.run_until(lambda: len(self.lines.times(phrase)) > before)

    def stop(self) -> None:
        self.world.run_until(self.world.hosts["bot"].start(self.bot.stop()))

    def restart(self, **changes: object) -> None:
        """A new process of the same bot, after the old one has ended."""
        self.stop()
        self.settings = {**self.settings, **changes}
        self.bot = create(self.settings)
        self.start()

    # looking

    @property
    def now_s(self) -> float:
        return self.world.env.elapsed_ns / S

    def quantity(self, symbol: str = "SKLUSDT") -> Decimal:
        """The position at the venue, as it truly is."""
        return self.exchange.position("trader", symbol).quantity

    def stops(self, symbol: str = "SKLUSDT") -> list[Order]:
        """The conditional orders that rest at the venue."""
        return self.exchange.open_orders("trader", symbol)

    def rows(self) -> list[tuple[str, str]]:
        return [(row["symbol"], row["status"]) for row in self.bot.believes()["rows"]]

    def requests(self, path: str) -> list[dict[str, Any]]:
        """The requests that reached the venue, by the end of their path."""
        return [
            record
            for record in self.wire
            if record["kind"] == "request" and str(record.get("path", "")).endswith(path)
        ]


MakeTrading = Callable[..., Trading]


@pytest.fixture
def make_trading() -> Iterator[MakeTrading]:
    """Makes the test's world with a bot of a version, started; then it is second 10."""
    with ExitStack() as stack:

        def make(version: str = "current", **options: Any) -> Trading:
            return _make(stack, version, **options)

        yield make


def _make(
    stack: ExitStack,
    version: str,
    *,
    behaviour: Behaviour | None = None,
    profile: Profile = OCTOBER_2025_ALGO,
    paths: dict[str, PricePath] | None = None,
    book: BookShape | None = None,
    started: bool = True,
    **settings: object,
) -> Trading:
    world = stack.enter_context(World(seed=1, start=START))
    lines = Lines()
    start_s = datetime.fromisoformat(START).timestamp()

    def hear(record: logging.LogRecord) -> None:
        if record.name.split(".")[0] in ("core", "websocket"):
            lines.records.append((record.created - start_s, record))

    world.log_listeners.append(hear)
    trading = _trading(world, lines, version, behaviour, profile, paths, book, settings)
    stack.callback(trading.stop)
    if started:
        trading.start()
        world.run_until(max(world.env.now, world.env.start_ns + 10 * S))
    return trading


def _listings(paths: dict[str, PricePath], book: BookShape | None) -> list[Listing]:
    shape = book or BookShape(quantity=Decimal(1_000_000), refill_ns=0)
    return [
        Listing(
            instrument=_instrument("SKLUSDT", "0.00001"),
            prices=paths.get("SKLUSDT", Constant(Decimal("0.01946"))),
            book=shape,
            next_order_id=9_441_827_301,
        ),
        Listing(
            instrument=_instrument("VELVETUSDT", "0.00001"),
            prices=paths.get("VELVETUSDT", Constant(Decimal("0.21824"))),
            book=shape,
            next_order_id=392_129_879,
        ),
    ]


def _trading(
    world: World,
    lines: Lines,
    version: str,
    behaviour: Behaviour | None,
    profile: Profile,
    paths: dict[str, PricePath] | None,
    book: BookShape | None,
    settings: dict[str, object],
) -> Trading:
    behaviour = behaviour or Behaviour()
    exchange = Exchange(
        world.env,
        _listings(paths or {}, book),
        streams=world.streams,
        name="binance",
        visibility=Visibility(world.env, behaviour.visibility, world.streams, "binance"),
    )
    exchange.open_account("trader", Decimal(1000))
    exchange.start()
    wire: list[dict[str, Any]] = []
    around = Surroundings(
        env=world.env,
        exchange=exchange,
        name="binance",
        behaviour=behaviour,
        streams=world.streams,
        accounts=[Credentials(account="trader", api_key=API_KEY, secret=SECRET)],
        record=lambda kind, **fields: wire.append(
            {"kind": kind, "at": world.env.elapsed_ns / S, **fields}
        ),
    )
    venue = Binance(around, profile)
    host = world.host("venue", names=Binance.HOSTS)
    world.host("bot")
    world.network.link("bot", "fapi.binance.com", latency=Fixed(175 * MS))
    world.network.link("bot", "fstream.binance.com", there=Fixed(175 * MS), back=Fixed(173 * MS))
    world.run_until(host.start(venue.start()))
    given = {
        "version": version,
        "credentials": {"binance": {"api_key": API_KEY, "secret": SECRET}},
        "first_position_id": 3687,
        "tracked_symbols": ["RADUSDT"],
        **settings,
    }
    return Trading(world, exchange, venue, given, lines, wire)
