"""Machines of a scenario: their clocks, and when they stand still."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from scenarios.crashes import LogRecordMatch
from scenarios.types import Count, Distribution, Number, Part, SignedDuration, Text


class Stall(Part):
    """The bot stands still right after a log record: its own computing, or its database."""

    after_log: LogRecordMatch
    lasts: Distribution
    times: Count | None = Field(default=None, description="Only the first so many times.")
    why: Text = Field(default="", description="What the time is spent on.")


class HostSettings(Part):
    """A machine's clock, and when it stands still."""

    clock_offset: SignedDuration = Field(default=0, description="How far its clock is ahead.")
    drift_ppm: Number = Field(default=Decimal(0), description="How much faster its clock runs.")
    stalls: tuple[Stall, ...] = ()
