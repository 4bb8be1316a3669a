"""A scenario file: a world, a bot, what sets it going, and what is expected of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from scenarios.crashes import Crash
from scenarios.expected import Expectation, InvariantSettings, MilestonePattern
from scenarios.hosts import HostSettings, plain, with_something_to_run
from scenarios.likeness import Likeness
from scenarios.markets import Venue
from scenarios.neighbours import NeighbourSettings, with_names_of_their_own
from scenarios.stimuli import Signal, SignalServer, Stimulus
from scenarios.types import (
    BOT,
    Date,
    Distribution,
    Duration,
    Factory,
    HostLabel,
    HostName,
    Moment,
    Offset,
    Part,
    Scalar,
    StartMoment,
    Text,
    VenueKind,
    Whole,
    nearest,
)
from scenarios.units import Unusable

ROOT = Path(__file__).resolve().parents[1]
"""The project's root."""

REFERENCE_BOT = "bot_under_test.adapter:create"

CURRENT = "current"
"""The version without any known defect: it must open, and keep every invariant."""


def found_beside(folder: Path, name: str) -> Path:
    """The file that a scenario in `folder` calls `name`: beside its own file, or from the project's
    root where there is none."""
    own = folder / name
    return own if own.exists() else ROOT / name


class ProductionLog(Part):
    """The log lines of the real incident."""

    file: Text = Field(description="Path from the scenario's folder, or the project's root.")
    date: Date | None = Field(
        default=None,
        description="The day of its first line, if neither its lines nor its name tell.",
    )
    utc_offset: Offset = Field(description='What its clock shows, as "+04:00".')


class Link(Part):
    """How long bytes travel between two hosts, one way."""

    between: tuple[HostName, HostName]
    latency: Distribution | None = Field(default=None, description="Both ways.")
    there: Distribution | None = Field(
        default=None, description="From the first host to the second."
    )
    back: Distribution | None = Field(
        default=None, description="From the second host to the first."
    )

    @model_validator(mode="after")
    def _one_way_of_saying_it(self) -> Link:
        both = self.latency is not None
        each = (self.there is not None, self.back is not None)
        if both == any(each) or (any(each) and not all(each)):
            raise Unusable("needs a latency for both ways", "give `latency`, or `there` and `back`")
        return self


class BotVersion(Part):
    """What differs for one version of the bot."""

    settings: dict[str, Scalar] = Field(default_factory=dict)


class Bot(Part):
    """Which bot it is, and how it is set up."""

    factory: Factory = Field(
        default=REFERENCE_BOT, description="`module:function`, which makes a bot of its settings."
    )
    settings: dict[str, Scalar] = Field(default_factory=dict)
    versions: dict[str, BotVersion] = Field(default_factory=dict)
    environment: dict[str, str] = Field(
        default_factory=dict,
        description="Variables of a program (`replay exec`); `${binance.api_key}`, "
        "`${binance.secret}`, `${signals.url}` and `${signals.token}` stand for the world's own.",
    )

    def settings_for(self, version: str) -> dict[str, Any]:
        """The settings of a version: the common ones, overruled by its own, as plain values."""
        own = self.versions.get(version)
        settings = {**self.settings, **(own.settings if own else {})}
        return plain(settings)


def _exact(value: Any) -> Any:
    """As the reader of a file has it."""
    return Decimal(repr(value)) if isinstance(value, float) else value


class Incident(Part):
    """What a scenario has happened as, in production."""

    version: Text = Field(description="The bot's version that it happened to.")
    symptom: Literal["rolled_back", "naked", "over_limit"] = Field(
        description="What tells it from a run that went well: how a symbol ends, or the wave limit."
    )


class Scenario(Part):
    """One file."""

    name: Text
    title: Text
    description: Text = ""
    log: ProductionLog | None = None
    incident: Incident | None = None
    start: StartMoment = Field(description="With its offset from UTC, which the bot's clock shows.")
    until: Moment = Field(description="No run goes on beyond it.")
    settle: Duration = Field(
        default=2_000_000_000, description="How long to go on once the last signal is dealt with."
    )
    seed: Whole = 1
    links: tuple[Link, ...] = ()
    venues: dict[VenueKind, Venue] = Field(min_length=1)
    hosts: dict[HostLabel, HostSettings] = Field(
        default_factory=dict,
        description="The bot's own machine, `bot`, and further ones: parts of it, or other bots.",
    )
    neighbours: dict[Text, NeighbourSettings] = Field(
        default_factory=dict, description="Real servers beside the world, by names of one's own."
    )
    bot: Bot = Bot()
    signal_server: SignalServer = SignalServer()
    stimulus: tuple[Stimulus, ...] = ()
    crash: tuple[Crash, ...] = Field(
        default=(), description="When the bot's process is killed, each entry once."
    )
    milestones: dict[str, MilestonePattern] = Field(default_factory=dict)
    patterns: tuple[Text, ...] = Field(
        default=(),
        description="Files of milestones' patterns, by paths from the scenario's folder.",
    )
    invariants: InvariantSettings = InvariantSettings()
    expect: dict[str, Expectation] = Field(min_length=1)

    _folder: Path = PrivateAttr(default=ROOT)
    _likenesses: tuple[Likeness, ...] = PrivateAttr(default=())

    def placed_in(self, folder: Path) -> Self:
        """Tells the scenario which folder its file lies in, and gives it back."""
        self._folder = folder
        return self

    def like(self, told: Sequence[Likeness]) -> Self:
        """Tells the scenario which profiles lie below its rules, and gives it back."""
        self._likenesses = tuple(told)
        return self

    @property
    def likenesses(self) -> tuple[Likeness, ...]:
        """The profiles that lie below its rules, and what of them is overruled."""
        return self._likenesses

    def beside(self, name: str) -> Path:
        """The file that the scenario calls `name`: beside its own file, or from the project's root
        where there is none."""
        return found_beside(self._folder, name)

    @property
    def pattern_files(self) -> tuple[Path, ...]:
        """Where its `patterns` lie."""
        return tuple(self._folder / name for name in self.patterns)

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of the bot that it speaks of, in its order."""
        return tuple(self.expect)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Those of the bot's signals, see `symbols_of`."""
        return self.symbols_of(BOT)

    def symbols_of(self, account: str) -> tuple[str, ...]:
        """The symbols of the signals for one account's bot, each once, in their order; without
        signals all there are."""
        hosts = self.hosts_of(account)
        named = [
            (each.exchange, each.symbol)
            for stimulus in self.stimulus
            if stimulus.host in hosts
            for each in stimulus.signals
        ]
        if not named:
            listed = {name: venue.instruments for name, venue in self.venues.items()}
            named = [(name, each) for name, symbols in listed.items() for each in symbols]
        return tuple(dict.fromkeys(self.name_of(venue, symbol) for venue, symbol in named))

    @property
    def loggers_waited_for(self) -> tuple[str, ...]:
        """Patterns of those whose records something in the scenario comes after."""
        stalls = [stall.after_log for host in self.hosts.values() for stall in host.stalls]
        crashes = [crash.after_log for crash in self.crash if crash.after_log is not None]
        return tuple(dict.fromkeys(each.logger for each in (*stalls, *crashes)))

    def hosts_of(self, account: str) -> tuple[str, ...]:
        """The hosts that trade with one account, which has the name of the first of them."""
        if account != BOT:
            return (account,)
        parts = [name for name, host in self.hosts.items() if host.account == "bot"]
        return (BOT, *(name for name in parts if name != BOT))

    @property
    def begins(self) -> int:
        """When the first stimulus comes; without one, the start."""
        return self.stimulus[0].at if self.stimulus else self.start.ns

    def name_of(self, venue: str, symbol: str) -> str:
        """What a position is called: its symbol, or `bybit:BTCUSDT` if several venues list it."""
        listed = [name for name, each in self.venues.items() if symbol in each.instruments]
        return f"{venue}:{symbol}" if len(listed) > 1 else symbol

    @property
    def signals(self) -> tuple[Signal, ...]:
        """All of them, of waves too, in their order."""
        return tuple(each for stimulus in self.stimulus for each in stimulus.signals)

    def expectation(self, version: str) -> Expectation:
        """What is expected of a version. One that the file does not name has to open."""
        named = self.expect.get(version)
        return Expectation(outcome="opened") if named is None else named

    def with_factory(self, factory: str) -> Scenario:
        """The same for a bot of one's own, `package.module:create`."""
        return self.model_copy(update={"bot": self.bot.model_copy(update={"factory": factory})})

    def with_settings(self, version: str, settings: Mapping[str, Any]) -> Scenario:
        """The same with other settings for one version, plain values."""
        own = self.bot.versions.get(version, BotVersion())
        exact = {name: _exact(value) for name, value in settings.items()}
        changed = own.model_copy(update={"settings": {**own.settings, **exact}})
        versions = {**self.bot.versions, version: changed}
        return self.model_copy(update={"bot": self.bot.model_copy(update={"versions": versions})})

    @field_validator("stimulus", "crash")
    @classmethod
    def _before_the_end(
        cls, timed: tuple[Stimulus | Crash, ...], info: ValidationInfo
    ) -> tuple[Stimulus | Crash, ...]:
        until_ns = info.data.get("until")
        for index, each in enumerate(timed):
            # 0 where the start is unusable
            if until_ns and each.at is not None and each.at >= until_ns:
                raise Unusable("comes when the run is over", "raise `until`", (index, "at"))
        return timed

    @field_validator("hosts")
    @classmethod
    def _something_runs_there(
        cls, hosts: dict[str, HostSettings], info: ValidationInfo
    ) -> dict[str, HostSettings]:
        return with_something_to_run(hosts, info.data.get("venues", ()))

    @field_validator("neighbours")
    @classmethod
    def _names_of_their_own(
        cls, neighbours: dict[str, NeighbourSettings], info: ValidationInfo
    ) -> dict[str, NeighbourSettings]:
        return with_names_of_their_own(
            neighbours, (*info.data.get("venues", ()), *info.data.get("hosts", ()))
        )

    @model_validator(mode="after")
    def _settings_of_known_versions(self) -> Scenario:
        for version in self.bot.versions:
            if version not in self.expect:
                rule, cure = "expect says nothing of this version", nearest(version, self.versions)
                raise Unusable(rule, cure, ("bot", "versions", version))
        return self

    @field_validator("expect")
    @classmethod
    def _current_breaks_nothing(cls, expect: dict[str, Expectation]) -> dict[str, Expectation]:
        current = expect.get(CURRENT)
        if current is not None and current.breaks:
            raise Unusable(
                "the current version must keep every invariant", "leave it out", (CURRENT, "breaks")
            )
        return expect
