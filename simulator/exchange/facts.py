"""What happens in the model, told to whoever listens, in the order in which it happens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from simulator.exchange.orders import Fill, Order
from simulator.exchange.positions import Position, Wallet
from simulator.exchange.rejections import Reason


class OrderChange(Enum):
    ACCEPTED = "ACCEPTED"
    """Entered the book, or, for a conditional order, began to wait for its trigger."""
    TRIGGERED = "TRIGGERED"
    """A conditional order's trigger price was reached; its execution follows at once."""
    FILLED = "FILLED"
    """One fill, partial or last; `fill`, `position` and `wallet` are set."""
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    """A conditional order that was triggered and could not be executed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFact:
    """A change of one order; a fill carries the position and the wallet that it left."""

    time_ns: int
    account: str
    change: OrderChange
    order: Order
    fill: Fill | None = None
    position: Position | None = None
    wallet: Wallet | None = None
    refusal: Reason | None = None
    """Why, for REJECTED."""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageFact:
    time_ns: int
    account: str
    symbol: str
    leverage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFact:
    """A new last and mark price of a symbol is in force."""

    time_ns: int
    symbol: str


Fact = OrderFact | LeverageFact | PriceFact
