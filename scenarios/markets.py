"""The venues of a scenario: what they list, what they hold, and how they treat their clients."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from pydantic import Field, field_validator, model_validator

from scenarios.types import (
    Count,
    Distribution,
    Duration,
    Moment,
    Names,
    Natural,
    NotNegative,
    Number,
    OrderId,
    Part,
    Positive,
    Scalar,
    Switch,
    Symbol,
    Text,
)
from scenarios.units import Unusable
from scenarios.venues import check_fault
from simulator.exchange.behaviour import FaultKind


class Walk(Part):
    """A seeded random walk."""

    start: Positive
    sigma: NotNegative = Field(
        default=Decimal("0.0001"),
        description="Standard deviation of the relative change in one second.",
    )


class Price(Part):
    """A price over time: one of `constant`, `points` and `random_walk`."""

    constant: Positive | None = None
    points: tuple[tuple[Moment, Positive], ...] | None = Field(
        default=None,
        description="Pairs of a moment and a price; a price holds until the next point.",
    )
    linear: Switch = Field(
        default=False, description="Move from point to point instead of jumping."
    )
    random_walk: Walk | None = None
    every: Duration = Field(default=1_000_000_000, description="How often a moving price moves.")

    @model_validator(mode="after")
    def _one_path(self) -> Price:
        paths = (self.constant, self.points or None, self.random_walk)
        if sum(path is not None for path in paths) != 1:
            raise Unusable(
                "a price is one of constant, points and random_walk", "write `{constant: 0.01946}`"
            )
        if self.every == 0:
            raise Unusable("`every` must be > 0", "write `every: 1 s`")
        times = [time_ns for time_ns, _ in self.points or ()]
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise Unusable("the points' moments must ascend", "sort them")
        if self.random_walk is not None and self.random_walk.sigma >= Decimal("0.1"):
            raise Unusable("sigma must be < 0.1 in one second", "write `sigma: 0.0001`")
        return self


class Book(Part):
    """What is on offer around the last price, on both sides alike."""

    quantity: Positive = Field(
        default=Decimal(1000), description="At the best level, in the base asset."
    )
    levels: Count = 20
    spread_ticks: Count = 1
    step_ticks: Count = Field(default=1, description="Ticks from level to level.")
    growth: Positive = Field(
        default=Decimal("1.2"), description="How much more each further level offers."
    )
    offset: Number = Field(
        default=Decimal(0), description="Moves the book off the price, as a share of it."
    )
    refill: Duration = Field(
        default=1_000_000_000, description="How long what was taken stays away."
    )

    @model_validator(mode="after")
    def _above_zero(self) -> Book:
        if self.offset <= -1:
            raise Unusable("the book's offset must be a share above -1", "write `offset: 0.01`")
        return self


class Instrument(Part):
    """One symbol: its filters, its price and its book."""

    tick_size: Positive
    step_size: Positive
    min_notional: NotNegative = Decimal(5)
    base: Text | None = Field(
        default=None, description="By default the symbol without its quote asset."
    )
    quote: Text = "USDT"
    min_price: Positive | None = Field(default=None, description="By default one tick.")
    max_price: Positive = Decimal(1_000_000)
    min_quantity: Positive | None = Field(default=None, description="By default one step.")
    max_quantity: Positive = Decimal(10_000_000)
    max_market_quantity: Positive | None = Field(
        default=None, description="By default max_quantity."
    )
    max_leverage: Count = 50
    band_up: Positive = Decimal("1.1")
    band_down: Positive = Decimal("0.9")
    market_take_bound: Positive = Decimal("0.1")
    maintenance_margin_rate: Positive = Decimal("0.01")
    max_open_orders: Count = 200
    price: Price
    mark_price: Price | None = Field(default=None, description="Where it goes its own way.")
    book: Book = Book()
    next_order_id: OrderId | None = Field(
        default=None, description="The id its next order gets: a number or a UUID, as the venue's."
    )
    closing: Switch = Field(default=False, description="Takes only orders that reduce.")
    spot: Switch = Field(default=False, description="There is a spot market of the same name.")
    daily_volume: Positive = Decimal(1_000_000)


class ExistingPosition(Part):
    """A position from before the start."""

    symbol: Symbol
    quantity: Number = Field(description="Negative is short.")
    stop: Positive | None = Field(
        default=None, description="Trigger price of its resting stop-loss."
    )

    @field_validator("quantity")
    @classmethod
    def _not_flat(cls, value: Decimal) -> Decimal:
        if value == 0:
            raise Unusable("a position is not zero", "leave it out")
        return value


class _During(Part):
    """Rules hold always, or for a symbol or a span of time."""

    symbol: Symbol | None = None
    since: Moment | None = None
    until: Moment | None = None


class LatencyWords(Part):
    """Which requests a latency is that of, and how long it is."""

    endpoint: Text = Field(default="*", description="Pattern over `METHOD /path`.")
    request: Distribution | None = None
    reply: Distribution | None = None


class LatencyRule(LatencyWords, _During):
    """Time the venue takes before it acts on a request, and before it replies."""


class VisibilityWords(Part):
    """Which window a lag is that of, and how long it is."""

    window: Text = Field(description="A query such as `order`, or stream.<EVENT>; a pattern.")
    lag: Distribution


class VisibilityRule(VisibilityWords, _During):
    """How much later than it happened a fact shows in a window."""


class LimitRule(Part):
    """So many units in each span of time."""

    name: Text
    limit: Count
    per: Duration
    aligned: Switch = True


class FaultWords(Part):
    """What goes wrong, with which requests or messages, and how often."""

    name: Text
    endpoint: Text = Field(description="`METHOD /path`, `stream.<EVENT>` or `connect /path`.")
    kind: FaultKind
    status: Natural = 0
    body: Text = ""
    delay: Distribution | None = None
    nth: tuple[Count, ...] | None = Field(
        default=None, description="Which matches, counted from 1."
    )
    probability: NotNegative = Decimal(1)
    times: Count | None = None

    @field_validator("probability")
    @classmethod
    def _share(cls, value: Decimal) -> Decimal:
        if value > 1:
            raise Unusable("a probability is at most 1", "write 0.5 for every second time")
        return value


class Fault(FaultWords, _During):
    """Something that goes wrong on purpose."""


class VenueBehaviour(Part):
    """How a venue treats its clients; of several rules that match, the last one wins."""

    like: Names = Field(
        default=(),
        description="Profiles whose rules come first: names of `scenarios/profiles`, or paths "
        "beside the scenario; later ones win.",
    )
    latency: tuple[LatencyRule, ...] = ()
    visibility: tuple[VisibilityRule, ...] = ()
    limits: tuple[LimitRule, ...] | None = Field(
        default=None, description="Instead of the venue's own."
    )
    faults: tuple[Fault, ...] = ()
    settings: dict[str, Scalar] = Field(default_factory=dict)

    @field_validator("faults")
    @classmethod
    def _usable_faults(cls, faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
        check_faults(faults)
        return faults


def check_faults(faults: tuple[Fault, ...]) -> None:
    """Raises Unusable for two faults of one name, and for one that no venue could carry out."""
    from scenarios.build import fault_rule

    names = [fault.name for fault in faults]
    for index, fault in enumerate(faults):
        if fault.name in names[:index]:
            raise Unusable("the name of a fault is its own", "rename one", (index, "name"))
    for index, fault in enumerate(faults):
        try:
            check_fault(fault_rule(fault))
        except Unusable as error:
            raise Unusable(error.rule, error.cure, (index,)) from None


class Venue(Part):
    """An exchange."""

    profile: Text = Field(description="Its API as it was at a date.")
    balance: NotNegative = Field(description="The account's deposit, in the quote asset.")
    leverage: Count = Field(default=20, description="Of every symbol, until the bot sets it.")
    instruments: dict[str, Instrument] = Field(min_length=1)
    positions: tuple[ExistingPosition, ...] = ()
    behaviour: VenueBehaviour = VenueBehaviour()
