"""JSON as venues write it: without blanks, non-ASCII letters as they are."""

from __future__ import annotations

from typing import Any

import orjson

Json = Any
"""What `dumps` can write: plain values, and `written` parts of them."""


def dumps(value: Json) -> str:
    return orjson.dumps(value).decode()


def written(value: Json) -> Json:
    """The value as JSON already, to be put into others unchanged and written only once."""
    return orjson.Fragment(orjson.dumps(value))
