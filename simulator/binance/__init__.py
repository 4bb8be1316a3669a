"""Binance USD-M futures at wire level: REST and streams, over the venue-neutral exchange model."""

from simulator.binance.profiles import (
    NOVEMBER_2026,
    OCTOBER_2025,
    OCTOBER_2025_ALGO,
    PROFILES,
    Profile,
)
from simulator.binance.venue import Binance
from simulator.wire.credentials import Credentials

__all__ = [
    "NOVEMBER_2026",
    "OCTOBER_2025",
    "OCTOBER_2025_ALGO",
    "PROFILES",
    "Binance",
    "Credentials",
    "Profile",
]
