"""What a run leaves behind: filled by the runner, read by every report."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from replay.truth import VenueTruth
    from scenarios.likeness import Likeness

FindingKind = Literal["expectation", "invariant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A moment that matters, under the same name in a production log and in a run."""

    name: str
    time_ns: int  # since the epoch
    host: str
    text: str
    groups: Mapping[str, str] = field(default_factory=dict)
    end_ns: int | None = None  # only where a log gives a range, as in "22:34:13-23"
    exact_ns: int = 1  # to what a log gives the time: a second, a tenth, a millisecond
    line: int | None = None  # of the log, from 1

    def nearest_ns(self, time_ns: int) -> int:
        """How far `time_ns` is from this one: 0 within what the log gives, negative before it."""
        last_ns = self.time_ns + self.exact_ns - 1
        if time_ns < self.time_ns:
            return time_ns - self.time_ns
        return max(0, time_ns - last_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One expectation or invariant: whether it held, whether it should have, and why we say so."""

    kind: FindingKind
    name: str
    held: bool
    evidence: str
    expected: bool = True
    time_ns: int | None = None
    measured_ns: int | None = None  # how far it was from the time, or the milestone, counted from
    key: tuple[str | int, ...] = ()  # where the scenario's file asks for it
    judged: bool = True  # else nothing is known of it, and it counts as held

    @property
    def ok(self) -> bool:
        """Whether it came out as the scenario expects, be that held or broken."""
        return self.held == self.expected

    @property
    def outcome(self) -> str:
        """Whether it held, and whether it should have, in words."""
        if not self.judged:
            return "not judged"
        match self.held, self.expected:
            case True, True:
                return "held"
            case False, False:
                return "broken, as expected"
            case True, False:
                return "held, but should break"
            case _:
                return "BROKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All findings of one run."""

    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every finding is as the scenario expects."""
        return all(finding.ok for finding in self.findings)

    @property
    def surprises(self) -> tuple[Finding, ...]:
        """The findings that are not as expected."""
        return tuple(finding for finding in self.findings if not finding.ok)


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenException:
    """An exception that the bot logged below the level it prints."""

    type: str
    message: str
    place: str  # "module.py:123 in function"
    level: str
    logger: str
    count: int
    first_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BotEvent:
    """A row of the bot's `events` table."""

    type: str
    data: Mapping[str, Any]
    correlation_id: str
    severity: str
    created_at: str  # UTC, "2025-10-28 18:34:25.575000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a run has cost at one venue."""

    requests: int  # of all hosts, over REST and WebSocket, served or refused
    weight: int  # of the limits by IP
    lost: Decimal  # from the bot's wallet: fees, and what positions closed at a loss; the asset's


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """One version of a bot taken once through one scenario."""

    scenario: str
    title: str
    version: str
    seed: int
    digest: str  # SHA-256 of the trace, hexadecimal; empty of a run without one
    start_ns: int
    utc_offset_s: int  # the offset in which clock times are shown
    virtual_ns: int
    real_s: float
    command: str  # repeats this run
    verdict: Verdict
    outcomes: Mapping[str, str] = field(default_factory=dict)  # how each symbol ended
    waves_over_limit: int = 0
    unprotected_ns: Mapping[str, int] = field(default_factory=dict)  # longest, by symbol
    milestones: tuple[Milestone, ...] = ()
    venue_moments: tuple[Milestone, ...] = ()  # what the venues did meanwhile
    production: tuple[Milestone, ...] = ()
    unread_log_lines: tuple[str, ...] = ()
    log_notes: tuple[str, ...] = ()  # what was put right when the production log was read
    hidden: tuple[HiddenException, ...] = ()
    events: tuple[BotEvent, ...] = ()  # what the bot wrote into its database
    faults_fired: Mapping[str, int] = field(default_factory=dict)  # 0 for those that never did
    profiles: tuple[Likeness, ...] = ()  # below the scenario's rules, and what of them holds
    usage: Mapping[str, Usage] = field(default_factory=dict)  # by venue
    signals_lost: tuple[str, ...] = ()  # that a crash ended, or that came while the bot was down
    unknown_hosts: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    over_budget: tuple[str, ...] = ()  # what was not finished when time was up
    truth: tuple[VenueTruth, ...] = ()  # what was so at each venue, whoever could see it
    trace: Sequence[Mapping[str, Any]] = ()
    trace_lines: tuple[str, ...] = ()  # the same as JSON lines, as the digest sees them

    @property
    def command_anywhere(self) -> str:
        """`command` without the folder of `replay`, which is another one on every machine."""
        return re.sub(r"^.*?replay (?=run |exec )", "replay ", self.command)

    @property
    def speed_up(self) -> float:
        """Virtual over real time; 0 when no real time was measured."""
        return self.virtual_ns / 1e9 / self.real_s if self.real_s > 0 else 0.0
