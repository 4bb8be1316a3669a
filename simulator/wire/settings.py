"""A venue's own switches, read from a behaviour and checked at the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")


def read_settings(kind: type[T], values: Mapping[str, object], venue: str) -> T:
    """A dataclass of integers and truth values from plain values.

    Integers have to be above 0, where the field's metadata names no other `least`. Raises
    ValueError for a name or a type it does not know.
    """
    made: Any = kind
    types = _types_of(made)
    known = {each.name: each for each in fields(made)}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"unknown {venue} setting {name!r}; known: {', '.join(known)}")
        least = known[name].metadata.get("least", 1)
        if type(value) is not types[name] or (types[name] is int and value < least):
            rule = f"be an integer above {least - 1}"
            if types[name] is bool:
                rule = "be true or false"
            raise ValueError(f"{venue} setting {name} must {rule}, was {value!r}")
    return made(**values)  # type: ignore[no-any-return]


@cache  # working them out takes as long as answering a request
def _types_of(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
