"""What an exchange lists: an instrument, its price path, and the book around the price."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.exchange.instruments import Instrument
from simulator.exchange.prices import PricePath


@dataclass(frozen=True, slots=True, kw_only=True)
class BookShape:
    """The depth on offer around the last price, the same on both sides.

    The best bid lies `spread_ticks // 2` ticks below the last price, the best ask `spread_ticks`
    above the best bid. Each further level is `step_ticks` away and offers `growth` times as much.
    """

    quantity: Decimal = Decimal(1000)
    """Offered at the best level, in the base asset."""
    levels: int = 20
    spread_ticks: int = 1
    step_ticks: int = 1
    growth: Decimal = Decimal("1.2")
    offset: Decimal = Decimal(0)
    """How far the book lies from the last price, as a share of it: fills far from the ticker."""
    refill_ns: int = 1_000_000_000
    """How long a quantity that was taken stays away; 0: it is never missed."""

    def __post_init__(self) -> None:
        if not self.quantity > 0:
            raise ValueError(f"book quantity must be above 0, was {self.quantity}")
        if not self.growth > 0:
            raise ValueError(f"book growth must be above 0, was {self.growth}")
        if not self.offset > -1:
            raise ValueError(f"book offset must be a share above -1, was {self.offset}")
        for name, value, least in (
            ("levels", self.levels, 1),
            ("spread_ticks", self.spread_ticks, 1),
            ("step_ticks", self.step_ticks, 1),
            ("refill_ns", self.refill_ns, 0),
        ):
            if value < least:
                raise ValueError(f"book {name} must be at least {least}, was {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One symbol as it is set up."""

    instrument: Instrument
    prices: PricePath
    book: BookShape = BookShape()
    mark: PricePath | None = None
    """Where the mark price goes its own way; otherwise it is the path's price off the tick."""
    next_order_id: int | None = None
    """The id the symbol's next order gets; None: the exchange counts."""
    daily_volume: Decimal = Decimal(1_000_000)
    """What the public tape trades in a day, in the base asset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """Shares of the traded value."""

    maker: Decimal = Decimal("0.0002")
    taker: Decimal = Decimal("0.0005")
