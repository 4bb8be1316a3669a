"""What the runner saw from above: the venue's truth and the bot's belief, for the invariants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from replay.result import BotEvent, Milestone


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A stretch of time in which a position at the venue, and what covers it, did not change."""

    symbol: str
    account: str
    quantity: Decimal  # signed; 0 is flat
    protected: bool  # whether a resting stop-loss covers the whole of it
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOrder:
    """An order the venue knows at the end of a run."""

    order_id: str
    symbol: str
    open: bool
    client_order_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveOutcome:
    """A wave, and those of its symbols in which there is a position at the end."""

    time_ns: int
    positions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What the bot says it has: signed quantities by raw symbol, ids of orders of either kind."""

    positions: Mapping[str, Decimal] = field(default_factory=dict)
    orders: tuple[str, ...] = ()
    events: tuple[BotEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything the invariants are judged by. Truth is the venue's, not what it lets one see."""

    protection: tuple[Interval, ...] = ()
    end_positions: Mapping[str, Decimal] = field(default_factory=dict)
    end_orders: tuple[VenueOrder, ...] = ()
    believed: Belief | None = None  # None: this bot does not say what it believes
    milestones: tuple[Milestone, ...] = ()
    waves: tuple[WaveOutcome, ...] = ()
    exit_code: int | None = None  # of a program that ended
    utc_offset_s: int = 0
