"""What was measured: one row for each duration, with the bounds that it is known to lie between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from replay.calibration.refusals import Refusals

if TYPE_CHECKING:
    import pandas as pd

REST = "rest"
STREAM = "stream"
"""The two kinds of hosts that a venue has, as far as ways to them are told apart."""


class Kind(Enum):
    """What a duration is that of."""

    ROUND_TRIP = "round_trip"
    """From a request's leaving the bot to its reply's arrival there."""
    STREAM_LEAD = "stream_lead"
    """How long before the order's REST reply its event arrives; below 0, how long after."""
    VISIBILITY_LAG = "visibility_lag"
    """From an order's creation to when a query could have found it."""
    WAY_THERE = "way_there"
    """From the bot to the venue; known to traces only."""
    WAY_BACK = "way_back"
    """From the venue to the bot; known to traces only."""
    TICK_DELAY = "tick_delay"
    """How far behind its moment a line is that comes with every event of a clock's."""
    ANSWER_TIME = "answer_time"
    """What the venue takes from a request's arrival to its reply; known to traces only."""
    STREAM_LAG = "stream_lag"
    """From an order's execution to its event's leaving the venue; known to traces only."""
    MEAN_ROUND_TRIP = "mean_round_trip"
    """Of several requests in a row that cannot be told apart; shown, and not fitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One duration, between `low_ns` and `high_ns`; None knows no upper bound."""

    kind: Kind
    venue: str
    what: str
    """The endpoint, `POST /fapi/v1/order`; the window or event; or `rest` and `stream`."""
    low_ns: int
    high_ns: int | None
    censored: bool = False
    """Whether the bounds are those of two observations, and not of a clock's resolution."""
    source: str = ""
    """Where it was found: `file:line`."""

    @property
    def middle_ns(self) -> int:
        """The best single figure: the middle of its bounds, or the lower one."""
        return self.low_ns if self.high_ns is None else (self.low_ns + self.high_ns) // 2


@dataclass(slots=True)
class Found:
    """What files gave: samples, what of them was set aside and why, and what a person should
    know."""

    samples: list[Sample] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    refusals: Refusals = field(default_factory=Refusals)

    def add(self, other: Found) -> None:
        """Takes over what another file gave."""
        self.samples += other.samples
        self.skipped += other.skipped
        self.notes += other.notes
        self.refusals.add(other.refusals)


def table(samples: Iterable[Sample]) -> pd.DataFrame:
    """One row a sample: kind, venue, what, nanoseconds, low_ns, high_ns, censored, source."""
    import pandas as pd

    rows = [
        (
            each.kind.value,
            each.venue,
            each.what,
            each.middle_ns,
            each.low_ns,
            each.high_ns,
            each.censored,
            each.source,
        )
        for each in samples
    ]
    columns = ["kind", "venue", "what", "nanoseconds", "low_ns", "high_ns", "censored", "source"]
    return pd.DataFrame(rows, columns=columns).astype({"high_ns": "Int64"})
