"""The world of one test: entered, with the venues that its fixtures or its mark ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from replay.default_venues import default_part
from replay.pytest_plugin import marks, options
from replay.pytest_plugin.running import bot_host, checked
from replay.pytest_plugin.venue import LATENCY_NS, SimulatedVenue
from replay.stage import BOT, Account, Stage, add_venue, set_up
from scenarios.markets import Venue as VenuePart
from scenarios.stimuli import Signal
from scenarios.types import nearest
from scenarios.units import Start
from simulator import InputError, World
from simulator.distributions import Fixed
from simulator.venues import NAMES, kind


@dataclass(slots=True)
class Staged:
    """What a test runs in."""

    world: World
    marked: marks.Marked | None
    stage: Stage | None
    venues: dict[str, SimulatedVenue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedScenario:
    """What the fixture `scenario` gives."""

    name: str
    title: str
    version: str
    settings: Mapping[str, Any] = field(repr=False)
    """What `replay run` would tell its bot: the settings of this version, and the credentials."""
    signals: tuple[Signal, ...] = field(repr=False)
    """Its stimulus, which does not come by itself."""


KEY: pytest.StashKey[Staged] = pytest.StashKey()


@contextmanager
def entered(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world for this test, with its scenario's stage if it is marked with one."""
    node, config = request.node, request.config
    with _told_without_traceback(request):
        marked = marks.read(node)
        found = options.read(config)
    seed, start = found.seed, options.frozen_start(request.function) or found.start
    if marked is not None:
        scenario = marked.scenario
        seed, start = scenario.seed, scenario.start.text
        if marked.seed is not None:
            seed = marked.seed
    for name in NAMES:
        if name in request.fixturenames or (marked is not None and name in scenario.venues):
            kind(name)  # imported before time is virtual, as for every later test of this process
    given = options.given_seed(config)
    with World(seed=seed if given is None else given, start=start) as world:
        world.limit_ns = world.env.start_ns + found.time_limit_ns
        stage = None if marked is None else set_up(marked.scenario, world)
        node.stash[KEY] = Staged(world, marked, stage)
        yield world


def venue(request: pytest.FixtureRequest, world: World, name: str) -> SimulatedVenue:
    """The venue of the test's scenario, or one of its own."""
    with _told_without_traceback(request):
        staged = _staged(request, world)
        if name not in staged.venues:
            staged.venues[name] = _venue(staged, name)
    return staged.venues[name]


def staged(request: pytest.FixtureRequest) -> StagedScenario:
    """The scenario that the test is marked with."""
    found = request.node.stash.get(KEY, None)
    if found is None or found.marked is None or found.stage is None:
        pytest.fail(
            'the fixture `scenario` needs a mark: @pytest.mark.scenario("sklusdt")', pytrace=False
        )
    marked, stage = found.marked, found.stage
    scenario = marked.scenario
    return StagedScenario(
        name=scenario.name,
        title=scenario.title,
        version=marked.version,
        settings={
            **stage.bot_settings,
            **scenario.bot.settings_for(marked.version),
            "version": marked.version,
            "credentials": stage.credentials,
        },
        signals=scenario.signals,
    )


def _staged(request: pytest.FixtureRequest, world: World) -> Staged:
    """Where somebody's own fixture `world` stands in for ours, there is no stage yet."""
    node = request.node
    found: Staged | None = node.stash.get(KEY, None)
    if found is None or found.world is not checked(world):
        if node.get_closest_marker("scenario") is not None:
            raise InputError(
                "mark scenario: the fixture `world` is one of your own, which no scenario is set "
                "up in; leave out the mark or the fixture"
            )
        found = node.stash[KEY] = Staged(checked(world), None, None)
    return found


def _venue(staged: Staged, name: str) -> SimulatedVenue:
    world, marked = staged.world, staged.marked
    if marked is not None and name not in marked.scenario.venues:
        known = list(marked.scenario.venues)
        raise InputError(
            f"fixture {name}: the scenario {marked.scenario.name} has no such venue; "
            f"{nearest(name, known)}"
        )
    part: VenuePart
    if marked is not None:
        part = marked.scenario.venues[name]
    else:
        part = default_part(name)
        if staged.stage is None:
            staged.stage = Stage(world, bot_host(world), {BOT: Account()})
        add_venue(staged.stage, name, part)
        world.network.link(BOT, name, latency=Fixed(LATENCY_NS))
    assert staged.stage is not None
    keys = staged.stage.credentials[name]
    return SimulatedVenue(
        name=name,
        hosts=kind(name).hosts,
        api_key=keys["api_key"],
        secret=keys["secret"],
        start=Start(text="", ns=world.env.start_ns, utc_offset_s=world.utc_offset_s),
        _part=part,
        _venue=staged.stage.venues[name],
        _pass_ns=world.block,
    )


@contextmanager
def _told_without_traceback(request: pytest.FixtureRequest) -> Iterator[None]:
    """What is wrong with a test's own words is told with its place, and no frames of ours."""
    try:
        yield
    except InputError as error:
        file, line, _ = request.node.location
        text = f"{file}:{line + 1}: {error}"
        raise pytest.fail.Exception(text, pytrace=False) from None
