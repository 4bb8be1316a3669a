"""Positions and wallets, one-way mode: at most one signed position per symbol."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One position at one moment; `quantity` is signed, zero when flat."""

    account: str
    symbol: str
    quantity: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    """Signed quote value at entry: the exact sum, so that closing in parts loses nothing."""
    realized_pnl: Decimal = Decimal(0)
    """Since the account was opened, before fees."""
    updated_ns: int = 0

    @property
    def entry_price(self) -> Decimal:
        return self.cost / self.quantity if self.quantity else Decimal(0)

    def unrealized_pnl(self, mark_price: Decimal) -> Decimal:
        return self.quantity * mark_price - self.cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """One asset's balance at one moment, without unrealised profit."""

    account: str
    asset: str
    balance: Decimal
    updated_ns: int = 0
