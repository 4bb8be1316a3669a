"""A venue behind a respx router, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any

import freezegun.api as frozen
import pytest
import respx
from freezegun import freeze_time

from replay.default_venues import default_part
from replay.pytest_plugin import options
from replay.pytest_plugin.venue import SimulatedVenue
from replay.stage import BOT, make_venue
from scenarios.markets import Venue as VenuePart
from scenarios.units import Start
from simulator.clock import Clock, parse_start
from simulator.randomness import Streams
from simulator.respx_router import mount
from simulator.trace import Trace
from simulator.venues import kind

_NS_PER_US = 1_000
_US = timedelta(microseconds=1)
_EPOCH = frozen.real_datetime(1970, 1, 1)


@contextmanager
def venue_router(
    name: str,
    *,
    start: str | datetime = options.START,
    seed: int = 1,
    part: VenuePart | None = None,
) -> Iterator[SimulatedVenue]:
    """Has respx answer for the venue `name` within the block, straight from its model.

    Where nobody has frozen the time, it is frozen at `start`; it passes by `advance`, by freezegun
    and by the venue's own delays only. Raises KeyError for a name that is no venue's.
    """
    known = kind(name)
    part = default_part(name) if part is None else part
    start_ns, utc_offset_s = parse_start(start)
    env = Clock(start_ns)
    trace = Trace(env)

    def record(event: str, **fields: Any) -> None:
        trace.record(event, name, **fields)

    venue, keys = make_venue(
        name, part, env=env, streams=Streams(seed), record=record, hide=trace.hide
    )
    clock = _FrozenClock(env)
    with ExitStack() as stack:
        if not frozen.freeze_factories:
            # Loops of asyncio keep their own time: a frozen one would sleep for ever.
            offset = timedelta(seconds=utc_offset_s)
            moment = _EPOCH + start_ns // _NS_PER_US * _US
            # And pytest measures with the real clock.
            frozen_here = freeze_time(
                moment, tz_offset=offset, real_asyncio=True, ignore=["_pytest.timing"]
            )
            stack.enter_context(frozen_here)
        router = stack.enter_context(respx.mock(assert_all_called=False))
        mount(router, venue, known.hosts, clock)
        yield SimulatedVenue(
            name=name,
            hosts=known.hosts,
            api_key=keys[BOT].api_key,
            secret=keys[BOT].secret,
            start=Start(text="", ns=start_ns, utc_offset_s=utc_offset_s),
            router=router,
            _part=part,
            _venue=venue,
            _pass_ns=clock.pass_ns,
        )


@contextmanager
def routed(request: pytest.FixtureRequest, name: str) -> Iterator[SimulatedVenue]:
    """As the fixtures have it: from the test's frozen time on, with the configured seed."""
    if "world" in request.fixturenames:
        pytest.fail(
            f"{request.node.nodeid}: {name}_router is for tests without a world; in one, use the "
            f"fixture {name}",
            pytrace=False,
        )
    found, given = options.read(request.config), options.given_seed(request.config)
    with venue_router(
        name,
        start=options.frozen_start(request.function) or found.start,
        seed=found.seed if given is None else given,
    ) as venue:
        yield venue


class _FrozenClock:
    """The venue's clock goes along with freezegun's, whoever of the two is moved."""

    def __init__(self, env: Clock) -> None:
        self._env = env

    def now_ns(self) -> int:
        return self._env.now

    def pass_ns(self, duration_ns: int) -> None:
        if duration_ns:
            span = timedelta(microseconds=duration_ns / _NS_PER_US)
            factories: list[Any] = list(frozen.freeze_factories)
            for factory in factories:
                factory.tick(span)
            self._env.pass_ns(duration_ns)
        # None where somebody ended his own freeze_time inside: then the venue's stands still.
        for factory in frozen.freeze_factories[-1:]:
            wall_ns = (factory() - _EPOCH) // _US * _NS_PER_US
            if wall_ns > self._env.now:
                self._env.pass_ns(wall_ns - self._env.now)
