"""Real servers, and a world in which they may be reached. Skipped where there are none; in CI that
is a failure."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

from simulator import World
from tests.neighbours import servers
from tests.neighbours.servers import Server

START = "2025-10-28T22:34:00+04:00"


def missing(what: str) -> None:
    """Skips the test for want of a server, with the reason; where there has to be one, in CI, fails
    it."""
    reason = f"no {what} on this machine: apt install it, or the development dependencies"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def _levels_as_before() -> Iterator[None]:
    """The loggers of scripts are those of other tests too."""
    bot = logging.getLogger("bot")
    before = bot.level
    yield
    bot.setLevel(before)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    if servers.postgres_programs() is None:
        missing("postgres")
    with servers.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[Server]:
    if servers.redis_program() is None:
        missing("redis-server")
    with servers.redis() as server:
        yield server


@pytest.fixture
def world() -> Iterator[World]:
    with World(seed=1, start=START) as world:
        world.host("bot")
        yield world


@pytest.fixture
def doomed() -> Iterator[Server]:
    """A Postgres of the test's own, to be killed."""
    if servers.postgres_programs() is None:
        missing("postgres")
    with servers.postgres() as server:
        yield server


@pytest.fixture
def protected() -> Iterator[Server]:
    """A Postgres whose user `bot` has a password, `correct-horse`, told by SCRAM."""
    if servers.postgres_programs() is None:
        missing("postgres")
    with servers.postgres(password="correct-horse") as server:
        yield server
