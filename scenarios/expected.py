"""What is expected of a version of the bot, and what must hold whatever it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from scenarios.types import (
    Count,
    Duration,
    MilestoneName,
    Moment,
    Natural,
    Number,
    Part,
    Pattern,
    SignedDuration,
    Symbol,
    Text,
    Told,
    Whole,
)
from scenarios.units import Unusable

Outcome = Literal["opened", "rolled_back", "closed", "naked", "untouched"]
Invariant = Literal[
    "no_unprotected_position",
    "belief_equals_truth",
    "no_unknown_order",
    "nothing_left_after_rollback",
    "wave_limit_kept",
]


class MilestonePattern(Part):
    """A further milestone of this scenario alone."""

    logger: Text = "*"
    message: Pattern


class MilestoneRule(Part):
    """When a milestone must be reached, or that it must never be."""

    name: MilestoneName | None = None
    never: MilestoneName | None = None
    where: dict[str, Told] = Field(
        default_factory=dict, description="Only occurrences whose groups have these values."
    )
    at: Moment | None = None
    after: MilestoneName | None = Field(default=None, description="The milestone to count from.")
    by: SignedDuration | None = Field(default=None, description="How long after it.")
    at_most: Duration | None = Field(default=None, description="How long after it at the latest.")
    within: Duration | None = Field(default=None, description="How far off the time may be.")
    times: Count | None = Field(default=None, description="How often it must be reached.")

    @model_validator(mode="after")
    def _one_rule(self) -> MilestoneRule:
        if (self.name is None) == (self.never is None):
            raise Unusable("needs one of `name` and `never`", "write one line for each")
        timed = [self.at, self.after, self.by, self.at_most, self.within]
        if self.never is not None and (any(x is not None for x in timed) or self.times):
            raise Unusable("`never` allows no time", "leave all but `where` out")
        if self.at is not None and self.after is not None:
            raise Unusable("needs one of `at` and `after`", "write one line for each")
        if self.at is not None and self.within is None:
            raise Unusable("`at` needs `within`", "add `within: 10 ms`")
        if (self.after is None) != (self.by is None and self.at_most is None):
            raise Unusable("`after` goes with `by` or `at_most`", "add what is missing")
        if self.by is not None and (self.within is None or self.at_most is not None):
            raise Unusable("`by` needs `within` and excludes `at_most`", "add `within: 1 ms`")
        return self


class HiddenRule(Part):
    """An exception that the bot logs below its own level."""

    type: Text
    message: Pattern = ""
    times: Count | None = None


def _one_or_each(value: object) -> str:
    return "each" if isinstance(value, dict) else "one"


class Expectation(Part):
    """What one version must do; what an old version did in production is expected of it."""

    outcome: Annotated[
        Annotated[Outcome, Tag("one")] | Annotated[dict[Symbol, Outcome], Tag("each")],
        Discriminator(_one_or_each),
    ] = Field(description="How the signal's symbol ends, or each of several.")
    milestones: tuple[MilestoneRule, ...] = ()
    position: dict[Symbol, Number] = Field(
        default_factory=dict, description="What the venue holds at the end."
    )
    hidden: tuple[HiddenRule, ...] = ()
    events: dict[Text, Natural] = Field(
        default_factory=dict, description="How many of each type the bot's database holds."
    )
    positions: Natural | None = Field(
        default=None, description="How many positions the venues hold at the end."
    )
    waves_over_limit: Natural | None = Field(
        default=None, description="How many waves left more positions than the limit."
    )
    exit_code: Whole | None = Field(
        default=None, description="What a program ends with; 0 unless it is said."
    )
    breaks: tuple[Invariant, ...] = Field(
        default=(), description="Invariants it is known to break."
    )


class InvariantSettings(Part):
    """How strict the invariants are, the same for every version."""

    unprotected_limit: Duration = Field(
        default=5_000_000_000, description="How long a position may be without a resting stop-loss."
    )
    wave_limit: Count = Field(default=5, description="How many positions one wave may leave.")
    quantity_tolerance: Number = Field(
        default=Decimal(0), description="How far belief and truth may be apart."
    )
