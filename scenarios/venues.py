"""What the venues know by name: their hosts, profiles and settings.

The venues are imported when a scenario names one, never before: listing the options of a command
must not wait for a web server's modules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from scenarios.types import VENUES, nearest
from scenarios.units import Unusable, parse_duration
from simulator.exchange.behaviour import FaultRule, matches

WINDOWS = ("order", "open_orders", "positions", "balance", "fills")
"""Queries whose answers can lag; the events of streams are windows as well."""

LAGGING_EVENTS = (
    "ACCOUNT_UPDATE",
    "ORDER_TRADE_UPDATE",
    "TRADE_LITE",
    "ALGO_UPDATE",
    "CONDITIONAL_ORDER_TRIGGER_REJECT",
    "ACCOUNT_CONFIG_UPDATE",
)


def check_window(pattern: str) -> None:
    """Raises Unusable for a pattern that no window fits: the rule would do nothing."""
    windows = [*WINDOWS, *(f"stream.{event}" for event in LAGGING_EVENTS)]
    if not any(matches(pattern, window) for window in windows):
        raise Unusable("no such window", nearest(pattern, windows))


def check_fault(rule: FaultRule) -> None:
    """Raises Unusable for a fault that the venue could not carry out."""
    from simulator.wire.fault_kinds import check_fault

    try:
        check_fault(rule)
    except ValueError as error:
        raise Unusable(str(error), "") from None


def host_names(venue: str) -> tuple[str, ...]:
    """The names a venue answers at, its own among them."""
    if venue not in VENUES:
        return (venue,)
    from simulator.binance import Binance

    return (venue, *Binance.HOSTS)


def profile_names(venue: str) -> tuple[str, ...]:
    """The states of the venue's API that can be asked for."""
    if venue not in VENUES:
        return ()
    from simulator.binance import PROFILES

    return tuple(PROFILES)


def read_setting(venue: str, name: str, value: object) -> tuple[str, object]:
    """A setting under the venue's own name: `listen_key_life: 60 min` is `listen_key_life_ns`.

    Raises Unusable for a name or value that the venue does not take.
    """
    from simulator.binance.settings import Settings

    known = [field.name for field in fields(Settings)]
    if f"{name}_ns" in known:
        name, value = f"{name}_ns", parse_duration(value)
    elif name not in known or name.endswith("_ns"):
        shown = [field.removesuffix("_ns") for field in known]
        raise Unusable(f"{venue} has no such setting", nearest(name.removesuffix("_ns"), shown))
    try:
        Settings.read({name: value})
    except ValueError as error:
        raise Unusable(str(error), "") from None
    return name, value


def read_settings(venue: str, settings: Mapping[str, object]) -> dict[str, object]:
    """All of them, as the venue's settings take them."""
    return dict(read_setting(venue, name, value) for name, value in settings.items())
