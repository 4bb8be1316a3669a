"""What a picture of a run is made of: lanes, items on them, arrows between them.

All times are nanoseconds since the run's start; what a production log knows of may lie before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Shape(Enum):
    """How an item is drawn."""

    POINT = "point"
    SPAN = "span"


class Tone(Enum):
    """What an item's colour says."""

    PLAIN = "plain"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    HIDDEN = "hidden"


class ArrowKind(Enum):
    """What travels: a request to a venue, its reply, an event of a stream."""

    REQUEST = "request"
    REPLY = "reply"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A horizontal strip for one kind of thing on one host; `rows` of spans lie side by side."""

    host: str
    name: str
    truth: bool = False  # what was so, whoever could see it
    rows: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that happened, or lasted. `detail` is its payload as the trace has it."""

    kind: str  # request, stream, log, milestone, production, stall, fault, order, ...
    lane: int  # into `Picture.lanes`
    start_ns: int
    end_ns: int
    title: str
    shape: Shape = Shape.POINT
    tone: Tone = Tone.PLAIN
    row: int = 0
    note: str = ""  # what is worth knowing of its place in time
    sent_ns: int | None = None  # when a request left the bot
    arrives_ns: int | None = None  # when a reply or an event reached the bot
    ahead_ns: int | None = None  # of an event: how long before the reply to a request it arrived
    bot_row: int = 0  # of a request, in the bot's lane
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """Something on its way between the bot and the lane of an item."""

    item: int  # into `Picture.items`
    kind: ArrowKind
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A milestone of the run, of production, or of both; items are indices, or None."""

    name: str
    text: str
    virtual: int | None
    production: int | None
    difference_ns: int | None  # virtual minus production


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A run, ready to be drawn. `items` are in order of time."""

    lanes: tuple[Lane, ...]
    items: tuple[Item, ...]
    arrows: tuple[Arrow, ...]
    pairs: tuple[Pair, ...] = ()
    wire: int  # the lane in which the bot's requests leave and what it is told arrives
    left_out: Mapping[str, int] = field(default_factory=dict)  # what is not drawn, and how often


def arrows_of(number: int, item: Item) -> Iterator[Arrow]:
    """The arrows to and from an item, as far as the trace knows when they left and arrived."""
    match item.kind:
        case "request":
            if item.sent_ns is not None:
                yield Arrow(
                    item=number,
                    kind=ArrowKind.REQUEST,
                    start_ns=item.sent_ns,
                    end_ns=item.start_ns,
                )
            if item.arrives_ns is not None:
                yield Arrow(
                    item=number,
                    kind=ArrowKind.REPLY,
                    start_ns=item.end_ns,
                    end_ns=item.arrives_ns,
                )
        case "stream" if item.arrives_ns is not None:
            yield Arrow(
                item=number,
                kind=ArrowKind.EVENT,
                start_ns=item.start_ns,
                end_ns=item.arrives_ns,
            )
