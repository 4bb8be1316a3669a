"""Behaviour profiles: how venues treat their clients at some time, each rule with its evidence.

A profile is made by `replay calibrate` or by hand, and included by a scenario with
`venues.<venue>.behaviour.like`. It knows no moments and no symbols: it holds wherever it is used.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from scenarios.document import Document, read_document
from scenarios.errors import Problem, ScenarioError
from scenarios.markets import (
    Fault,
    FaultWords,
    LatencyRule,
    LatencyWords,
    LimitRule,
    VenueBehaviour,
    VisibilityRule,
    VisibilityWords,
    check_faults,
)
from scenarios.problems import problems_of
from scenarios.published import schema_text
from scenarios.types import (
    Distribution,
    Duration,
    Natural,
    NotNegative,
    Part,
    SignedDuration,
    Switch,
    Text,
    VenueKind,
    nearest,
)
from scenarios.units import Unusable
from scenarios.venues import host_names, problems_of_venues

FOLDER = Path(__file__).resolve().parent / "profiles"
"""Where those lie that come with the project."""

_SCHEMA_ID = "profile.schema.json"


class Fit(Part):
    """What was fitted to the samples, and how well it fits them."""

    distribution: Literal["constant", "uniform", "lognormal", "empirical", "normal"]
    ks: NotNegative | None = Field(
        default=None,
        description="Kolmogorov-Smirnov distance; of intervals the least there can be.",
    )
    p_value: NotNegative | None = Field(
        default=None, description="Of that distance, had the distribution been known beforehand."
    )
    median: tuple[Duration, Duration] | None = Field(
        default=None, description="Its 95% confidence interval."
    )
    sigma: tuple[NotNegative, NotNegative] | None = Field(
        default=None, description="Its 95% confidence interval."
    )

    @field_validator("ks", "p_value")
    @classmethod
    def _share(cls, value: Decimal | None) -> Decimal | None:
        if value is not None and value > 1:
            raise Unusable("must be at most 1", "write 0.05 for five in a hundred")
        return value


class Evidence(Part):
    """Where the numbers of a rule are from."""

    samples: Natural = Field(description="How many; 0 for an assumption, which says `why`.")
    censored: Natural = Field(
        default=0, description="How many of them are known to lie between bounds only."
    )
    fit: Fit | None = None
    widened: Switch = Field(
        default=False, description="Wider than the samples, because they are few."
    )
    why: Text = ""

    @model_validator(mode="after")
    def _says_why(self) -> Evidence:
        if not self.why and (self.widened or not self.samples):
            what = "widened" if self.widened else "without samples"
            raise Unusable(f"what is {what} must say why", "add `why:`")
        if self.censored > self.samples:
            raise Unusable("more samples are censored than there are", "count again", ("censored",))
        return self


class ProfileLatency(LatencyWords):
    """Time the venue takes before it acts on a request, and before it replies."""

    evidence: Evidence


class ProfileVisibility(VisibilityWords):
    """How much later than it happened a fact shows in a window."""

    evidence: Evidence


class ProfileFault(FaultWords):
    """Something that goes wrong, however often it was seen to."""

    evidence: Evidence


class ProfileLimit(LimitRule):
    """So many units in each span of time."""

    evidence: Evidence


class ProfileBehaviour(Part):
    """As `venues.<venue>.behaviour` of a scenario; of several rules that match, the last wins."""

    latency: tuple[ProfileLatency, ...] = ()
    visibility: tuple[ProfileVisibility, ...] = ()
    limits: tuple[ProfileLimit, ...] | None = None
    faults: tuple[ProfileFault, ...] = ()

    def plain(self) -> VenueBehaviour:
        """The same as a scenario has it, without the evidence."""
        limits = self.limits
        return VenueBehaviour.model_construct(
            latency=tuple(LatencyRule.model_construct(**_said(each)) for each in self.latency),
            visibility=tuple(
                VisibilityRule.model_construct(**_said(each)) for each in self.visibility
            ),
            limits=None
            if limits is None
            else tuple(LimitRule.model_construct(**_said(each)) for each in limits),
            faults=tuple(Fault.model_construct(**_said(each)) for each in self.faults),
        )

    @field_validator("faults")
    @classmethod
    def _usable_faults(cls, faults: tuple[ProfileFault, ...]) -> tuple[ProfileFault, ...]:
        check_faults(tuple(Fault.model_construct(**_said(each)) for each in faults))
        return faults


class ProfileLink(Part):
    """How long bytes travel between a bot and hosts of the venue, one way each."""

    hosts: tuple[Text, ...] = Field(min_length=1, description="By the names that a bot asks for.")
    there: Distribution = Field(description="From the bot to the venue.")
    back: Distribution = Field(description="From the venue to the bot.")
    there_evidence: Evidence
    back_evidence: Evidence


class Measured(Part):
    """Something that was measured and is no rule: a whole round trip, or a stream's lead."""

    kind: Literal["round_trip", "mean_round_trip", "stream_lead"]
    of: Text = Field(description="The endpoint or event.")
    samples: Natural
    quantiles: tuple[tuple[NotNegative, SignedDuration], ...] = Field(
        description="A share of the samples, and what so many of them are at or below."
    )
    fit: Fit | None = None


class ProfileVenue(Part):
    """One venue in a profile."""

    measured: tuple[Measured, ...] = Field(
        default=(), description="For a person to read; no rule comes of it."
    )

    links: tuple[ProfileLink, ...] = Field(
        default=(), description="Used where a scenario has no link of its own."
    )
    behaviour: ProfileBehaviour = ProfileBehaviour()


class Profile(Part):
    """One file."""

    name: Text
    title: Text
    source: Text = Field(description="Where the numbers come from.")
    venues: dict[VenueKind, ProfileVenue] = Field(min_length=1)

    @field_validator("source")
    @classmethod
    def _not_empty(cls, source: str) -> str:
        if not source.strip():
            raise Unusable("a profile must say where it is from", "name logs, reports or papers")
        return source


def names() -> list[str]:
    """The profiles that come with the project, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(path: Path) -> Profile:
    """The profile in a file. Raises ScenarioError, with every problem of it."""
    from scenarios.loader import shown_path

    file = shown_path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError([Problem.of_file(file, f"cannot be read: {error}", "")]) from None
    return load_text(text, file)


def load_text(text: str, file: str) -> Profile:
    """As `load`, from a text; `file` is what the problems call it."""
    document = read_document(text, file)
    if not isinstance(document.data, dict):
        cure = "begin with `name:`, `title:` and `source:`"
        raise ScenarioError([Problem.of_file(file, "is no profile", cure)])
    problems = [*document.problems, *problems_of_venues(document)]
    try:
        profile = Profile.model_validate(document.data)
    except ValidationError as error:
        problems += problems_of(error, document, Profile)
    else:
        problems += _unknown_hosts(profile, document)
    if problems:
        raise ScenarioError(sorted(problems, key=lambda each: (each.line, each.key)))
    return profile


def json_schema_text() -> str:
    """The JSON Schema of a profile, as it is published in `scenarios/profile_schema.json`."""
    return schema_text(Profile, _SCHEMA_ID)


def _unknown_hosts(profile: Profile, document: Document) -> list[Problem]:
    found: list[Problem] = []
    for venue, part in profile.venues.items():
        known = host_names(venue)
        for index, link in enumerate(part.links):
            for place, host in enumerate(link.hosts):
                if host not in known:
                    path = ("venues", venue, "links", index, "hosts", place)
                    found.append(
                        Problem(
                            file=document.file,
                            line=document.line(path),
                            key=f"venues.{venue}.links[{index}].hosts[{place}]",
                            value=host,
                            rule=f"{venue} has no such host",
                            cure=nearest(host, known),
                        )
                    )
    return found


def _said(rule: Part) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in rule.model_fields_set if name != "evidence"}


def main() -> None:
    """Writes the JSON Schema to the standard output."""
    sys.stdout.write(json_schema_text())


if __name__ == "__main__":
    main()
