"""What was so at a venue over time, whoever could see it when."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from replay.evidence import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMoment:
    """One change of one order. `change` is an OrderChange's, or RESTING for one there before."""

    time_ns: int  # since the epoch
    change: str
    symbol: str
    order_id: str  # as the venue writes it
    client_order_id: str
    side: str
    type: str
    quantity: Decimal
    filled: Decimal
    open: bool  # whether the order goes on after this
    conditional: bool  # whether it waits, or waited, for a trigger price
    price: Decimal | None = None  # of the fill, else the trigger, else the limit


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueTruth:
    """One account at one venue during one run, by time."""

    venue: str
    orders: tuple[OrderMoment, ...] = ()
    positions: tuple[Interval, ...] = ()
