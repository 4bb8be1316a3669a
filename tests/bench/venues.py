"""A world with Binance in it and a bot's machine, for the benchmarks."""

from __future__ import annotations

from decimal import Decimal

from simulator import World
from simulator.binance import OCTOBER_2025_ALGO, Binance, Credentials
from simulator.exchange.behaviour import Behaviour
from simulator.exchange.exchange import Exchange
from simulator.exchange.instruments import Instrument
from simulator.exchange.listings import Listing
from simulator.exchange.prices import RandomWalk
from simulator.wire.surroundings import Surroundings

API_KEY = "bench-key-" + "k" * 54
SECRET = "bench-secret-" + "s" * 51


def listing(symbol: str) -> Listing:
    """A symbol that walks in steps of a second."""
    instrument = Instrument(
        symbol=symbol,
        base=symbol.removesuffix("USDT"),
        tick_size=Decimal("0.00001"),
        step_size=Decimal(1),
        min_price=Decimal("0.00001"),
        max_price=Decimal(1_000),
        min_quantity=Decimal(1),
        max_quantity=Decimal(10_000_000),
        max_market_quantity=Decimal(10_000_000),
        min_notional=Decimal(5),
    )
    return Listing(instrument=instrument, prices=RandomWalk(start=Decimal("0.02000")))


def add_binance(world: World, symbols: list[str]) -> Exchange:
    """The venue as a host of the world, serving, everything it does in the trace."""
    exchange = Exchange(
        world.env, [listing(symbol) for symbol in symbols], streams=world.streams, name="binance"
    )
    exchange.open_account("bot", Decimal(1_000_000))
    exchange.start()

    def record(kind: str, **fields: object) -> None:
        world.trace.record(kind, "binance", **fields)

    around = Surroundings(
        env=world.env,
        exchange=exchange,
        name="binance",
        behaviour=Behaviour(limits=()),
        streams=world.streams,
        accounts=[Credentials(account="bot", api_key=API_KEY, secret=SECRET)],
        record=record,
    )
    venue = Binance(around, OCTOBER_2025_ALGO)
    host = world.host("binance", names=Binance.HOSTS)
    world.run_until(host.start(venue.start()))
    return exchange
