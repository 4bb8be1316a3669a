"""The venue as a host of a world, and a bot's machine."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from simulator.bybit import Bybit, Credentials
from simulator.bybit.kind import KIND
from simulator.exchange.behaviour import Behaviour
from simulator.exchange.instruments import Instrument
from simulator.exchange.listings import BookShape, Listing
from simulator.exchange.prices import Constant, PricePath
from simulator.exchange.visibility import Visibility
from simulator.wire.surroundings import Surroundings
from tests.venue_world import MakeWorld, Records, VenueWorld, one_at_a_time, opened

START_NS = 1_757_405_570_000_000_000  # 2025-09-09 12:12:50 +04:00
MS = 1_000_000
S = 1_000_000_000
API_KEY = "Xk7mPq2vT9wBz4cRn1"
SECRET = "aJ3sLd8fGh5kWq0eRt6yUi2oPz9xCv4bNm7Q"
TRADER = Credentials(account="trader", api_key=API_KEY, secret=SECRET)

BTC = Instrument(
    symbol="BTCUSDT",
    base="BTC",
    tick_size=Decimal("0.10"),
    step_size=Decimal("0.001"),
    min_price=Decimal("0.10"),
    max_price=Decimal("1999999.80"),
    min_quantity=Decimal("0.001"),
    max_quantity=Decimal("1190.000"),
    max_market_quantity=Decimal("500.000"),
    min_notional=Decimal("5"),
    max_leverage=100,
    market_take_bound=Decimal("0.05"),
)
ETH = Instrument(
    symbol="ETHUSDT",
    base="ETH",
    tick_size=Decimal("0.01"),
    step_size=Decimal("0.01"),
    min_price=Decimal("0.01"),
    max_price=Decimal("199999.98"),
    min_quantity=Decimal("0.01"),
    max_quantity=Decimal("7240.00"),
    max_market_quantity=Decimal("1450.00"),
    min_notional=Decimal("5"),
    max_leverage=100,
)


def listings(btc: PricePath, mark: PricePath | None) -> list[Listing]:
    """BTC at 99,499.90, so that it is bought at 99,500; ETH at 4,300, two at the best level."""
    deep = BookShape(levels=60)
    return [
        Listing(instrument=BTC, prices=btc, mark=mark, book=deep),
        Listing(
            instrument=ETH,
            prices=Constant(Decimal("4300")),
            book=BookShape(quantity=Decimal(2)),
        ),
    ]


@pytest.fixture
def make_world() -> Iterator[MakeWorld]:
    """Makes the test's world, entered until the test ends or makes another."""
    with one_at_a_time() as enter:

        def make(
            *,
            behaviour: Behaviour | None = None,
            btc: PricePath | None = None,
            mark: PricePath | None = None,
        ) -> VenueWorld:
            world = enter(START_NS)
            env, streams, behaviour = world.env, world.streams, behaviour or Behaviour()
            exchange = KIND.make_exchange(
                env,
                listings(btc or Constant(Decimal("99499.90")), mark),
                streams=streams,
                name="bybit",
                visibility=Visibility(env, behaviour.visibility, streams, "bybit"),
            )
            exchange.open_account("trader", Decimal(10_000), 10)
            exchange.start()
            records: Records = []
            around = Surroundings(
                env=env,
                exchange=exchange,
                name="bybit",
                behaviour=behaviour,
                streams=streams,
                accounts=[TRADER],
                record=lambda kind, **fields: records.append((kind, {"t": env.now, **fields})),
            )
            return opened(world, exchange, Bybit(around), records, Bybit.HOSTS)

        yield make
