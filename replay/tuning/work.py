"""What is carried out thousands of times: pure work on items, each of which gives rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

Value: TypeAlias = bool | int | float | str | None
Row: TypeAlias = Mapping[str, Value]


class Item(Protocol):
    """One piece of work, fit for pickling. Nobody but the work itself looks into it."""

    @property
    def key(self) -> str:
        """The same in every process and run; equal items have equal keys, others have others."""

    @property
    def title(self) -> str:
        """What a person reads where the item is told of."""


Work: TypeAlias = Callable[[Any], Sequence[Row]]
"""A function of a module, which gives equal rows for equal items wherever it is called."""


def written(work: Work, item: Item) -> str:
    """What the work makes of an item, as `read` reads it. Raises what the work raises, and
    TypeError for rows that would not be read as they were written."""
    return json.dumps([_checked(row) for row in work(item)], separators=(",", ":"))


def read(text: str) -> tuple[Row, ...]:
    """The rows of a text that `written` wrote: equal to what the work gave, to the bit."""
    return tuple(json.loads(text))


def _checked(row: Row) -> dict[str, Value]:
    for name, value in row.items():
        # A value of another library's class would come back as one of ours, or not at all.
        if type(name) is not str or type(value) not in (bool, int, float, str, type(None)):
            raise TypeError(
                f"{name!r} of a row is a {type(value).__name__}; a row has bool, int, float, str "
                f"and None: convert it in the work"
            )
    return dict(row)
