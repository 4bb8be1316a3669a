"""What lies between two log lines of a bot: knowledge about the bot, as data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    Field,
    PlainValidator,
    ValidationError,
    field_validator,
    model_validator,
)

from replay.calibration.samples import Kind
from replay.logs.milestones import MilestonePatterns
from scenarios.document import read_document
from scenarios.errors import Problem, ScenarioError
from scenarios.loader import shown_path
from scenarios.problems import problems_of
from scenarios.types import Count, Duration, Part, Switch, Text, Told, VenueKind, nearest
from scenarios.units import Unusable, parse_duration

REFERENCE_BOT = Path(__file__).with_name("reference_bot.yaml")

T = TypeVar("T")


def _texts(value: object) -> Mapping[str, str]:
    """One text for every venue, or one for each."""
    by_venue: dict[str, Any] = value if isinstance(value, dict) else {"": value}
    for each in by_venue.values():
        if not isinstance(each, str):
            raise Unusable("must be a text, or one for each venue", "write {binance: ...}")
    return by_venue


def _waits(value: object) -> Mapping[str, tuple[int, ...]]:
    """One list of durations for every venue, or one for each."""
    by_venue: dict[str, Any] = value if isinstance(value, dict) else {"": value}
    for each in by_venue.values():
        if not isinstance(each, list):
            raise Unusable("must be a list of durations, or one for each venue", "write [500 ms]")
    return {
        venue: tuple(parse_duration(one) for one in several) for venue, several in by_venue.items()
    }


ByVenue = Annotated[Mapping[str, str], PlainValidator(_texts)]
Waits = Annotated[Mapping[str, tuple[int, ...]], PlainValidator(_waits)]


class Pair(Part):
    """Two milestones of one opening, or one that comes `every` so often, and what it measures."""

    from_: Text | None = Field(default=None, alias="from")
    to: Text | None = None
    on: Text | None = Field(default=None, description="Instead: a line that comes every so often.")
    every: Duration | None = None
    unless: tuple[Text, ...] = Field(default=(), description="None of these comes between.")
    where: dict[str, Told] = Field(default_factory=dict, description="Of the second milestone.")
    measures: Literal[
        "round_trip", "mean_round_trip", "stream_lead", "visibility_lag", "tick_delay"
    ]
    endpoint: ByVenue = Field(default_factory=dict)
    event: ByVenue = Field(default_factory=dict)
    window: Text | None = None
    of: Count = Field(default=1, description="So many round trips.")
    waits: Waits = Field(
        default_factory=dict, description="The bot's own waiting in it, before each attempt."
    )
    never: Switch = Field(default=False, description="The query found nothing to the end.")
    behind: Switch = Field(default=False, description="The event comes second.")
    at_least: Duration = Field(default=0, description="Shorter is no request.")
    at_most: Duration = Field(default=60_000_000_000, description="Longer is of something else.")
    venues: tuple[VenueKind, ...] = ()

    @property
    def kind(self) -> Kind:
        """What it measures."""
        return Kind(self.measures)

    def what(self, venue: str) -> str | None:
        """The endpoint, event or window that it measures at a venue; None where it says none."""
        match self.kind:
            case Kind.ROUND_TRIP:
                return for_venue(self.endpoint, venue)
            case Kind.STREAM_LEAD:
                return for_venue(self.event, venue)
            case Kind.VISIBILITY_LAG:
                return self.window
            case Kind.MEAN_ROUND_TRIP:
                return "*"
        return "stream"

    @field_validator("where", mode="before")
    @classmethod
    def _mapping(cls, value: Any) -> Any:
        return {} if value is None else value

    @model_validator(mode="after")
    def _whole(self) -> Pair:
        if (self.on is None) == (self.from_ is None or self.to is None):
            raise Unusable("needs `from` and `to`, or `on`", "write {from: sent, to: answered}")
        if (self.on is None) != (self.every is None) or (self.on is None) == (
            self.kind is Kind.TICK_DELAY
        ):
            raise Unusable(
                "`on` goes with `every` and measures a tick_delay", "add what is missing"
            )
        needed = {
            Kind.ROUND_TRIP: ("endpoint", self.endpoint),
            Kind.STREAM_LEAD: ("event", self.event),
            Kind.VISIBILITY_LAG: ("window", self.window),
        }.get(self.kind)
        if needed is not None and not needed[1]:
            raise Unusable(f"a {self.measures} needs `{needed[0]}`", f"add `{needed[0]}:`")
        return self


class _File(Part):
    """A file of pairs; the list stands alone in it."""

    pairs: tuple[Pair, ...]


def for_venue(by_venue: Mapping[str, T], venue: str) -> T | None:
    """What is said for a venue, or for all."""
    return by_venue.get(venue, by_venue.get(""))


def load(path: Path, patterns: MilestonePatterns) -> tuple[Pair, ...]:
    """The pairs of a file. Raises ScenarioError with every problem of it: file, line, value, rule
    and cure."""
    file = shown_path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError([_problem(file, 1, "", f"cannot be read: {error}", "")]) from None
    document = read_document(text, file)
    if not isinstance(document.data, list):
        cure = "write `- {from: sent, to: answered, measures: round_trip, endpoint: ...}`"
        raise ScenarioError([_problem(file, 1, "", "must be a list of pairs", cure)])
    # Paths of errors are those of the list, and of a mapping to the schema.
    document.data = {"pairs": document.data}
    document.lines = {("pairs", *place): line for place, line in document.lines.items()}
    problems = list(document.problems)
    pairs: tuple[Pair, ...] = ()
    try:
        pairs = _File.model_validate(document.data).pairs
    except ValidationError as error:
        problems += problems_of(error, document, _File)
    for index, pair in enumerate(pairs):
        for key, name in (("from", pair.from_), ("to", pair.to), ("on", pair.on)):
            if name is not None and name not in patterns.names:
                line = document.line(("pairs", index, key))
                cure = nearest(name, patterns.names)
                problems.append(_problem(file, line, name, "no such milestone", cure))
    if problems:
        raise ScenarioError(sorted(problems, key=lambda each: (each.line, each.key)))
    return pairs


def _problem(file: str, line: int, value: str, rule: str, cure: str) -> Problem:
    return Problem(file=file, line=line, key="", value=value, rule=rule, cure=cure)
