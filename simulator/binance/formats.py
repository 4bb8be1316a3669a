"""Numbers as the venue writes them.

REST orders are padded as the tick and the step are written (`"price":"0.4720"`), a zero is `"0"`;
an average price has five decimals, money eight. ORDER_TRADE_UPDATE drops trailing zeros of what
the client sent, TRADE_LITE pads it.
"""

from __future__ import annotations

from decimal import Decimal

from simulator.exchange.instruments import Instrument

_MS = 1_000_000


def padded(value: Decimal | None, decimals: int) -> str:
    """With exactly so many decimals; nothing and zero are `0`."""
    return f"{value:.{decimals}f}" if value else "0"


def fixed(value: Decimal, decimals: int) -> str:
    """With exactly so many decimals, also a zero."""
    return f"{value:.{decimals}f}"


def plain(value: Decimal | None) -> str:
    """Without trailing zeros or an exponent; nothing and zero are `0`."""
    return f"{value.normalize():f}" if value else "0"


def money(value: Decimal) -> str:
    """Eight decimals; zero is `0`, also what rounds to it."""
    text = f"{value:.8f}"
    return "0" if text in ("0.00000000", "-0.00000000") else text


def wide(value: Decimal, decimals: int = 12) -> str:
    """At most so many decimals, without trailing zeros."""
    return plain(Decimal(f"{value:.{decimals}f}")) if value else "0"


def price_places(instrument: Instrument) -> int:
    """Decimals of a padded price: as many as the tick is written with (`0.10` has two)."""
    return max(0, -int(instrument.tick_size.as_tuple().exponent))


def quantity_places(instrument: Instrument) -> int:
    """Decimals of a padded quantity, by the step as it is written."""
    return max(0, -int(instrument.step_size.as_tuple().exponent))


def ms(time_ns: int | None) -> int:
    """Nanoseconds as the venue's whole milliseconds; nothing is 0."""
    return time_ns // _MS if time_ns else 0
