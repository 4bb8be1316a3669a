"""A request's parameters, from query and form body, and what the venue says of bad ones."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from simulator.binance.errors import Problem

T = TypeVar("T")


def _pairs(raw: str) -> dict[str, str]:
    if "%" in raw or "+" in raw:
        return dict(parse_qsl(raw, keep_blank_values=True))
    # Nothing is encoded, as in nearly every request.
    pairs: dict[str, str] = {}
    for part in raw.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs[name] = value
    return pairs


class Parameters:
    """Named texts. Missing optional ones are None; an empty value is never accepted."""

    __slots__ = ("values",)

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values

    @classmethod
    def parse(cls, query: str, body: str) -> Parameters:
        """From the raw query and the raw form body; on a clash the query wins."""
        values = _pairs(body) if body else {}
        if query:
            values.update(_pairs(query))
        return cls(values)

    def text(self, name: str) -> str | None:
        """The value. Raises -1105 when it was sent empty."""
        value = self.values.get(name)
        if value == "":
            raise Problem.EMPTY.error(name=name)
        return value

    def need(self, name: str) -> str:
        """The value of a mandatory parameter. Raises -1102."""
        value = self.values.get(name)
        if not value or value != value.strip():
            raise Problem.MANDATORY.error(name=name)
        return value

    def integer(self, name: str, *, above: int = -1) -> int | None:
        """A whole number larger than `above`. Raises -1102 for anything else."""
        value = self.text(name)
        if value is None:
            return None
        if not value.isdecimal() or int(value) <= above:
            raise Problem.MANDATORY.error(name=name)
        return int(value)

    def need_integer(self, name: str) -> int:
        self.need(name)
        value = self.integer(name)
        assert value is not None
        return value

    def decimal(self, name: str) -> Decimal | None:
        """A decimal number without exponent. Raises -1102."""
        value = self.text(name)
        if value is None:
            return None
        if not value.isascii() or value.strip("+-.0123456789"):
            raise Problem.MANDATORY.error(name=name)
        try:
            return Decimal(value)
        except InvalidOperation:
            raise Problem.MANDATORY.error(name=name) from None

    def need_decimal(self, name: str) -> Decimal:
        self.need(name)
        value = self.decimal(name)
        assert value is not None
        return value

    def flag(self, name: str) -> bool | None:
        """`true` or `false` in any case. Raises -1130."""
        value = self.text(name)
        if value is None:
            return None
        match value.lower():
            case "true":
                return True
            case "false":
                return False
        raise Problem.BAD_VALUE.error(name=name)

    def choice(self, name: str, choices: dict[str, T], problem: Problem) -> T | None:
        """What `choices` has for the value. Raises `problem`, filled with `name` and `value`."""
        value = self.text(name)
        if value is None:
            return None
        if value not in choices:
            raise problem.error(name=name, value=value)
        return choices[value]

    def limit(self, default: int, largest: int) -> int:
        """The `limit` of a list: at least 1, `largest` at most."""
        value = self.integer("limit", above=0)
        return default if value is None else min(value, largest)

    def span_ns(self) -> tuple[int | None, int | None]:
        """`startTime` and `endTime` in nanoseconds. Raises -1023 when they are swapped."""
        start, end = self.integer("startTime"), self.integer("endTime")
        if start is not None and end is not None and start > end:
            raise Problem.START_AFTER_END.error()
        return (
            None if start is None else start * 1_000_000,
            None if end is None else end * 1_000_000 + 999_999,
        )

    def json_list(self, *names: str) -> list[Any] | None:
        """A JSON array, under whichever of the names it was sent. Raises -1102."""
        for name in names:
            value = self.text(name)
            if value is None:
                continue
            try:
                parsed = json.loads(value)
            except ValueError:
                parsed = None
            if not isinstance(parsed, list):
                raise Problem.MANDATORY.error(name=name)
            return parsed
        return None
