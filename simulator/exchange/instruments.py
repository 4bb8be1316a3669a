"""What can be traded, and the filters an order has to pass."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A linear perpetual. Prices and quantities are decimals, never floats."""

    symbol: str
    """The venue's id, `SKLUSDT`."""
    base: str
    quote: str = "USDT"
    tick_size: Decimal
    step_size: Decimal
    min_price: Decimal
    max_price: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    max_market_quantity: Decimal
    min_notional: Decimal
    max_leverage: int = 50
    band_up: Decimal = Decimal("1.1")
    """A limit buy may cost at most `band_up` times the mark price."""
    band_down: Decimal = Decimal("0.9")
    """A limit sell must bring at least `band_down` times the mark price."""
    market_take_bound: Decimal = Decimal("0.1")
    """How far from the mark price a market order may trade, as a share of it."""
    maintenance_margin_rate: Decimal = Decimal("0.01")
    max_open_orders: int = 200
    trading: bool = True
    closing: bool = False
    """About to be delisted: takes orders that reduce a position, and no others."""
    spot: bool = False
    """The venue also lists a spot market with the same id."""

    @property
    def price_decimals(self) -> int:
        return max(0, -int(self.tick_size.normalize().as_tuple().exponent))

    @property
    def quantity_decimals(self) -> int:
        return max(0, -int(self.step_size.normalize().as_tuple().exponent))
