"""Takes one version of a bot once through one scenario.

The bot is a guest on a host of a world; what it did is read off its log records, what was true off
the venues' models, and both are judged by what the scenario expects.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from replay import databases, log_levels
from replay.cast import Casting
from replay.course import Course
from replay.environment import guarded
from replay.gathering import gather
from replay.logs import production_log
from replay.logs.milestones import MilestonePatterns, known, with_patterns
from replay.logs.milestones import load as load_patterns
from replay.logs.production_log import ProductionLog
from replay.milestone_watch import MilestoneWatch
from replay.programs import Program
from replay.result import RunResult
from replay.stage import BOT, Stage, set_up
from replay.summing_up import summed_up
from replay.usage import UsageWatch
from scenarios import catalogue, loader
from scenarios.schema import Scenario
from simulator import World
from simulator.takeover.garbage import nothing_left


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


def load_text(
    text: str,
    file: str,
    *,
    folder: Path | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Scenario:
    """The scenario in a text, as if it were the file of that name in the folder, by default the
    working directory; `changes` are values for places in the file. Raises ScenarioError."""
    return loader.load_text(
        text,
        file,
        milestones=known().names,
        names_in=_names_in,
        folder=folder or Path.cwd(),
        changes=changes,
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
    trace: bool = True,
) -> RunResult:
    """As `run`, of a scenario that is loaded already, with a program as its bot if one is given.

    Without `trace` the result has the verdict, milestones and what else was measured, but neither
    trace nor digest, nothing of the venues' doings, and nothing of the production log: who plays
    thousands of runs reads none of them.
    """
    with nothing_left():
        return _play(scenario, name_or_path, version, seed, database, program, trace=trace)


def _play(
    scenario: Scenario,
    name_or_path: str,
    version: str,
    seed: int | None,
    database: Path | str | None,
    program: Program | None,
    *,
    trace: bool,
) -> RunResult:
    seed = scenario.seed if seed is None else seed
    if ":" in version:
        scenario = scenario.with_factory(version)
    patterns = patterns_of(scenario)
    logging_kept = log_levels.kept() if program else log_levels.as_in_production()
    chosen = databases.chosen(scenario, version, database, os.environ)
    with Casting(scenario, version, program) as casting:
        began = _real_clock.read()
        with (
            databases.reserved(chosen),
            _lasting(scenario, chosen) as kept,
            logging_kept,
            World(seed=seed, start=scenario.start.text) as world,
        ):
            if not trace:
                world.loggers_heard = scenario.loggers_waited_for
            hosts = (BOT, *scenario.hosts)
            watch = MilestoneWatch(patterns, world, hosts)  # before the stalls: they let time pass
            stage = set_up(scenario, world)
            _tell_database(stage, kept)
            usage = UsageWatch(stage)
            cast = casting.on(stage)
            with guarded(cast.environments):
                Course(scenario, stage, cast.main, cast.others).run()
            evidence = {
                account: gather(scenario, stage, account, cast, watch.found)
                for account in stage.accounts
            }
    return summed_up(
        scenario,
        stage,
        cast,
        evidence,
        usage.found(),
        version=version,
        command=_command(name_or_path, version, seed, program),
        production=_production(scenario, patterns) if trace else ProductionLog.nothing(),
        trace=trace,
        real_s=_real_clock.read() - began,
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
        return ProductionLog.nothing()
    return production_log.read(
        scenario.beside(log.file), log.date, log.utc_offset, patterns=patterns
    )


def _command(name_or_path: str, version: str, seed: int, program: Program | None) -> str:
    # As it was called this time: `.venv/bin/replay` where that is not on the path.
    replay = sys.argv[0] if Path(sys.argv[0]).name == "replay" else "replay"
    asked = f"{shlex.quote(name_or_path)} --bot {shlex.quote(version)} --seed {seed}"
    if program is None:
        return f"{replay} run {asked}"
    return f"{replay} exec {asked} {program.command()}"
