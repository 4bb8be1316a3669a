"""A run against its scenario: every expectation and every invariant becomes a finding."""

from __future__ import annotations

import re
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from replay import expectations, invariants
from replay.evidence import Evidence
from replay.result import Finding, HiddenException

if TYPE_CHECKING:
    from replay.guest import Guest
    from scenarios.expected import Expectation, HiddenRule, MilestoneRule
    from scenarios.schema import Scenario

_ZERO = Decimal(0)


def judge(
    scenario: Scenario,
    version: str,
    evidence: Evidence,
    hidden: Sequence[HiddenException],
    undelivered: Sequence[str],
) -> tuple[Finding, ...]:
    """All findings. A version that the scenario does not name has to open and to break nothing."""
    expected = scenario.expectation(version)
    place = ("expect", version)
    symbols = scenario.symbols
    findings = [
        replace(finding, key=(*place, *finding.key))
        for finding in _expectations(scenario, expected, symbols, evidence, hidden)
    ]
    findings += (_trouble(told, ("stimulus",)) for told in undelivered)
    findings += _invariants(scenario, place, evidence, expected.breaks)
    return tuple(findings)


def judge_other(scenario: Scenario, guest: Guest, evidence: Evidence | None) -> Iterator[Finding]:
    """What is found of a host beside the bot's: of its program, and of another bot's account, whose
    `evidence` it is. Each finding's name begins with the host's."""
    name = guest.host.name
    settings = scenario.hosts[name]
    place: tuple[str, ...] = ("hosts", name)
    found: list[Finding] = []
    if settings.run is not None:
        found.append(_ending(settings.exit_code, guest.exit_code, place))
    if evidence is not None:
        found += (_trouble(told, place) for told in guest.troubles)
        expected = settings.expect
        if expected is not None:
            symbols = scenario.symbols_of(name)
            found += (
                replace(each, key=(*place, "expect", *each.key))
                for each in _expectations(scenario, expected, symbols, evidence, ())
            )
        broken = expected.breaks if expected is not None else ()
        place = (*place, "expect") if expected is not None else place
        found += _invariants(scenario, place, evidence, broken)
    return (replace(each, name=f"{name}: {each.name}") for each in found)


def _ending(wanted: int | None, ended: int | None, place: tuple[str, ...]) -> Finding:
    """A program beside the bot's may go on until it is told to end."""
    told = "it did not end" if ended is None else f"it ended with {ended}"
    held = ended == wanted if wanted is not None else ended in (0, -signal.SIGTERM)
    wished = f"the program ends with {wanted or 0}"
    return Finding(kind="expectation", name=wished, held=held, evidence=told, key=place)


def _trouble(told: str, place: tuple[str, ...]) -> Finding:
    return Finding(
        kind="expectation",
        name="every signal is dealt with",
        held=False,
        evidence=told,
        key=place,
    )


def _invariants(
    scenario: Scenario, place: tuple[str, ...], evidence: Evidence, broken: Sequence[str]
) -> Iterator[Finding]:
    found = invariants.judge(
        evidence,
        unprotected_limit_ns=scenario.invariants.unprotected_limit,
        quantity_tolerance=scenario.invariants.quantity_tolerance,
        wave_limit=scenario.invariants.wave_limit,
        broken=broken,
    )
    for finding in found:
        yield replace(finding, key=(*place, *(() if finding.expected else ("breaks",))))


def _expectations(
    scenario: Scenario,
    expected: Expectation,
    symbols: Sequence[str],
    evidence: Evidence,
    hidden: Sequence[HiddenException],
) -> Iterator[Finding]:
    """Those of one version; the key of each starts where the version's own part does."""
    yield from _outcomes(expected, symbols, evidence)
    for index, rule in enumerate(expected.milestones):
        yield replace(_milestone(rule, evidence), key=("milestones", index))
    held = expectations.positions(evidence.end_positions, expected.position)
    for finding, symbol in zip(held, expected.position, strict=True):
        yield replace(finding, key=("position", symbol))
    yield from _counts(scenario, expected, evidence)
    for index, each in enumerate(expected.hidden):
        yield replace(_hidden(each, hidden), key=("hidden", index))


def _outcomes(
    expected: Expectation, symbols: Sequence[str], evidence: Evidence
) -> Iterator[Finding]:
    wanted = expected.outcome
    for symbol in symbols:
        outcome = wanted if isinstance(wanted, str) else wanted.get(symbol)
        if outcome is not None:
            found = outcome_of(symbol, evidence)
            yield Finding(
                kind="expectation",
                name=f"{symbol} ends {outcome}",
                held=found == outcome,
                evidence=f"{symbol} ended {found}{_size(symbol, evidence)}",
                key=("outcome", symbol),
            )


def _size(symbol: str, evidence: Evidence) -> str:
    """What is held in the end: an order that was sent twice ends `opened` as well."""
    quantity = evidence.end_positions.get(symbol, _ZERO)
    return f", {quantity:+f}" if quantity else ""


def outcome_of(symbol: str, evidence: Evidence) -> str:
    """How a symbol ended: `opened` with a stop, `naked`, `rolled_back`, `closed`, `untouched`."""
    intervals = [each for each in evidence.protection if each.symbol == symbol]
    if evidence.end_positions.get(symbol, _ZERO):
        return "opened" if intervals[-1].protected else "naked"
    if symbol in invariants.rollbacks(evidence):
        return "rolled_back"
    return "closed" if any(each.quantity for each in intervals) else "untouched"


def _counts(scenario: Scenario, expected: Expectation, evidence: Evidence) -> Iterator[Finding]:
    """How many positions there are, how many waves went over, how many events were written."""
    held = {symbol: each for symbol, each in evidence.end_positions.items() if each}
    if expected.positions is not None:
        told = f"the venues hold {len(held)}: {', '.join(held) or 'none'}"
        name = f"{expected.positions} positions"
        yield _count(name, expected.positions, len(held), told, "positions")
    if expected.waves_over_limit is not None:
        limit = scenario.invariants.wave_limit
        over = len(invariants.waves_over_limit(evidence, limit=limit))
        name = f"{expected.waves_over_limit} waves over the limit of {limit}"
        told = f"{over} of {len(evidence.waves)}"
        yield _count(name, expected.waves_over_limit, over, told, "waves_over_limit")
    if expected.exit_code is not None or evidence.exit_code is not None:
        wanted, ended = expected.exit_code or 0, evidence.exit_code
        told = "it did not end by itself" if ended is None else f"it ended with {ended}"
        name = f"the program ends with {wanted}"
        yield Finding(
            kind="expectation", name=name, held=ended == wanted, evidence=told, key=("exit_code",)
        )
    written = Counter(each.type for each in (evidence.believed.events if evidence.believed else ()))
    for kind, wanted in expected.events.items():
        told = f"{written[kind]} in the bot's database"
        yield _count(f"{wanted} events {kind}", wanted, written[kind], told, "events", kind)


def _count(name: str, wanted: int, found: int, told: str, *key: str) -> Finding:
    return Finding(kind="expectation", name=name, held=found == wanted, evidence=told, key=key)


def _milestone(rule: MilestoneRule, evidence: Evidence) -> Finding:
    seen, where, offset = evidence.milestones, rule.where, evidence.utc_offset_s
    if rule.never is not None:
        return expectations.never(seen, rule.never, where=where, utc_offset_s=offset)
    assert rule.name is not None
    if rule.at is not None:
        return expectations.at(
            seen,
            rule.name,
            when_ns=rule.at,
            tolerance_ns=rule.within or 0,
            where=where,
            utc_offset_s=offset,
        )
    if rule.after is not None and rule.by is not None:
        return expectations.after(
            seen,
            rule.name,
            reference=rule.after,
            distance_ns=rule.by,
            tolerance_ns=rule.within or 0,
            where=where,
            utc_offset_s=offset,
        )
    if rule.after is not None:
        return expectations.follows(
            seen,
            rule.name,
            reference=rule.after,
            at_most_ns=rule.at_most,
            where=where,
            utc_offset_s=offset,
        )
    if rule.times is not None:
        return expectations.count(
            seen, rule.name, times=rule.times, where=where, utc_offset_s=offset
        )
    return expectations.happened(seen, rule.name, where=where, utc_offset_s=offset)


def _hidden(rule: HiddenRule, hidden: Sequence[HiddenException]) -> Finding:
    found = [
        each for each in hidden if each.type == rule.type and re.search(rule.message, each.message)
    ]
    count = sum(each.count for each in found)
    held = count == rule.times if rule.times is not None else count > 0
    wanted = "" if rule.times is None else f", {rule.times} times"
    told = "; ".join(f"{each.type}: {each.message} at {each.place}" for each in found)
    return Finding(
        kind="expectation",
        name=f"a hidden {rule.type}{wanted}",
        held=held,
        evidence=f"{count} times: {told}" if found else "none was logged",
    )
