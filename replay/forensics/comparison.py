"""A log against a run: what both have, in what order, how far apart, and one figure for it all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from replay.clocktime import NS_PER_MS, clock_time
from replay.forensics.alignment import Pair, align, with_truth
from replay.logs.production_log import HOST, ProductionLog
from replay.result import Milestone, RunResult
from replay.timeline import Moment, fold

TOLERANCE_NS = 10 * NS_PER_MS
_HELD = ("opened", "naked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A log and one run laid side by side."""

    pairs: tuple[Pair, ...]
    """One for each moment of the log, in its order."""
    additional: tuple[Moment, ...]
    """What the run has besides, from the log's first moment to its last."""
    outside: int
    """Moments of the log from before the run's start or after the last it may go on to."""
    timed: bool
    tolerance_ns: int
    utc_offset_s: int

    @property
    def missing(self) -> tuple[Pair, ...]:
        """What the log has and the run has not."""
        return tuple(pair for pair in self.pairs if pair.run is None)

    @property
    def disordered(self) -> tuple[Pair, ...]:
        """What the run has elsewhere among the others."""
        return tuple(pair for pair in self.pairs if not pair.in_order)

    @property
    def late(self) -> tuple[Pair, ...]:
        """What came further from the log's time than the tolerance."""
        return tuple(pair for pair in self.pairs if not self._on_time(pair))

    def difference_ns(self, pair: Pair) -> int | None:
        """Run minus log; None where one of them is missing, or the log has no times."""
        if pair.run is None or not self.timed:
            return None
        return pair.log.milestone.nearest_ns(pair.run.time_ns)

    def _on_time(self, pair: Pair) -> bool:
        difference_ns = self.difference_ns(pair)
        return difference_ns is None or abs(difference_ns) <= self.tolerance_ns

    def faithful(self, pair: Pair) -> bool:
        """Whether the run has it, in order, with the log's values, on time."""
        return pair.run is not None and pair.in_order and not pair.differing and self._on_time(pair)

    @property
    def fidelity(self) -> float:
        """The share of the log's moments that the run has faithfully; 0 for a log without any."""
        if not self.pairs:
            return 0.0
        return sum(self.faithful(pair) for pair in self.pairs) / len(self.pairs)

    def table(self) -> pd.DataFrame:
        """One row for each moment of either side, in the log's order and then by time.

        Columns `milestone`, `line` (of the log), `log`, `run` (clock times), `difference_ms`,
        `status` (`same`, `late`, `early`, `values`, `order`, `missing`, `additional`), `values`.
        """
        rows = [self._row(pair) for pair in self.pairs]
        rows += [
            {
                "milestone": moment.milestone.name,
                "run": clock_time(moment.time_ns, self.utc_offset_s),
                "status": "additional",
            }
            for moment in self.additional
        ]
        columns = ["milestone", "line", "log", "run", "difference_ms", "status", "values"]
        return pd.DataFrame(rows, columns=columns)

    def _row(self, pair: Pair) -> dict[str, object]:
        difference_ns = self.difference_ns(pair)
        return {
            "milestone": pair.name,
            "line": pair.log.milestone.line,
            "log": clock_time(pair.log.time_ns, self.utc_offset_s) if self.timed else None,
            "run": None if pair.run is None else clock_time(pair.run.time_ns, self.utc_offset_s),
            "difference_ms": None if difference_ns is None else difference_ns / NS_PER_MS,
            "status": self.status(pair),
            "values": "; ".join(f"{key}: {log} / {run}" for key, log, run in pair.differing),
        }

    def status(self, pair: Pair) -> str:
        """One word for what is the matter with a pair, the gravest first."""
        if pair.run is None:
            return "missing"
        if not pair.in_order:
            return "order"
        if pair.differing:
            return "values"
        if not self._on_time(pair):
            return "late" if (self.difference_ns(pair) or 0) > 0 else "early"
        return "same"


def compare(
    log: ProductionLog, result: RunResult, *, until_ns: int, tolerance_ns: int = TOLERANCE_NS
) -> Comparison:
    """Lays a log beside a run of a scenario that may go on until `until_ns`.

    Raises InputError when there is too much of both.
    """
    ours = [_told(moment, result) for moment in fold(result.milestones)]
    theirs = _moments(log)
    inside = [
        each for each in theirs if not log.timed or result.start_ns <= each.time_ns <= until_ns
    ]
    pairs, additional = align(inside, ours, timed=log.timed)
    return Comparison(
        pairs=pairs,
        additional=_within(additional, pairs),
        outside=len(theirs) - len(inside),
        timed=log.timed,
        tolerance_ns=tolerance_ns,
        utc_offset_s=result.utc_offset_s,
    )


def _moments(log: ProductionLog) -> list[Moment]:
    """A log's milestones, what repeats taken together; of a log without times in its order."""
    if log.timed:
        return fold(log.milestones())
    return [
        Moment(
            milestone=Milestone(
                name=str(line.milestone),
                time_ns=line.number,  # nothing but an order
                host=HOST,
                text=line.text,
                groups=line.groups,
                line=line.number,
            ),
            last_ns=line.number,
            count=1,
        )
        for line in log.named
    ]


def _told(moment: Moment, result: RunResult) -> Moment:
    """A log may say at the end of a wave how many positions there are; the venues know."""
    if moment.milestone.name != "wave_complete":
        return moment
    held = sum(outcome in _HELD for outcome in result.outcomes.values())
    return with_truth(moment, positions=str(held))


def _within(additional: Sequence[Moment], pairs: Sequence[Pair]) -> tuple[Moment, ...]:
    """Those from the first pair to the last: an excerpt says nothing of what is beyond it."""
    times = [pair.run.time_ns for pair in pairs if pair.run is not None]
    if not times:
        return ()
    return tuple(each for each in additional if min(times) <= each.time_ns <= max(times))
