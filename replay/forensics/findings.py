"""What of a log a run explains, and what contradicts it.

The facts of a log are its moments, and its silences: stretches of a second or more in which it has
nothing but mark prices. A run explains a moment that it has too, in order, telling all that the log
tells, as long after the moment before as the log has it; and a silence in which it, too, has no
line of level WARNING or above. It is contradicted by what it lacks, has elsewhere, tells
differently or takes another time for, and by such a line in a silence. A value that the run does
not tell is neither.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from replay.clocktime import NS_PER_MS, NS_PER_S, clock_time, seconds
from replay.forensics.alignment import Pair
from replay.forensics.comparison import Comparison
from replay.logs.milestones import known
from replay.result import RunResult
from replay.timeline import REPEATED

_SILENCE_NS = NS_PER_S
_STEP_NS = 100 * NS_PER_MS
"""A step may take so much longer or shorter than in the log: more is no jitter."""
_EDGE_NS = 10 * NS_PER_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that a log says, by what it says or by not saying anything."""

    text: str
    line: int | None
    contradiction: str = ""
    """Why a run cannot have left this log; empty where nothing speaks against it."""
    explained: bool = True


def facts(comparison: Comparison, result: RunResult) -> tuple[Fact, ...]:
    """Every fact of the log, as this run explains or contradicts it, in the log's order."""
    found: list[Fact] = []
    before: Pair | None = None
    for pair in comparison.pairs:
        found.append(_moment(comparison, before, pair))
        if pair.name != REPEATED:
            if before is not None and comparison.timed:
                found += _silence(comparison, before, pair, result)
            before = pair
    return tuple(found)


def _moment(comparison: Comparison, before: Pair | None, pair: Pair) -> Fact:
    text = known().title(pair.name)
    told = ", ".join(f"{key} {value}" for key, value in pair.log.milestone.groups.items())
    if told:
        text += f" ({told})"
    against = _against(comparison, before, pair)
    return Fact(
        text=text,
        line=pair.log.milestone.line,
        contradiction=against,
        explained=not against and not pair.untold,
    )


def _against(comparison: Comparison, before: Pair | None, pair: Pair) -> str:
    if pair.run is None:
        return "does not happen"
    if not pair.in_order:
        return "happens elsewhere among the others"
    if pair.differing:
        return "; ".join(f"{key} is {run}, not {log}" for key, log, run in pair.differing)
    if not comparison.timed or pair.name == REPEATED:
        return ""
    if before is None or before.run is None:
        return ""
    here = pair.run.time_ns - before.run.time_ns
    there = pair.log.time_ns - before.log.time_ns
    if abs(here - there) <= _STEP_NS:
        return ""
    title = known().title(before.name)
    return f"comes {seconds(here)} after {title}, not {seconds(there)}"


def _silence(
    comparison: Comparison, before: Pair, after: Pair, result: RunResult
) -> Iterator[Fact]:
    lasts_ns = after.log.time_ns - before.log.time_ns
    if lasts_ns < _SILENCE_NS:
        return
    start_ns = before.log.time_ns if before.run is None else before.run.time_ns
    end_ns = after.log.time_ns if after.run is None else after.run.time_ns
    loud = [
        told
        for time_ns, told in _loud_lines(result)
        if start_ns + _EDGE_NS < time_ns < end_ns - _EDGE_NS
    ]
    begins = clock_time(before.log.time_ns, comparison.utc_offset_s)
    against = ""
    if loud:
        more = f", and {len(loud) - 1} more" if len(loud) > 1 else ""
        against = f"the run's log says {loud[0]!r}{more}"
    yield Fact(
        text=f"silence for {seconds(lasts_ns)} from {begins}",
        line=before.log.milestone.line,
        contradiction=against,
        explained=not against,
    )


def _loud_lines(result: RunResult) -> list[tuple[int, str]]:
    """Time and first line of what the bot logged at WARNING or above, for people to see."""
    return [
        (result.start_ns + entry["t"], f"{entry['level']}: {_first_line(entry['message'])}")
        for entry in result.trace
        if entry["kind"] == "log"
        and not entry.get("hidden")
        and logging.getLevelName(entry["level"]) >= logging.WARNING
    ]


def _first_line(message: str) -> str:
    line = message.strip().split("\n", 1)[0]
    return line if len(line) <= 90 else f"{line[:89]}…"
