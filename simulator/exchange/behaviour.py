"""How an exchange treats its clients, as data: latency, visibility, limits and faults.

Every rule may be confined to a span of time and to a symbol; of several rules that match, the
last one written wins, so that a scenario can state the general case first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase

from simulator.distributions import Distribution


@dataclass(frozen=True, slots=True)
class Span:
    """From `start_ns` up to, but without, `end_ns`, in nanoseconds since the epoch."""

    start_ns: int | None = None
    end_ns: int | None = None

    def holds(self, now_ns: int) -> bool:
        return (self.start_ns is None or self.start_ns <= now_ns) and (
            self.end_ns is None or now_ns < self.end_ns
        )


ALWAYS = Span()


@dataclass(frozen=True, slots=True, kw_only=True)
class LagRule:
    """How much later than it happened a fact shows in a window.

    `window` is a pattern (`*`, `stream.*`) over the windows `order`, `open_orders`, `positions`,
    `balance`, `fills` and `stream.<EVENT>`, the last in the venue's spelling.
    """

    window: str
    lag: Distribution
    symbol: str | None = None
    span: Span = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyRule:
    """Time the exchange itself takes: before it acts on a request, and before it replies.

    `endpoint` is a pattern over `METHOD /path`. None leaves that half to earlier rules.
    """

    endpoint: str = "*"
    request: Distribution | None = None
    reply: Distribution | None = None
    symbol: str | None = None
    span: Span = ALWAYS


class FaultKind(Enum):
    # on requests
    ERROR = "error"
    """Not carried out; answered with `status` and `body`."""
    ERROR_AFTER = "error_after"
    """Carried out, and answered with `status` and `body` all the same."""
    HANG = "hang"
    """Not carried out and never answered."""
    REPLY_LOST = "reply_lost"
    """Carried out and never answered."""
    RESET = "reset"
    """Not carried out; the connection is reset."""
    RESET_AFTER = "reset_after"
    """Carried out; the connection is reset instead of a reply."""
    DELAY = "delay"
    """Carried out `delay` later (requests), or delivered `delay` later (stream messages)."""
    # on stream messages
    DROP = "drop"
    DUPLICATE = "duplicate"
    SILENCE = "silence"
    """From the first match on, this connection delivers nothing more and stays open."""
    DISCONNECT = "disconnect"
    """The connection is closed, with WebSocket code `status` (1006: reset without a close)."""
    # on connections
    REFUSE = "refuse"
    """A WebSocket upgrade or an HTTP request is answered by a reset before anything is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """Something that goes wrong on purpose, when it matches, at most `times` times.

    `endpoint` is a pattern over `METHOD /path` for requests, `stream.<EVENT>` for stream
    messages and `connect /path` for WebSocket upgrades. Matches are counted from 1 per rule;
    `nth` names those that fire (None: each). `probability` is drawn from the rule's own stream.
    """

    name: str
    endpoint: str
    kind: FaultKind
    status: int = 0
    body: str = ""
    delay: Distribution | None = None
    symbol: str | None = None
    nth: frozenset[int] | None = None
    probability: float = 1.0
    times: int | None = None
    span: Span = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitRule:
    """At most `limit` units in each `interval_ns`, counted per IP or per account.

    `name` is the venue's: Binance has `REQUEST_WEIGHT` (IP) and `ORDERS` (account). `aligned`
    windows start at multiples of the interval since the epoch; others slide.
    """

    name: str
    limit: int
    interval_ns: int
    aligned: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """All of it. `limits=None` means the venue's own."""

    latency: tuple[LatencyRule, ...] = ()
    visibility: tuple[LagRule, ...] = ()
    faults: tuple[FaultRule, ...] = ()
    limits: tuple[LimitRule, ...] | None = None
    settings: dict[str, object] = field(default_factory=dict)
    """The venue's own switches, by name (`listen_key_life_ns`, ...)."""


def matches(pattern: str, name: str) -> bool:
    """Whether `name` fits the shell-style `pattern`; case counts."""
    return pattern == name or fnmatchcase(name, pattern)
