"""Margin of one account at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """What an account's positions and resting orders bind, in the settle asset."""

    wallet: Decimal
    unrealized_pnl: Decimal
    initial: Decimal
    """Of the positions: value at mark price over leverage."""
    orders: Decimal
    """What resting orders would add to it if one side of each symbol filled."""
    maintenance: Decimal

    @property
    def equity(self) -> Decimal:
        return self.wallet + self.unrealized_pnl

    @property
    def available(self) -> Decimal:
        """Free for new orders; never below zero."""
        return max(Decimal(0), self.free)

    @property
    def free(self) -> Decimal:
        """As `available`, but below zero where more is bound than there is."""
        return self.wallet + self.unrealized_pnl - self.initial - self.orders


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolMargin:
    """One symbol's part of it."""

    initial: Decimal
    orders: Decimal
    maintenance: Decimal
    unrealized_pnl: Decimal
