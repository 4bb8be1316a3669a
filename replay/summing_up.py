"""The result of a run that is over: its verdict, and all that reports want to know of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from replay.hidden import hidden_exceptions
from replay.invariants import longest_unprotected, waves_over_limit
from replay.judge import judge, outcome_of
from replay.result import RunResult
from replay.truth import VenueTruth
from replay.venue_moments import venue_moments
from simulator.trace import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from replay.evidence import Evidence
    from replay.guest import Guest
    from replay.logs.production_log import ProductionLog
    from replay.programs import ProgramGuest
    from replay.stage import Stage
    from scenarios.schema import Scenario


def summed_up(
    scenario: Scenario,
    stage: Stage,
    guest: Guest | ProgramGuest,
    evidence: Evidence,
    *,
    version: str,
    command: str,
    production: ProductionLog,
    real_s: float,
) -> RunResult:
    """The result; `command` repeats the run, which took `real_s` of real time."""
    world = stage.world
    start_ns = world.env.start_ns
    lines = tuple(world.trace.lines())
    entries = [json.loads(line) for line in lines]
    hidden = hidden_exceptions(entries, start_ns)
    unknown = [str(each["name"]) for each in entries if each["kind"] == "unknown_host"]
    return RunResult(
        scenario=scenario.name,
        title=scenario.title,
        version=version,
        seed=world.seed,
        digest=digest_of(lines),
        start_ns=start_ns,
        utc_offset_s=world.utc_offset_s,
        virtual_ns=world.env.elapsed_ns,
        real_s=real_s,
        command=command,
        verdict=judge(scenario, version, evidence, hidden, guest.troubles),
        outcomes={symbol: outcome_of(symbol, evidence) for symbol in scenario.symbols},
        waves_over_limit=len(waves_over_limit(evidence, limit=scenario.invariants.wave_limit)),
        unprotected_ns=longest_unprotected(evidence),
        milestones=evidence.milestones,
        venue_moments=tuple(venue_moments(entries, start_ns)),
        production=production.milestones(),
        unread_log_lines=production.told_unread(),
        log_notes=production.notes,
        hidden=hidden,
        events=evidence.believed.events if evidence.believed else (),
        faults_fired={**_faults_fired(stage), **guest.crashes_fired},
        signals_lost=tuple(guest.signals_lost),
        unknown_hosts=tuple(dict.fromkeys(unknown)),
        refusals=tuple(str(refusal) for refusal in world.refusals),
        over_budget=tuple(guest.over_budget),
        truth=tuple(_truth(stage)),
        trace=entries,
        trace_lines=lines,
    )


def _faults_fired(stage: Stage) -> dict[str, int]:
    return {
        f"{venue}: {name}": count
        for venue, each in stage.venues.items()
        for name, count in each.faults.fired.items()
    }


def _truth(stage: Stage) -> Iterator[VenueTruth]:
    for venue, each in stage.observers.items():
        yield VenueTruth(
            venue=venue,
            orders=each.order_moments(),
            positions=each.protection(stage.world.env.now),
        )
