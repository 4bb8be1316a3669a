"""What the user may set, read and checked."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from scenarios.units import Unusable, parse_duration, parse_start

SEED = "1"
START = "2026-01-01T00:00:00+00:00"
TIME_LIMIT = "6 h"


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


check = read


def given_seed(config: pytest.Config) -> int | None:
    """The seed that the command line sets above all others."""
    seed: int | None = config.getoption("--world-seed")
    return seed


def _seed(config: pytest.Config) -> int:
    text = config.getini("world_seed") or SEED
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
    text = config.getini("world_time_limit") or TIME_LIMIT
    try:
        return parse_duration(text, positive=True)
    except Unusable as error:
        raise _unusable("world_time_limit", text, error.rule, error.cure) from None


def _unusable(name: str, value: str, rule: str, cure: str) -> pytest.UsageError:
    return pytest.UsageError(f"ini option {name}: {value} — {rule}; {cure}")
