"""Everything in which two traces differ, taken together: by kind and host, requests, milestones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from replay.traces.pairing import Pair, Pairing, State, pair
from replay.traces.trace_file import TraceFile

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The n-th milestone of a name and symbol; times in ns since the start, None where it lacks."""

    name: str
    number: int
    first_ns: int | None
    second_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What two traces do not have in common."""

    tallies: Mapping[tuple[str, str], Mapping[State, int]]  # by kind and host, sorted
    requests: Sequence[tuple[str, int, int]]  # what was asked, and how often in either
    milestones: Sequence[Moved]
    first: Pair | None  # the first that is not the same; None if all are
    first_other: Pair | None  # the first that differs in more than times, ids and line numbers
    same_from: tuple[int, int] | None  # indices from which both are the same to the end
    alike_from: tuple[int, int] | None  # from which they are but for those


def differences(one: TraceFile, other: TraceFile) -> Differences:
    """Compares two traces entry by entry; takes n log n for n entries."""
    found = pair(one, other)
    return Differences(
        tallies=_tallies(found, one, other),
        requests=_requests(one.entries, other.entries),
        milestones=tuple(_moved(one.entries, other.entries)),
        first=_first_but(found, ("same",)),
        first_other=_first_but(found, ("same", "moved")),
        same_from=_last_stretch(found, ("same",)),
        alike_from=_last_stretch(found, ("same", "moved")),
    )


def _tallies(
    pairing: Pairing, one: TraceFile, other: TraceFile
) -> dict[tuple[str, str], Counter[State]]:
    found: dict[tuple[str, str], Counter[State]] = {}
    for (a, b), state in zip(pairing.pairs, pairing.states, strict=True):
        entry = one.entries[a] if a is not None else other.entries[b or 0]
        found.setdefault((entry["kind"], entry["host"]), Counter())[state] += 1
    return dict(sorted(found.items()))


def _requests(one: Sequence[Entry], other: Sequence[Entry]) -> tuple[tuple[str, int, int], ...]:
    """Those that were not asked equally often, most different first."""
    asked, asked_too = (
        Counter(_asked(each) for each in entries if each["kind"] == "request")
        for entries in (one, other)
    )
    found = [(what, asked[what], asked_too[what]) for what in sorted(asked | asked_too)]
    unequal = [each for each in found if each[1] != each[2]]
    return tuple(sorted(unequal, key=lambda each: -abs(each[1] - each[2])))


def _asked(entry: Entry) -> str:
    params = entry.get("params")
    symbol = params.get("symbol", "") if isinstance(params, dict) else ""
    parts = (entry["host"], entry.get("method", ""), entry.get("path", ""), symbol)
    return " ".join(str(part) for part in parts if part)


def _moved(one: Sequence[Entry], other: Sequence[Entry]) -> Iterator[Moved]:
    """Milestones that are not at one time in both, by the earlier of their times."""
    first, second = _reached(one), _reached(other)
    found = [
        Moved(name=name, number=n, first_ns=first.get((name, n)), second_ns=second.get((name, n)))
        for name, n in dict.fromkeys([*first, *second])
        if first.get((name, n)) != second.get((name, n))
    ]
    yield from sorted(found, key=_earlier)


def _earlier(moved: Moved) -> int:
    return min(each for each in (moved.first_ns, moved.second_ns) if each is not None)


def _reached(entries: Sequence[Entry]) -> dict[tuple[str, int], int]:
    """When the n-th milestone of a name and symbol was reached."""
    seen: Counter[str] = Counter()
    found: dict[tuple[str, int], int] = {}
    for entry in entries:
        if entry["kind"] == "milestone":
            name = " ".join(str(entry[key]) for key in ("name", "symbol") if key in entry)
            seen[name] += 1
            found[name, seen[name]] = entry["t"]
    return found


def _first_but(pairing: Pairing, states: Sequence[State]) -> Pair | None:
    both = zip(pairing.pairs, pairing.states, strict=True)
    return next((pair for pair, state in both if state not in states), None)


def _last_stretch(pairing: Pairing, wanted: Sequence[State]) -> tuple[int, int] | None:
    """Where the last entries that are all as wanted begin; None if the very last is not."""
    began: tuple[int, int] | None = None
    for (a, b), state in zip(reversed(pairing.pairs), reversed(pairing.states), strict=True):
        if state not in wanted or a is None or b is None:
            break
        began = (a, b)
    return began
