"""Reads out of a trace what a result tells: milestones, hidden exceptions, attempts to leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from replay.milestones import MilestonePatterns, known
from replay.result import HiddenException, Milestone

Entries = Iterable[Mapping[str, Any]]


def milestones(
    trace: Entries, *, start_ns: int, patterns: MilestonePatterns | None = None
) -> tuple[Milestone, ...]:
    """The milestones among the log records, of whatever level, in their order.

    `patterns` in place of those that come with this package, for a scenario with its own.
    """
    found = []
    find = (patterns or known()).find
    for entry in trace:
        if entry["kind"] != "log":
            continue
        match = find(entry["message"], entry["logger"])
        if match is not None:
            found.append(
                Milestone(
                    name=match.name,
                    time_ns=start_ns + entry["t"],
                    host=entry["host"],
                    text=entry["message"],
                    groups=match.groups,
                )
            )
    return tuple(found)


def hidden_exceptions(trace: Entries, *, start_ns: int) -> tuple[HiddenException, ...]:
    """The exceptions of log records below the bot's level, those of one kind and place as one."""
    found: dict[tuple[str, ...], HiddenException] = {}
    for entry in trace:
        if entry["kind"] != "log" or not entry.get("hidden") or "exception" not in entry:
            continue
        exception = entry["exception"]
        one = HiddenException(
            type=exception["type"],
            message=exception["message"],
            place=exception["place"],
            level=entry["level"],
            logger=entry["logger"],
            count=1,
            first_ns=start_ns + entry["t"],
        )
        key = (one.type, one.message, one.place, one.level, one.logger)
        seen = found.get(key)
        found[key] = one if seen is None else replace(seen, count=seen.count + 1)
    return tuple(found.values())


def unknown_hosts(trace: Entries) -> tuple[str, ...]:
    """The names that were looked up and are no host of the world, each once, with the place."""
    return _each_once(
        f"{entry['name']}, by {entry['host']} at {entry['at']}"
        for entry in trace
        if entry["kind"] == "unknown_host"
    )


def refusals(trace: Entries) -> tuple[str, ...]:
    """The attempts to reach something real, each once, with the place."""
    return _each_once(
        f"{entry['what']} to {entry['target']}, by {entry['host']} at {entry['at']}"
        for entry in trace
        if entry["kind"] == "refused"
    )


def faults_fired(trace: Entries, rules: Iterable[str]) -> dict[str, int]:
    """How often each of the rules fired; 0 for those that never did."""
    fired = dict.fromkeys(rules, 0)
    for entry in trace:
        if entry["kind"] == "fault":
            fired[entry["rule"]] = fired.get(entry["rule"], 0) + 1
    return fired


def _each_once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
