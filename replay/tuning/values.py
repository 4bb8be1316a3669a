"""Values of settings and circumstances: packed in items, in tables, and in commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def packed(values: Mapping[str, Any]) -> str:
    """As one text that can be hashed, compared and sent: equal for equal values in equal order."""
    return json.dumps(values, default=_number, separators=(",", ":"))


def unpacked(text: str) -> dict[str, Any]:
    """With floats, as settings know them."""
    return dict(json.loads(text))


def unpacked_exactly(text: str) -> dict[str, Any]:
    """With decimals, as the reader of a scenario's file has them."""
    return dict(json.loads(text, parse_float=Decimal))


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{value!r} is no value of a study")


def in_table(value: Any) -> bool | int | float | str:
    """As a table of runs has it: a number stays one."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if isinstance(value, (bool, int, float)) else as_typed(value)


def as_typed(value: Any) -> str:
    """As somebody types it behind `--setting` or `--change`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(as_typed(each) for each in value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {as_typed(each)}" for name, each in value.items()) + "}"
    return str(value)


def same(value: Any) -> str:
    """A circumstance's value as one text, whether it comes from the study or from a table, whose
    columns make 1.0 of 1."""
    try:
        return repr(float(str(value)))
    except ValueError:
        return as_typed(value)
