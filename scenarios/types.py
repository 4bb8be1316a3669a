"""The kinds of values in a scenario: how each is read, checked and described to an editor.

What a value may refer to (the start, the symbols, the milestones) comes from the file itself and
is handed in as the validation's context, a `Frame`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)

from scenarios.units import (
    Start,
    Unusable,
    parse_date,
    parse_decimal,
    parse_distribution,
    parse_duration,
    parse_moment,
    parse_offset,
    parse_signed_duration,
    parse_start,
)
from simulator.distributions import Distribution as DurationDistribution
from simulator.venues import NAMES

BOT = "bot"
"""The host that every scenario has besides those of its venues."""
SIGNALS = "signals"
"""The host of the signal server, where a scenario has waves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the values of one file may refer to; None where anything goes."""

    start: Start | None = None
    venues: Sequence[str] | None = None
    symbols: Sequence[str] | None = None
    hosts: Sequence[str] | None = None
    bots: Sequence[str] | None = None
    """The hosts that something of the user's runs on."""
    milestones: Sequence[str] | None = None


class Part(BaseModel):
    """A mapping of a scenario: frozen, and no key beyond its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def nearest(word: str, known: Sequence[str]) -> str:
    """The cure for a word that is not among the known ones."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(known) or 'none'}"


def _frame(info: ValidationInfo) -> Frame:
    return info.context if isinstance(info.context, Frame) else Frame()


def _moment(value: object, info: ValidationInfo) -> int:
    start = _frame(info).start
    if start is None:  # the start's own problem is reported, and says enough
        return 0
    return parse_moment(value, start)


def _known(what: str, names: Callable[[Frame], Sequence[str] | None]) -> AfterValidator:
    def check(value: str, info: ValidationInfo) -> str:
        known = names(_frame(info))
        if known is not None and value not in known:
            raise Unusable(f"no such {what}", nearest(value, known))
        return value

    return AfterValidator(check)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unusable("must be a text", "put it in quotes")
    return value


def _names(value: object) -> tuple[str, ...]:
    """One name or a list of them."""
    several = value if isinstance(value, list) else [value]
    return tuple(_text(each) for each in several)


def _pattern(value: object) -> str:
    text = _text(value)
    try:
        re.compile(text)
    except re.error as error:
        raise Unusable(
            f"is no regular expression: {error}", "escape special signs with \\"
        ) from None
    return text


def _factory(value: object) -> str:
    text = _text(value)
    module, _, name = text.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), name)):
        raise Unusable("must be module:function", 'write "my_bot.replay:create"')
    return text


def _host_label(value: object) -> str:
    text = _text(value)
    if re.fullmatch(_LABEL, text) is None:
        raise Unusable("must be a host name", "use small letters, digits and hyphens")
    return text


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unusable("must be a whole number", "write it without a point or quotes")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unusable("must be true or false", "write true or false, without quotes")
    return value


def _told(value: object) -> str:
    """A value as Python code that logs it would spell it."""
    if isinstance(value, (str, int, Decimal)):
        return str(value)
    raise Unusable("must be a text, a number, true or false", "write one of them")


def _scalar(value: object) -> object:
    if value is None or isinstance(value, (str, int, bool, Decimal)):
        return value
    if isinstance(value, list):
        return tuple(_scalar(each) for each in value)
    raise Unusable("must be a text, a number, true, false or a list of them", "flatten it")


def _order_id(value: object) -> int:
    """A number, or a UUID as the number that it is."""
    if isinstance(value, str):
        try:
            return UUID(value).int
        except ValueError:
            raise Unusable("must be a number or a UUID", "write it without a prefix") from None
    return _whole(value)


def _at_least(limit: int) -> AfterValidator:
    """Refuses numbers below `limit`."""

    def check(value: Any) -> Any:
        if value < limit:
            raise Unusable(f"must be >= {limit}", "")
        return value

    return AfterValidator(check)


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise Unusable("must be > 0", "")
    return value


_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_NUMBER = {"type": ["number", "string"]}
_DURATION_TEXT = r"^\s*[0-9]+(\.[0-9]+)?\s*(ns|us|ms|s|min|h|d)\s*$"
_DURATION = {"type": "string", "pattern": _DURATION_TEXT, "examples": ["350 ms", "2 min"]}
_SIGNED = {"type": "string", "pattern": _DURATION_TEXT.replace("^\\s*", "^\\s*[+-]?\\s*", 1)}
_MOMENT = {"type": "string", "examples": ["22:34:11.543", "+12.5 s"]}
_DISTRIBUTION = {
    "oneOf": [
        _DURATION,
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {
                "uniform": {"type": "array", "items": _DURATION, "minItems": 2, "maxItems": 2},
                "lognormal": {
                    "type": "object",
                    "properties": {"median": _DURATION, "sigma": _NUMBER},
                    "required": ["median", "sigma"],
                    "additionalProperties": False,
                },
                "empirical": {
                    "type": "array",
                    "items": {
                        "type": "array",
                        "prefixItems": [_NUMBER, _DURATION],
                        "minItems": 2,
                        "maxItems": 2,
                    },
                    "minItems": 1,
                },
            },
        },
    ]
}

Text = Annotated[str, BeforeValidator(_text)]
Names = Annotated[
    tuple[str, ...],
    BeforeValidator(_names),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}}),
]
Pattern = Annotated[
    str, BeforeValidator(_pattern), WithJsonSchema({"type": "string", "format": "regex"})
]
Factory = Annotated[
    str, BeforeValidator(_factory), WithJsonSchema({"type": "string", "pattern": "^[^:]+:[^:]+$"})
]
Whole = Annotated[int, BeforeValidator(_whole)]
Count = Annotated[int, BeforeValidator(_whole), _at_least(1)]
Natural = Annotated[int, BeforeValidator(_whole), _at_least(0)]
OrderId = Annotated[
    int, BeforeValidator(_order_id), WithJsonSchema({"type": ["integer", "string"]})
]
Switch = Annotated[bool, BeforeValidator(_switch)]
Told = Annotated[
    str, BeforeValidator(_told), WithJsonSchema({"type": ["string", "number", "boolean"]})
]
Scalar = Annotated[
    Any,
    PlainValidator(_scalar),
    WithJsonSchema({"type": ["string", "number", "boolean", "null", "array"]}),
]
Number = Annotated[Decimal, BeforeValidator(parse_decimal), WithJsonSchema(_NUMBER)]
Positive = Annotated[
    Decimal, BeforeValidator(parse_decimal), AfterValidator(_positive), WithJsonSchema(_NUMBER)
]
NotNegative = Annotated[
    Decimal, BeforeValidator(parse_decimal), _at_least(0), WithJsonSchema(_NUMBER)
]
Duration = Annotated[int, BeforeValidator(parse_duration), WithJsonSchema(_DURATION)]
SignedDuration = Annotated[int, BeforeValidator(parse_signed_duration), WithJsonSchema(_SIGNED)]
Distribution = Annotated[
    DurationDistribution, PlainValidator(parse_distribution), WithJsonSchema(_DISTRIBUTION)
]
Moment = Annotated[int, BeforeValidator(_moment), WithJsonSchema(_MOMENT)]
StartMoment = Annotated[
    Start,
    PlainValidator(parse_start),
    WithJsonSchema({"type": "string", "examples": ["2025-10-28T22:34:00+04:00"]}),
]
Date = Annotated[
    date, PlainValidator(parse_date), WithJsonSchema({"type": "string", "format": "date"})
]
Offset = Annotated[
    int, BeforeValidator(parse_offset), WithJsonSchema({"type": "string", "examples": ["+04:00"]})
]
Symbol = Annotated[str, BeforeValidator(_text), _known("symbol", lambda frame: frame.symbols)]
VenueKind = Annotated[str, BeforeValidator(_text), _known("venue", lambda _: NAMES)]
HostLabel = Annotated[
    str, BeforeValidator(_host_label), WithJsonSchema({"type": "string", "pattern": _LABEL})
]
VenueName = Annotated[str, BeforeValidator(_text), _known("venue", lambda frame: frame.venues)]
BotHost = Annotated[
    str, BeforeValidator(_text), _known("host with a bot", lambda frame: frame.bots)
]
HostName = Annotated[str, BeforeValidator(_text), _known("host", lambda frame: frame.hosts)]
MilestoneName = Annotated[
    str, BeforeValidator(_text), _known("milestone", lambda frame: frame.milestones)
]
