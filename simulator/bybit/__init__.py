"""Bybit v5 (category linear, unified account) at wire level, over the venue-neutral exchange."""

from simulator.bybit.profiles import NOVEMBER_2026, OCTOBER_2025, PROFILES, Profile
from simulator.bybit.venue import Bybit
from simulator.wire.credentials import Credentials

__all__ = ["NOVEMBER_2026", "OCTOBER_2025", "PROFILES", "Bybit", "Credentials", "Profile"]
