"""Which entries of two traces are the same ones, though times and ids may have moved.

Comparing every entry with every other would take the square of a trace's length. Instead, what both
have at the beginning and at the end is set aside. Of the rest, entries whose fingerprint is there
once in either are paired, as long as their order is the same in both (the longest increasing
sequence, as in patience diff); between two pairs, the n-th of a fingerprint is paired with the
n-th, and then the n-th entry about a subject with the n-th, under the same rule. Each step takes
n log n, whatever the traces are.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from replay.traces.trace_file import TraceFile
from simulator.trace import without_line_numbers

Pair = tuple[int | None, int | None]
"""The index of an entry in one trace and in the other; None where the other has none."""

State = Literal["same", "moved", "changed", "only first", "only second"]
"""Of a pair: equal, equal but for what a fingerprint leaves out, or the same thing come out
otherwise."""

Places = dict[Hashable, int]

_TIME = re.compile(r'^\{"t":\d+,')
_COUNTER = re.compile(r"""(?:"(?:id|connection)|orderId|_ns)[\\"'=: ]*[0-9]+""")
_LONG_NUMBER = re.compile(r"[0-9]{9,}")
"""Moments, order ids of a venue and nonces."""

_NUMBER = re.compile(r"\d[\d.]*")
_BEGINNING = 24  # of a log message: the words before what it fills in
_NAMES = ("method", "path", "event", "name", "symbol", "logger", "level", "rule", "to", "why")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Every entry of two traces, once, in an order that keeps that of either."""

    pairs: Sequence[Pair]
    states: Sequence[State]


def pair(one: TraceFile, other: TraceFile) -> Pairing:
    """Pairs the entries of two traces, and says of each pair how far it is one entry."""
    start = _common(one.lines, other.lines)
    end = _common(one.lines[start:][::-1], other.lines[start:][::-1])
    first, second = len(one.lines) - end, len(other.lines) - end
    left = [_fingerprint(line) for line in one.lines[start:first]]
    right = [_fingerprint(line) for line in other.lines[start:second]]
    inner = _paired_between(
        paired(left, right),
        lambda a: _subject(one.entries[start + a]),
        lambda b: _subject(other.entries[start + b]),
    )
    pairs: list[Pair] = [(index, index) for index in range(start)]
    states: list[State] = ["same"] * start
    for a, b in inner:
        pairs.append((None if a is None else start + a, None if b is None else start + b))
        if a is None or b is None:
            states.append("only second" if a is None else "only first")
        elif one.lines[start + a] == other.lines[start + b]:
            states.append("same")
        else:
            states.append("moved" if left[a] == right[b] else "changed")
    pairs += ((first + index, second + index) for index in range(end))
    states += ["same"] * end
    return Pairing(pairs=pairs, states=states)


def _fingerprint(line: str) -> str:
    """A line without its time, ids, line numbers of code, and numbers of nine digits and more."""
    # Passes of their own: one pattern of alternatives takes twice as long.
    bare = _COUNTER.sub("#", _TIME.sub("{", line, count=1))
    return _LONG_NUMBER.sub("#", without_line_numbers(bare))


def _subject(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """What an entry is about, however it came out: its kind, its host, and what it names."""
    named = [str(entry[name]) for name in _NAMES if name in entry]
    params = entry.get("params")
    if isinstance(params, dict) and "symbol" in params:
        named.append(str(params["symbol"]))
    if "message" in entry:
        named.append(_NUMBER.sub("#", str(entry["message"]))[:_BEGINNING])
    return (str(entry["kind"]), str(entry["host"]), *named)


def paired(left: Sequence[Hashable], right: Sequence[Hashable]) -> Iterator[Pair]:
    """The pairs of two lists: of keys that are there once, then by number between those."""
    return _paired_between(_by(_once, left, right), left.__getitem__, right.__getitem__)


def _paired_between(
    pairs: Iterable[Pair], left: Callable[[int], Hashable], right: Callable[[int], Hashable]
) -> Iterator[Pair]:
    """The pairs, and between two of them what stands alone, the n-th of a key with the n-th."""
    lefts: list[int] = []
    rights: list[int] = []
    for a, b in [*pairs, (-1, -1)]:
        if a is None and b is not None:
            rights.append(b)
        elif b is None and a is not None:
            lefts.append(a)
        else:
            found = _by(_counted, [left(i) for i in lefts], [right(i) for i in rights])
            for x, y in found:
                yield None if x is None else lefts[x], None if y is None else rights[y]
            lefts, rights = [], []
            if a != -1:
                yield a, b


def _by(
    places: Callable[[Sequence[Hashable]], Places],
    left: Sequence[Hashable],
    right: Sequence[Hashable],
) -> Iterator[Pair]:
    """Pairs what has one key at its place in either; everything else stands alone."""
    next_left = next_right = 0
    for a, b in [*_in_order(places(left), places(right)), (len(left), len(right))]:
        yield from ((index, None) for index in range(next_left, a))
        yield from ((None, index) for index in range(next_right, b))
        if a < len(left):
            yield a, b
        next_left, next_right = a + 1, b + 1


def _once(keys: Sequence[Hashable]) -> Places:
    """Where each key is that is there once."""
    counts = Counter(keys)
    return {key: index for index, key in enumerate(keys) if counts[key] == 1}


def _counted(keys: Sequence[Hashable]) -> Places:
    """Where the n-th of each key is."""
    seen: Counter[Hashable] = Counter()
    places: Places = {}
    for index, key in enumerate(keys):
        seen[key] += 1
        places[key, seen[key]] = index
    return places


def _in_order(left: Places, right: Places) -> list[tuple[int, int]]:
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


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines both begin with."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
