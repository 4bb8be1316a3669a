"""Which entries of two traces are the same ones, though times and ids may have moved.

Comparing every line with every other would take the square of a trace's length. Instead, what both
have at the beginning and at the end is set aside; entries whose fingerprint is there once in either
are paired, as long as their order is the same in both (the longest increasing sequence, as in
patience diff); between two pairs, the n-th of a fingerprint is paired with the n-th, under the same
rule. That is n log n, whatever the traces are.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from replay.trace_file import TraceFile

Pair = tuple[int | None, int | None]
"""The index of an entry in one trace and in the other; None where the other has none."""

State = Literal["same", "moved", "changed", "only first", "only second"]
"""Of a pair: equal, equal but for times and ids, or the same thing come out otherwise."""

_TIME = re.compile(r'^\{"t":\d+,')
_COUNTER = re.compile(r'"(?:id|connection)":[0-9]+')
_LONG_NUMBER = re.compile(r"[0-9]{9,}")
"""Moments, order ids and nonces."""

_NUMBER = re.compile(r"\d[\d.]*")
_BEGINNING = 24  # of a log message: the words before what it fills in
_NAMES = ("method", "path", "event", "name", "symbol", "logger", "level", "rule", "to", "why")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Every entry of two traces, once, in an order that keeps that of either."""

    pairs: Sequence[Pair]
    states: Sequence[State]


def align(one: TraceFile, other: TraceFile) -> Alignment:
    """Pairs the entries of two traces, and says of each pair how far it is one entry."""
    start = _common(one.lines, other.lines)
    end = _common(one.lines[start:][::-1], other.lines[start:][::-1])
    first, second = len(one.lines) - end, len(other.lines) - end
    left = [fingerprint(line) for line in one.lines[start:first]]
    right = [fingerprint(line) for line in other.lines[start:second]]
    middle = [
        (None if a is None else start + a, None if b is None else start + b)
        for a, b in between(left, right)
    ]
    inner = _rejoined(middle, one.entries, other.entries)

    def state(pair: Pair) -> State:
        a, b = pair
        if a is None or b is None:
            return "only first" if b is None else "only second"
        if one.lines[a] == other.lines[b]:
            return "same"
        return "moved" if left[a - start] == right[b - start] else "changed"

    same: list[State] = ["same"]
    ending = [(first + index, second + index) for index in range(end)]
    return Alignment(
        pairs=[*((index, index) for index in range(start)), *inner, *ending],
        states=[*same * start, *(state(pair) for pair in inner), *same * end],
    )


def fingerprint(line: str) -> str:
    """A line without its time and without numbers that move with it."""
    # Two passes: one pattern of alternatives takes twice as long.
    return _LONG_NUMBER.sub("#", _COUNTER.sub("#", _TIME.sub("{", line, count=1)))


def subject(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """What an entry is about, however it came out: its kind, its host, and what it names."""
    named = [str(entry[name]) for name in _NAMES if name in entry]
    params = entry.get("params")
    if isinstance(params, dict) and "symbol" in params:
        named.append(str(params["symbol"]))
    if "message" in entry:
        named.append(_NUMBER.sub("#", str(entry["message"]))[:_BEGINNING])
    return (str(entry["kind"]), str(entry["host"]), *named)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines both begin with."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def between(left: Sequence[Hashable], right: Sequence[Hashable]) -> Iterator[Pair]:
    """The pairs of two stretches, given the fingerprints of their entries."""
    return _between(left, right, _once)


def _between(left: Sequence[Hashable], right: Sequence[Hashable], keyed: Any) -> Iterator[Pair]:
    """The pairs of two stretches, by fingerprints that are unique, then by their number."""
    done_left = done_right = 0
    for a, b in [*_anchors(keyed(left), keyed(right)), (len(left), len(right))]:
        gap = left[done_left:a], right[done_right:b]
        if keyed is _once and all(gap):
            inner: Iterator[Pair] = _between(*gap, _counted)
        else:
            inner = iter([*((i, None) for i in range(len(gap[0]))), *_only_right(len(gap[1]))])
        for x, y in inner:
            yield (
                None if x is None else done_left + x,
                None if y is None else done_right + y,
            )
        if a < len(left):
            yield a, b
        done_left, done_right = a + 1, b + 1


def _only_right(count: int) -> list[Pair]:
    return [(None, index) for index in range(count)]


def _once(keys: Sequence[Hashable]) -> dict[Hashable, int]:
    """Where each key is that is there once."""
    counts = Counter(keys)
    return {key: index for index, key in enumerate(keys) if counts[key] == 1}


def _counted(keys: Sequence[Hashable]) -> dict[Hashable, int]:
    """Where the n-th of each key is."""
    seen: Counter[Hashable] = Counter()
    places: dict[Hashable, int] = {}
    for index, key in enumerate(keys):
        seen[key] += 1
        places[key, seen[key]] = index
    return places


def _anchors(left: Mapping[Hashable, int], right: Mapping[Hashable, int]) -> list[tuple[int, int]]:
    """The largest set of keys in both that stand in one order: a longest increasing sequence."""
    both = [(place, right[key]) for key, place in left.items() if key in right]
    lasts: list[int] = []  # the least place in `right` that ends a sequence of each length
    ends: list[int] = []  # and its index in `both`
    before: list[int | None] = []
    for index, (_, place) in enumerate(both):
        length = bisect_left(lasts, place)
        before.append(ends[length - 1] if length else None)
        lasts[length : length + 1] = [place]
        ends[length : length + 1] = [index]
    chosen: list[tuple[int, int]] = []
    at = ends[-1] if ends else None
    while at is not None:
        chosen.append(both[at])
        at = before[at]
    return chosen[::-1]


def _rejoined(
    pairs: Sequence[Pair], one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]
) -> list[Pair]:
    """Between two pairs, the n-th entry about a subject is the n-th about it in the other trace,
    where neither has a counterpart: it came out otherwise."""
    joined: list[Pair] = []
    lone: list[Pair] = []
    for pair in [*pairs, (-1, -1)]:
        if None in pair:
            lone.append(pair)
            continue
        joined += _joined_gap(lone, one, other)
        lone = []
        joined.append(pair)
    return joined[:-1]


def _joined_gap(
    lone: Sequence[Pair], one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]
) -> Iterator[Pair]:
    lefts = [a for a, _ in lone if a is not None]
    rights = [b for _, b in lone if b is not None]
    anchors = _anchors(
        _counted([subject(one[a]) for a in lefts]), _counted([subject(other[b]) for b in rights])
    )
    done_left = done_right = 0
    for i, j in [*anchors, (len(lefts), len(rights))]:
        yield from ((a, None) for a in lefts[done_left:i])
        yield from ((None, b) for b in rights[done_right:j])
        if i < len(lefts):
            yield lefts[i], rights[j]
        done_left, done_right = i + 1, j + 1
