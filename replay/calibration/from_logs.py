"""Samples from production logs: two lines of a bot, and what is known to lie between them.

A clock that shows milliseconds tells a difference to a millisecond either way; so much is every
sample between bounds. Which lines belong together is data, see `replay.calibration.pairs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

from replay.calibration.pairs import Pair, for_venue
from replay.calibration.samples import STREAM, Found, Kind, Sample
from replay.forensics.draft import Opening, draft
from replay.logs.production_log import ProductionLog
from replay.result import Milestone
from simulator.errors import InputError

_OWN_HALF = 2
"""A line that is later than half its period may as well be early for the next one."""


def read(log: ProductionLog, file: Path, pairs: Sequence[Pair], utc_offset_s: int) -> Found:
    """The samples of a log; of one that opens no position, or has no times, a note."""
    found = Found()
    try:
        openings = draft(log, file, utc_offset_s).openings
    except InputError as error:
        why = str(error).removeprefix(f"{file}: ").split(",")[0]
        found.notes.append(f"{file.name}: {why}, so it is not used")
        return found
    for opening in openings:
        for pair in pairs:
            for sample in _of_opening(opening, pair, file, found):
                found.samples.append(sample)
    venues = {opening.venue.value for opening in openings}
    for pair in pairs:
        if pair.on is not None:
            found.samples += _ticks(log, pair, file, venues, found)
    return found


def _of_opening(opening: Opening, pair: Pair, file: Path, found: Found) -> Iterator[Sample]:
    venue = opening.venue.value
    what = pair.what(venue)
    if pair.on is not None or what is None or (pair.venues and venue not in pair.venues):
        return
    for first, second in _matches(opening.milestones, pair):
        took_ns = second.time_ns - first.time_ns
        source = f"{file}:{second.line}"
        if took_ns > pair.at_most:
            found.skipped[f"{pair.from_} to {pair.to}: longer than anything of one opening"] += 1
            continue
        exact_ns = max(first.exact_ns, second.exact_ns)
        waits = for_venue(pair.waits, venue) or ()
        if pair.kind is Kind.VISIBILITY_LAG:
            bounds = _visibility(pair, second, took_ns, exact_ns, waits)
        else:
            own_ns = sum(waits)
            bounds = _difference(took_ns - own_ns, exact_ns, pair)
        if bounds is None:
            found.skipped[f"{pair.from_} to {pair.to}: too short for a request"] += 1
            continue
        yield Sample(
            kind=pair.kind,
            venue=venue,
            what=what,
            low_ns=bounds[0],
            high_ns=bounds[1],
            censored=pair.kind is Kind.VISIBILITY_LAG,
            source=source,
        )


def _matches(milestones: Sequence[Milestone], pair: Pair) -> Iterator[tuple[Milestone, Milestone]]:
    """Each `from` with the next `to`, as long as nothing comes between that must not."""
    first: Milestone | None = None
    for each in milestones:
        if each.end_ns is not None:
            continue  # a span of time, not a moment
        if first is not None and each.name == pair.to:
            if all(each.groups.get(key) == told for key, told in pair.where.items()):
                yield first, each
            first = None
        elif each.name in pair.unless:
            first = None
        if each.name == pair.from_:
            first = each


def _difference(took_ns: int, exact_ns: int, pair: Pair) -> tuple[int, int] | None:
    """One round trip, the mean of several, or a lead."""
    if took_ns < pair.at_least or (took_ns <= 0 and pair.kind is not Kind.STREAM_LEAD):
        return None
    low_ns, high_ns = (took_ns - exact_ns) // pair.of, (took_ns + exact_ns) // pair.of
    if pair.behind:
        return -high_ns, -low_ns
    return (low_ns, high_ns) if pair.kind is Kind.STREAM_LEAD else (max(0, low_ns), high_ns)


def _visibility(
    pair: Pair, second: Milestone, took_ns: int, exact_ns: int, waits: Sequence[int]
) -> tuple[int, int | None] | None:
    """Between the last attempt that found nothing, and the one that did.

    An attempt is made at the earliest when the waits before it are over; what its predecessors
    took of round trips is left out, so that the lower bound is one.
    """
    sums = list(accumulate(waits))
    if pair.never:
        tries = sum(each <= took_ns + exact_ns for each in sums)
        if not tries or took_ns - sums[tries - 1] < tries * pair.at_least:
            return None
        return sums[tries - 1], None
    attempt = int(second.groups.get("attempt", 1))
    low_ns = sums[min(attempt - 1, len(sums)) - 1] if attempt > 1 and sums else 0
    return low_ns, took_ns + exact_ns


def _ticks(
    log: ProductionLog, pair: Pair, file: Path, venues: set[str], found: Found
) -> Iterator[Sample]:
    """How far behind its period each line is; of a log that speaks of one venue only."""
    known = sorted(venues & set(pair.venues) if pair.venues else venues)
    assert pair.every is not None
    for each in log.milestones():
        if each.name != pair.on or each.end_ns is not None:
            continue
        late_ns = each.time_ns % pair.every
        if len(venues) != 1 or not known:
            found.skipped[f"{pair.on}: of which venue is not told"] += 1
        elif late_ns > pair.every // _OWN_HALF:
            found.skipped[f"{pair.on}: more than half a period late"] += 1
        else:
            yield Sample(
                kind=pair.kind,
                venue=known[0],
                what=STREAM,
                low_ns=max(0, late_ns - each.exact_ns),
                high_ns=late_ns + each.exact_ns,
                source=f"{file}:{each.line}",
            )
