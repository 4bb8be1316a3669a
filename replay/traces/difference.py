"""Where two traces that should be equal part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

_CONTEXT = 5
_LONGEST_VALUE = 120
_END = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first entry in which two traces differ, with what stands around it in either."""

    index: int  # from 0
    first_index: int  # that of the first entry in `left` and `right`
    left: tuple[Any, ...]
    right: tuple[Any, ...]

    @property
    def common(self) -> tuple[Any, ...]:
        """The last entries that both have."""
        return self.left[: self.index - self.first_index]


def first_difference(
    left: Sequence[Any], right: Sequence[Any], context: int = _CONTEXT
) -> Difference | None:
    """The first difference of two traces, given as entries or as lines; None if they are equal.

    A trace that ends earlier differs at its end.
    """
    for index, (one, other) in enumerate(zip_longest(left, right, fillvalue=_END)):
        if one != other:
            start = max(0, index - context)
            return Difference(
                index=index,
                first_index=start,
                left=tuple(left[start : index + context + 1]),
                right=tuple(right[start : index + context + 1]),
            )
    return None


def lines(
    difference: Difference, titles: tuple[str, str] = ("first run", "second run")
) -> list[str]:
    """The difference as text: what both have, then each run's own entries, the first behind `>`."""
    shown = [f"the runs part at entry {difference.index + 1}; both have before it:"]
    at = difference.index - difference.first_index
    number = difference.first_index + 1
    shown += [f"    {number + i:>6}  {entry}" for i, entry in enumerate(difference.common)]
    for title, entries in zip(titles, (difference.left, difference.right), strict=True):
        shown.append(f"{title}:")
        own = entries[at:]
        shown += [
            f"  {'>' if i == 0 else ' '} {number + at + i:>6}  {entry}"
            for i, entry in enumerate(own)
        ]
        if not own:
            shown.append(f"  > {number + at:>6}  (the trace ends)")
    return shown


def fields(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two entries differ, as `params.quantity: 308 -> 307`; `none` where one has nothing."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        names = dict.fromkeys([*one, *other])
        return [
            told
            for name in names
            for told in fields(one.get(name), other.get(name), f"{path}.{name}" if path else name)
        ]
    if one == other:
        return []
    was, now = ("none" if each is None else _short(str(each)) for each in (one, other))
    return [f"{path}: {was} -> {now}"]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
