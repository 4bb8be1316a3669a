"""What a test's world begins with: the user's settings, read and checked, and frozen time."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest

from scenarios.units import Unusable, parse_duration, parse_start

_SEED = "1"
START = "2026-01-01T00:00:00+00:00"
_TIME_LIMIT = "6 h"


class Options(NamedTuple):
    """As the ini file has it, or the defaults."""

    seed: int
    start: str
    time_limit_ns: int


def read(config: pytest.Config) -> Options:
    """Raises pytest.UsageError for a value that cannot be used."""
    return Options(
        seed=_seed(config),
        start=_start(config),
        time_limit_ns=_time_limit_ns(config),
    )


def given_seed(config: pytest.Config) -> int | None:
    """The seed that the command line sets above all others."""
    seed: int | None = config.getoption("--world-seed")
    return seed


def _seed(config: pytest.Config) -> int:
    text = config.getini("world_seed") or _SEED
    try:
        return int(text)
    except ValueError:
        raise _unusable("world_seed", text, "must be a whole number", "write 7") from None


def _start(config: pytest.Config) -> str:
    text: str = config.getini("world_start") or START
    try:
        return parse_start(text).text
    except Unusable as error:
        raise _unusable("world_start", text, error.rule, error.cure) from None


def _time_limit_ns(config: pytest.Config) -> int:
    text = config.getini("world_time_limit") or _TIME_LIMIT
    try:
        return parse_duration(text, positive=True)
    except Unusable as error:
        raise _unusable("world_time_limit", text, error.rule, error.cure) from None


def _unusable(name: str, value: str, rule: str, cure: str) -> pytest.UsageError:
    return pytest.UsageError(f"ini option {name}: {value} — {rule}; {cure}")


def frozen_start(function: Any) -> datetime | None:
    """The time that is frozen now, or that a decorator of the test will freeze; None for neither.

    With the local time zone that freezegun was given.
    """
    frozen: Any = sys.modules.get("freezegun.api")
    if frozen is None:
        return None
    if frozen.freeze_factories:
        return _aware(frozen.freeze_factories[-1](), frozen.tz_offsets[-1])
    while function is not None:
        # The decorators of freezegun keep what they freeze in their closures, and nowhere else.
        for cell in getattr(function, "__closure__", None) or ():
            try:
                freeze = cell.cell_contents
            except ValueError:  # a name that is not bound yet
                continue
            if isinstance(freeze, frozen._freeze_time):
                return _aware(freeze.time_to_freeze, freeze.tz_offset)
        function = getattr(function, "__wrapped__", None)
    return None


def _aware(utc: datetime, offset: timedelta) -> datetime:
    zone = timezone(offset)
    return (utc + offset).replace(tzinfo=zone)
