"""A request's parameters, from query or JSON body, and what the venue says of bad ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from urllib.parse import parse_qsl, quote, unquote

from simulator.bybit.errors import Problem

T = TypeVar("T")
Rank = tuple[int, ...]
"""Where a row stands in a list: the highest comes first. Different for each row."""

WEEK_MS = 7 * 86_400_000
_MS = 1_000_000
_LARGEST_EXPONENT = 30
_MOST_DIGITS = 18


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, separators=(",", ":"))


class Parameters:
    """Named texts; an empty one counts as not sent. Names that the venue has not are no error."""

    __slots__ = ("_lists", "malformed", "values")

    def __init__(self, values: dict[str, Any], *, malformed: bool = False) -> None:
        """`values` as in a JSON object; numbers may be texts."""
        self.values = {name: _as_text(value) for name, value in values.items() if value is not None}
        self._lists = {name: value for name, value in values.items() if isinstance(value, list)}
        self.malformed = malformed
        """The body is no JSON object."""

    @classmethod
    def parse(cls, method: str, query: str, body: str) -> Parameters:
        """From the raw query of a GET, and from the raw JSON body of anything else."""
        if method == "GET":
            return cls(dict(parse_qsl(query, keep_blank_values=True)))
        try:
            # Numbers stay as they were written: a float would change a price.
            values = json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            return cls({}, malformed=True)
        return cls(values)

    def text(self, name: str) -> str | None:
        """The value; None when it was not sent or is empty."""
        return self.values.get(name) or None

    def need(self, name: str) -> str:
        """The value of a mandatory parameter."""
        value = self.text(name)
        if value is None:
            raise Problem.INVALID.error(name=name)
        return value

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number of at least 0."""
        value = self.text(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdecimal()) or len(value) > _MOST_DIGITS:
            raise Problem.INVALID.error(name=name)
        return int(value)

    def decimal(self, name: str) -> Decimal | None:
        """A decimal number."""
        value = self.text(name)
        if value is None:
            return None
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
            raise Problem.INVALID.error(name=name)
        return number

    def need_decimal(self, name: str) -> Decimal:
        number = self.decimal(name)
        if number is None:
            raise Problem.INVALID.error(name=name)
        return number

    def price(self, name: str) -> Decimal | None:
        """A decimal number of which 0 means none."""
        return self.decimal(name) or None

    def flag(self, name: str) -> bool:
        """`true` or `false` in any case; false when it was not sent."""
        value = (self.text(name) or "false").lower()
        if value not in ("true", "false"):
            raise Problem.INVALID.error(name=name)
        return value == "true"

    def choice(self, name: str, choices: dict[str, T], default: str | None = None) -> T:
        """What `choices` has for the value; without a default it is mandatory."""
        value = self.text(name) or default
        if value is None or value not in choices:
            raise Problem.INVALID.error(name=name)
        return choices[value]

    def limit(self, default: int, largest: int) -> int:
        """The `limit` of a list: at least 1, `largest` at most, as clients rely on."""
        return max(1, min(self.integer("limit", default), largest))

    def span_ns(self, now_ns: int, longest_ms: int = WEEK_MS) -> tuple[int, int]:
        """`startTime` and `endTime`, both included, in nanoseconds.

        Either alone spans the longest time that a list may, and neither spans it up to now.
        """
        end = self.integer("endTime") or None
        start = self.integer("startTime") or None
        if start is None:
            start = (end or now_ns // _MS) - longest_ms
        if end is None:
            end = start + longest_ms
        if not start <= end <= start + longest_ms:
            raise Problem.INVALID.error(name="startTime")
        return start * _MS, end * _MS + _MS - 1

    def items(self, name: str, most: int) -> list[Parameters]:
        """Those of each element of a list of JSON objects."""
        items = self._lists.get(name, [])
        if not 1 <= len(items) <= most or not all(isinstance(each, dict) for each in items):
            raise Problem.INVALID.error(name=name)
        return [Parameters(each) for each in items]

    def count(self, name: str) -> int:
        """How many elements a list has."""
        return len(self._lists.get(name, ()))

    def page(
        self, rows: Sequence[T], rank: Callable[[T], Rank], default: int, largest: int
    ) -> tuple[list[T], str]:
        """Of `rows`, in their order, those that `limit` and `cursor` ask for; the next cursor.

        A cursor names the last row shown, so that rows which come or go meanwhile move no other
        to where it is missed. It is percent-encoded already, and clients may do so once more.
        """
        limit = self.limit(default, largest)
        cursor = self.text("cursor")
        if cursor is not None:
            last = _last_rank(cursor)
            rows = [row for row in rows if rank(row) < last]
        shown = list(rows[:limit])
        if len(rows) <= limit:
            return shown, ""
        last_text = ":".join(str(part) for part in rank(shown[-1]))
        return shown, quote(f"page_args={last_text}&", safe="")


def _last_rank(cursor: str) -> Rank:
    """The rank in a cursor."""
    text = unquote(cursor).removeprefix("page_args=").removesuffix("&")
    try:
        return tuple(int(part) for part in text.split(":"))
    except ValueError:
        raise Problem.INVALID.error(name="cursor") from None
