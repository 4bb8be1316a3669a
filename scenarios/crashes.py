"""When the bot's process is killed, and when it is started again."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from scenarios.types import (
    BOT,
    BotHost,
    Count,
    Duration,
    MilestoneName,
    Moment,
    Part,
    Pattern,
    Text,
)
from scenarios.units import Unusable

_TRIGGERS = ("at", "milestone", "request", "after_log")


class LogRecordMatch(Part):
    """A log record of the bot, by logger and message."""

    logger: Text = Field(default="*", description="Name or pattern, `core.*`.")
    message: Pattern = Field(description="A regular expression found anywhere in the message.")


class Restart(Part):
    """The same version on the same host, with what was durable and nothing else."""

    after: Duration = Field(description="How long it is down.")
    signals: Literal["lost", "kept"] = Field(
        default="lost",
        description="What becomes of signals meanwhile; those kept come once it is up.",
    )


class Crash(Part):
    """The bot's process is killed, once; the venues go on."""

    host: BotHost = Field(default=BOT, description="Whose process it is.")
    at: Moment | None = None
    milestone: MilestoneName | None = Field(default=None, description="Right after it.")
    request: Text | None = Field(
        default=None, description="Endpoint, `POST /fapi/v1/order`, patterns allowed."
    )
    when: Literal["unsent", "taken", "answered"] | None = Field(
        default=None,
        description="Of a request: before it leaves; when the venue has it and will act, which is "
        "the default; when the answer is on its way. The bot never reads that.",
    )
    after_log: LogRecordMatch | None = Field(default=None, description="Right after it.")
    nth: Count | None = Field(
        default=None, description="Only that milestone, request or record; by default the first."
    )
    restart: Restart | None = Field(default=None, description="By default it stays down.")

    @model_validator(mode="after")
    def _one_trigger(self) -> Crash:
        given = [name for name in _TRIGGERS if getattr(self, name) is not None]
        if len(given) != 1:
            rule = f"needs one of {', '.join(f'`{name}`' for name in _TRIGGERS)}"
            raise Unusable(rule, "write one entry for each")
        if self.when is not None and self.request is None:
            raise Unusable("`when` goes with `request`", "leave it out", ("when",))
        if self.nth is not None and self.at is not None:
            raise Unusable("a moment comes once", "leave `nth` out", ("nth",))
        if self.request is not None and " " not in self.request.strip():
            raise Unusable(
                "must be method and path", "write `POST /fapi/v1/order`, or `* *`", ("request",)
            )
        return self

    @property
    def told(self) -> str:
        """What it waits for, in words."""
        if self.at is not None:
            return "at its moment"
        if self.request is not None:
            what = f"request {self.request} {self.when or 'taken'}"
        elif self.milestone is not None:
            what = f"milestone {self.milestone}"
        else:
            assert self.after_log is not None
            what = f"log record {self.after_log.message!r}"
        return what if self.nth is None else f"{what}, number {self.nth}"
