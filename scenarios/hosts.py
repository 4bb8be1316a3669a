"""Machines of a scenario: their clocks, when they stand still, and what runs on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, model_validator

from scenarios.crashes import LogRecordMatch
from scenarios.expected import Expectation
from scenarios.types import (
    BOT,
    SIGNALS,
    Count,
    Distribution,
    Factory,
    HostLabel,
    Number,
    Part,
    Scalar,
    SignedDuration,
    Text,
    Whole,
)
from scenarios.units import Unusable


class Stall(Part):
    """The bot stands still right after a log record: its own computing, or its database."""

    after_log: LogRecordMatch
    lasts: Distribution
    times: Count | None = Field(default=None, description="Only the first so many times.")
    why: Text = Field(default="", description="What the time is spent on.")


class HostSettings(Part):
    """A machine: its clock, when it stands still, and, beside the host `bot`, what runs on it."""

    clock_offset: SignedDuration = Field(default=0, description="How far its clock is ahead.")
    drift_ppm: Number = Field(default=Decimal(0), description="How much faster its clock runs.")
    stalls: tuple[Stall, ...] = ()
    run: Text | None = Field(
        default=None, description="A program, as after `replay exec SCENARIO --`."
    )
    directory: Text = Field(
        default=".", description="Where the program is and works, from the scenario's folder."
    )
    environment: dict[str, str] = Field(
        default_factory=dict, description="The program's variables, as `bot.environment`."
    )
    exit_code: Whole | None = Field(
        default=None,
        description="What the program ends with; by default 0, or SIGTERM when the run is over.",
    )
    factory: Factory | None = Field(
        default=None, description="`module:function`, which makes a bot of its settings."
    )
    settings: dict[str, Scalar] = Field(default_factory=dict, description="The factory's.")
    account: Literal["bot", "own"] = Field(
        default="bot",
        description="`bot`: a part of the bot, with its keys. `own`: another bot, with an account "
        "of its own at every venue.",
    )
    expect: Expectation | None = Field(
        default=None, description="Of another bot; it keeps every invariant in any case."
    )

    @model_validator(mode="after")
    def _what_goes_together(self) -> HostSettings:
        if self.run is not None and self.factory is not None:
            raise Unusable("needs one of `run` and `factory`", "leave one out", ("factory",))
        program = {"directory", "environment", "exit_code"}
        for name in sorted(self.model_fields_set & (program | {"settings"})):
            wanted = "run" if name in program else "factory"
            if getattr(self, wanted) is None:
                raise Unusable(f"`{name}` goes with `{wanted}`", "leave it out", (name,))
        if self.expect is not None and self.account == "bot":
            cure = "write it into the scenario's `expect`, or give `account: own`"
            raise Unusable("a part of the bot is judged with it", cure, ("expect",))
        if self.expect is not None and self.expect.exit_code is not None:
            cure = "give the host itself an `exit_code`"
            raise Unusable("an exit code is that of the program", cure, ("expect", "exit_code"))
        return self

    def plain_settings(self) -> dict[str, Any]:
        """The factory's settings, as plain values."""
        return plain(self.settings)

    @property
    def runs_something(self) -> bool:
        return self.run is not None or self.factory is not None


def with_something_to_run(
    hosts: dict[HostLabel, HostSettings], taken: Iterable[str]
) -> dict[HostLabel, HostSettings]:
    """The hosts. Raises Unusable for a name that is taken, for a further host on which nothing
    runs, and for the bot's own where the scenario says what runs."""
    reserved = (SIGNALS, *taken)
    for name, host in hosts.items():
        if name in reserved:
            raise Unusable("is the name of a host already", "choose another one", (name,))
        if name == BOT and (host.runs_something or host.account == "own"):
            cure = "name it in `bot`, or after `replay exec SCENARIO --`"
            raise Unusable("what runs on the bot's host is said elsewhere", cure, (name,))
        if name != BOT and not host.runs_something:
            cure = f"give `run` or `factory`; the bot's own host is {BOT!r}"
            raise Unusable("nothing runs on this host", cure, (name,))
    return hosts


def plain(settings: Mapping[str, object]) -> dict[str, Any]:
    """A bot's settings know floats: exact decimals are the simulator's affair."""
    return {name: _plain(value) for name, value in settings.items()}


def _plain(value: object) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return float(value) if isinstance(value, Decimal) else value
