"""The result of a run that is over: its verdict, and all that reports want to know of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from replay.hidden import hidden_exceptions
from replay.invariants import longest_unprotected, waves_over_limit
from replay.judge import judge, judge_other, outcome_of
from replay.result import RunResult, Verdict
from replay.stage import BOT
from replay.truth import VenueTruth
from replay.venue_moments import venue_moments
from simulator.trace import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from replay.cast import Cast
    from replay.evidence import Evidence
    from replay.logs.production_log import ProductionLog
    from replay.result import HiddenException, Milestone, Usage
    from replay.stage import Stage
    from scenarios.schema import Scenario


def summed_up(
    scenario: Scenario,
    stage: Stage,
    cast: Cast,
    evidence: Mapping[str, Evidence],
    usage: Mapping[str, Usage],
    *,
    version: str,
    command: str,
    production: ProductionLog,
    trace: bool,
    real_s: float,
) -> RunResult:
    """The result; `evidence` is by account, and `command` repeats the run, which took `real_s` of
    real time. Without `trace` it has of the trace only what the verdict needs."""
    world, bots = stage.world, evidence[BOT]
    start_ns = world.env.start_ns
    lines = tuple(world.trace.lines()) if trace else ()
    entries = [json.loads(line) for line in lines] if trace else world.trace.entries(_judged)
    hidden = hidden_exceptions(entries, start_ns)
    unknown = [str(each["name"]) for each in entries if each["kind"] == "unknown_host"]
    return RunResult(
        scenario=scenario.name,
        title=scenario.title,
        version=version,
        seed=world.seed,
        digest=digest_of(lines) if trace else "",
        start_ns=start_ns,
        utc_offset_s=world.utc_offset_s,
        virtual_ns=world.env.elapsed_ns,
        real_s=real_s,
        command=command,
        verdict=_verdict(scenario, version, cast, evidence, hidden),
        outcomes={symbol: outcome_of(symbol, bots) for symbol in scenario.symbols},
        waves_over_limit=len(waves_over_limit(bots, limit=scenario.invariants.wave_limit)),
        unprotected_ns=longest_unprotected(bots),
        milestones=_in_order(evidence),
        venue_moments=tuple(venue_moments(entries, start_ns)) if trace else (),
        production=production.milestones(),
        unread_log_lines=production.told_unread(),
        log_notes=production.notes,
        hidden=hidden,
        events=bots.believed.events if bots.believed else (),
        faults_fired=_fired(stage, cast),
        profiles=scenario.likenesses,
        usage=usage,
        signals_lost=tuple(told for each in cast.everybody for told in each.signals_lost),
        unknown_hosts=tuple(dict.fromkeys(unknown)),
        refusals=tuple(str(refusal) for refusal in world.refusals),
        over_budget=tuple(told for each in cast.everybody for told in each.over_budget),
        truth=tuple(_truth(stage)),
        trace=entries if trace else (),
        trace_lines=lines,
    )


def _judged(kind: str, fields: Mapping[str, Any]) -> bool:
    """Whether an entry says what is read off the trace alone: hidden exceptions, wrong names."""
    return kind == "unknown_host" or (kind == "log" and "exception" in fields)


def _verdict(
    scenario: Scenario,
    version: str,
    cast: Cast,
    evidence: Mapping[str, Evidence],
    hidden: Sequence[HiddenException],
) -> Verdict:
    parts = scenario.hosts_of(BOT)
    troubles = [t for each in cast.everybody if each.host.name in parts for t in each.troubles]
    findings = [*judge(scenario, version, evidence[BOT], hidden, troubles)]
    for each in cast.others:
        findings += judge_other(scenario, each, evidence.get(each.host.name))
    return Verdict(findings=tuple(findings))


def _in_order(evidence: Mapping[str, Evidence]) -> tuple[Milestone, ...]:
    if len(evidence) == 1:
        return evidence[BOT].milestones
    found = [milestone for each in evidence.values() for milestone in each.milestones]
    return tuple(sorted(found, key=lambda each: each.time_ns))


def _fired(stage: Stage, cast: Cast) -> dict[str, int]:
    """How often each rule of the venues has fired, and each crash."""
    fired = {
        f"{venue}: {name}": count
        for venue, each in stage.venues.items()
        for name, count in each.faults.fired.items()
    }
    for guest in cast.everybody:
        fired.update(guest.crashes_fired)
    return fired


def _truth(stage: Stage) -> Iterator[VenueTruth]:
    for venue, each in stage.accounts[BOT].observers.items():
        yield VenueTruth(
            venue=venue,
            orders=each.order_moments(),
            positions=each.protection(stage.world.env.now),
        )
