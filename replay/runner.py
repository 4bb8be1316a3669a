"""Takes one version of a bot once through one scenario.

The bot is a guest on a host of a world; what it did is read off its log records, what was true off
the venues' models, and both are judged by what the scenario expects.
"""

from __future__ import annotations

import json
import logging
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from replay import databases
from replay.evidence import Belief, Evidence, WaveOutcome
from replay.guest import Guest, factory
from replay.hidden import hidden_exceptions
from replay.invariants import longest_unprotected, waves_over_limit
from replay.judge import judge, outcome_of
from replay.logs import production_log
from replay.logs.milestones import MilestonePatterns, known, with_patterns
from replay.logs.milestones import load as load_patterns
from replay.logs.production_log import ProductionLog
from replay.programs import Program, ProgramGuest
from replay.result import BotEvent, Milestone, RunResult
from replay.stage import BOT, Stage, set_up
from replay.truth import VenueTruth
from replay.venue_moments import venue_moments
from scenarios import catalogue, loader
from scenarios.schema import Scenario
from simulator import World
from simulator.trace import digest_of


class _RealClock:
    """The real clock, kept where a world does not look for names to replace."""

    def __init__(self) -> None:
        self.read = perf_counter


_real_clock = _RealClock()


def names() -> Sequence[str]:
    """The name of every scenario there is, readable or not."""
    return catalogue.names()


def scenarios() -> Sequence[tuple[str, str]]:
    """Name and title of every scenario there is. Raises ScenarioError for one it cannot read."""
    return [(name, load(name).title) for name in names()]


def versions(name_or_path: str, /) -> tuple[str, ...]:
    """The bot versions a scenario speaks of."""
    return load(name_or_path).versions


def load(name_or_path: str) -> Scenario:
    """The scenario of that name, or in that file. Raises ScenarioError."""
    return catalogue.open_scenario(name_or_path, milestones=known().names, names_in=_names_in)


def load_text(text: str, file: str) -> Scenario:
    """The scenario in a text, as if it were the file of that name in the working directory. Raises
    ScenarioError."""
    return loader.load_text(
        text, file, milestones=known().names, names_in=_names_in, folder=Path.cwd()
    )


def _names_in(patterns: Path) -> tuple[str, ...]:
    return load_patterns(patterns).names


def run(
    name_or_path: str,
    /,
    *,
    version: str,
    seed: int | None = None,
    database: Path | str | None = None,
) -> RunResult:
    """One run; `seed` None takes the scenario's. The bot's database is kept in `database`, or not
    at all: a new file of SQLite, or a URL of Postgres. Raises SimulatorError for what ends a run
    early: an unusable scenario, a world that stalls or spins, time that runs out."""
    return play(load(name_or_path), name_or_path, version=version, seed=seed, database=database)


def play(
    scenario: Scenario,
    name_or_path: str,
    *,
    version: str,
    seed: int | None = None,
    database: Path | str | None = None,
    program: Program | None = None,
) -> RunResult:
    """As `run`, of a scenario that is loaded already, with a program as its bot if one is given."""
    began = _real_clock.read()
    seed = scenario.seed if seed is None else seed
    if ":" in version:
        scenario = scenario.with_factory(version)
    patterns = patterns_of(scenario)
    create = None if program else factory(scenario)  # before the world: what it imports is real
    logging_kept = _logging_kept() if program else _logging_as_in_production()
    chosen = databases.chosen(scenario, version, database, os.environ)
    with (
        databases.reserved(chosen),
        _lasting(scenario, chosen) as kept,
        logging_kept,
        World(seed=seed, start=scenario.start.text) as world,
    ):
        watch = _MilestoneWatch(patterns, world)  # before the stalls: they let time pass
        stage = set_up(scenario, world)
        _tell_database(stage, kept)
        guest: Guest | ProgramGuest
        if program is not None:
            guest = ProgramGuest(scenario, stage, program)
        else:
            assert create is not None
            guest = Guest(scenario, version, stage, create)
        guest.run()
        evidence = _evidence(scenario, stage, guest.believes(), guest.exit_code, tuple(watch.found))
        virtual_ns = world.env.elapsed_ns
    lines = tuple(world.trace.lines())
    entries = [json.loads(line) for line in lines]
    hidden = hidden_exceptions(entries, world.env.start_ns)
    production = _production(scenario, patterns)
    return RunResult(
        scenario=scenario.name,
        title=scenario.title,
        version=version,
        seed=seed,
        digest=digest_of(lines),
        start_ns=world.env.start_ns,
        utc_offset_s=world.utc_offset_s,
        virtual_ns=virtual_ns,
        real_s=_real_clock.read() - began,
        command=_command(name_or_path, version, seed, program),
        verdict=judge(scenario, version, evidence, hidden, guest.troubles),
        outcomes={symbol: outcome_of(symbol, evidence) for symbol in scenario.symbols},
        waves_over_limit=len(waves_over_limit(evidence, limit=scenario.invariants.wave_limit)),
        unprotected_ns=longest_unprotected(evidence),
        milestones=evidence.milestones,
        venue_moments=tuple(venue_moments(entries, world.env.start_ns)),
        production=production.milestones(),
        unread_log_lines=production.told_unread(),
        log_notes=production.notes,
        hidden=hidden,
        events=evidence.believed.events if evidence.believed else (),
        faults_fired={
            **{
                f"{venue}: {name}": count
                for venue, each in stage.venues.items()
                for name, count in each.faults.fired.items()
            },
            **guest.crashes_fired,
        },
        signals_lost=tuple(guest.signals_lost),
        unknown_hosts=tuple(
            dict.fromkeys(str(each["name"]) for each in entries if each["kind"] == "unknown_host")
        ),
        refusals=tuple(str(refusal) for refusal in world.refusals),
        over_budget=tuple(guest.over_budget),
        truth=tuple(
            VenueTruth(
                venue=venue,
                orders=each.order_moments(),
                positions=each.protection(stage.world.env.start_ns + virtual_ns),
            )
            for venue, each in stage.observers.items()
        ),
        trace=entries,
        trace_lines=lines,
    )


def _tell_database(stage: Stage, kept: str | None) -> None:
    if kept is not None:
        stage.bot_settings["database"] = kept
    if kept is not None and databases.is_url(kept):
        stage.bot_settings["database_schema"] = databases.SCHEMA
        stage.world.trace.hide(databases.password_in(kept))
        databases.make_neighbour(stage.world, kept)


@contextmanager
def _lasting(scenario: Scenario, database: str | None) -> Iterator[str | None]:
    """Where the bot's database is kept: where it was chosen to be; where the bot will be started
    again, at least in a file that lasts until then."""
    if database is not None or not any(crash.restart for crash in scenario.crash):
        yield database
        return
    with TemporaryDirectory() as folder:
        yield str(Path(folder) / "bot.db")


@contextmanager
def _logging_as_in_production() -> Iterator[None]:
    """The bot prints from INFO up, to nowhere: its lines are in the trace, the screen is ours."""
    root = logging.getLogger()
    level, nowhere = root.level, logging.NullHandler()
    root.setLevel(logging.INFO)
    root.addHandler(nowhere)
    try:
        yield
    finally:
        root.removeHandler(nowhere)
        root.setLevel(level)


@contextmanager
def _logging_kept() -> Iterator[None]:
    """What a program sets up of logging is gone with it."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def _evidence(
    scenario: Scenario,
    stage: Stage,
    believed: Mapping[str, Any] | None,
    exit_code: int | None,
    milestones: tuple[Milestone, ...],
) -> Evidence:
    """What is true at the end of the run, and what the bot holds to be true."""
    now_ns = stage.world.env.now
    observers = stage.observers.values()
    end_positions = {
        symbol: quantity for one in observers for symbol, quantity in one.positions().items()
    }
    return Evidence(
        protection=tuple(each for one in observers for each in one.protection(now_ns)),
        end_positions=end_positions,
        end_orders=tuple(order for one in observers for order in one.orders()),
        believed=None if believed is None else _belief(scenario, believed),
        milestones=milestones,
        waves=tuple(_waves(scenario, end_positions)),
        exit_code=exit_code,
        utc_offset_s=stage.world.utc_offset_s,
    )


def _belief(scenario: Scenario, believed: Mapping[str, Any]) -> Belief:
    return Belief(
        positions={
            scenario.name_of(each["venue"], each["symbol"]): _signed(each)
            for each in believed.get("positions", ())
        },
        orders=tuple(str(each) for each in believed.get("orders", ())),
        events=tuple(_event(each) for each in believed.get("events", ())),
    )


def _waves(scenario: Scenario, end_positions: Mapping[str, Decimal]) -> Iterator[WaveOutcome]:
    for stimulus in scenario.stimulus:
        if stimulus.wave is not None:
            names = [scenario.name_of(each.exchange, each.symbol) for each in stimulus.signals]
            positions = tuple(name for name in names if end_positions.get(name))
            yield WaveOutcome(time_ns=stimulus.wave_ns, positions=positions)


def _event(row: Mapping[str, Any]) -> BotEvent:
    return BotEvent(
        type=str(row["event_type"]),
        data=row["event_data"],
        correlation_id=str(row["correlation_id"] or ""),
        severity=str(row["severity"]),
        created_at=str(row["created_at"]),
    )


def _signed(position: Mapping[str, Any]) -> Decimal:
    quantity = Decimal(str(position["quantity"]))
    side = getattr(position["side"], "value", position["side"])
    return -quantity if str(side).upper() in ("SELL", "SHORT") else quantity


class _MilestoneWatch:
    """Recognises milestones in what the bot logs for people to see, as it logs them."""

    def __init__(self, patterns: MilestonePatterns, world: World) -> None:
        self._world = world
        self._patterns = patterns
        self.found: list[Milestone] = []
        world.log_listeners.append(self._hear)

    def _hear(self, record: logging.LogRecord) -> None:
        world = self._world
        if world.current is None or world.current.name != BOT:
            return
        if not logging.getLogger(record.name).isEnabledFor(record.levelno):
            return
        text = world.trace.redact(record.getMessage())
        match = self._patterns.find(text, record.name)
        if match is None:
            return
        world.trace.record("milestone", BOT, name=match.name, **match.groups)
        self.found.append(
            Milestone(
                name=match.name,
                time_ns=world.env.now,
                host=BOT,
                text=text,
                groups=match.groups,
            )
        )


def patterns_of(scenario: Scenario) -> MilestonePatterns:
    """How milestones are recognised, in the bot's log and in production's alike.

    Raises InputError for a file of patterns that cannot be used.
    """
    own = {name: (each.logger, each.message) for name, each in scenario.milestones.items()}
    return with_patterns(own, scenario.pattern_files)


def _production(scenario: Scenario, patterns: MilestonePatterns) -> ProductionLog:
    """What the production log says; nothing where the scenario has none."""
    log = scenario.log
    if log is None:
        return ProductionLog(lines=(), unread=())
    return production_log.read(
        scenario.beside(log.file), log.date, log.utc_offset, patterns=patterns
    )


def _command(name_or_path: str, version: str, seed: int, program: Program | None) -> str:
    # As it was called this time: `.venv/bin/replay` where that is not on the path.
    replay = sys.argv[0] if Path(sys.argv[0]).name == "replay" else "replay"
    asked = f"{shlex.quote(name_or_path)} --bot {version} --seed {seed}"
    if program is None:
        return f"{replay} run {asked}"
    return f"{replay} exec {asked} -- {program.command()}"
