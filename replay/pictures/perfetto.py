"""A run as a trace for the Perfetto viewer, in Chrome's JSON trace event format.

Processes are hosts, threads are lanes (one thread for each row where spans lie side by side).
What travels is a flow: from the bot's wait to the venue's work, from there back, and from an event
at the venue to its arrival. Flows bind to slices, so what lasts no time is a slice of 1 ns, the
smallest step of virtual time; log lines and milestones are instants. `ts` is in microseconds since
the run's start, or since the first moment of a production log that begins earlier.

https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU ("Trace Event
Format"), https://perfetto.dev/docs/getting-started/other-formats
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from replay.clocktime import clock_time
from replay.pictures import lanes
from replay.pictures.builder import picture
from replay.pictures.model import Arrow, ArrowKind, Item, Picture, Shape
from replay.pictures.words import plain
from replay.result import RunResult

_US = 1000
_SHORTEST_NS = 1
_FIRST_TID = 101  # beyond every pid: a thread numbered as its process would be its main one
_HEARD = "hears"  # a thread of its own: what arrives while a request is open is no part of it

Event = dict[str, Any]


def perfetto_trace(result: RunResult) -> str:
    """The trace as text. The same result gives the same text."""
    events = _Events(result, picture(result))
    document = {
        "displayTimeUnit": "ns",
        "otherData": {
            "scenario": result.scenario,
            "version": result.version,
            "seed": str(result.seed),
            "digest": result.digest,
            "start": clock_time(result.start_ns, result.utc_offset_s),
        },
        "traceEvents": events.all(),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


class _Events:
    """Collects events, numbering processes and threads as they come."""

    def __init__(self, result: RunResult, drawn: Picture) -> None:
        self._result = result
        self._drawn = drawn
        self._pids = {
            host: number
            for number, host in enumerate(dict.fromkeys(lane.host for lane in drawn.lanes), 1)
        }
        self._tids: dict[tuple[str, int, str], int] = {}
        self._rows = self._rows_of_events()
        self._origin_ns = min([0, *(item.start_ns for item in drawn.items)])

    def all(self) -> list[Event]:
        """Names first, then by time; of what begins together, the longer goes first."""
        timed = [*self._slices(), *self._instants(), *self._flows(), *self._counters()]
        timed.sort(key=lambda event: (event["ts"], _rank(event), -event.get("dur", 0)))
        return [*self._names(), *timed]

    def _rows_of_events(self) -> dict[int, tuple[int, int]]:
        """For each event of a stream its rows, at the venue and at the bot: a flow binds to the
        innermost slice, so two events of one moment must not lie on one thread."""
        events = [n for n, item in enumerate(self._drawn.items) if item.kind == "stream"]
        found: dict[int, tuple[int, int]] = {}
        for lane in range(len(self._drawn.lanes)):
            here = [n for n in events if self._drawn.items[n].lane == lane]
            for number, row in zip(here, self._rows_at(here, heard=False), strict=True):
                found[number] = (row, 0)
        heard = [n for n in events if self._drawn.items[n].arrives_ns is not None]
        heard.sort(key=lambda n: (self._drawn.items[n].arrives_ns or 0, n))
        for number, row in zip(heard, self._rows_at(heard, heard=True), strict=True):
            found[number] = (found[number][0], row)
        return found

    def _rows_at(self, numbers: list[int], *, heard: bool) -> Iterator[int]:
        items = (self._drawn.items[n] for n in numbers)
        times = ((item.arrives_ns or 0) if heard else item.start_ns for item in items)
        return lanes.rows((time_ns, time_ns + _SHORTEST_NS) for time_ns in times)

    def _thread(self, lane: int, row: int = 0, name: str = "") -> dict[str, int]:
        host = self._drawn.lanes[lane].host
        title = name or self._drawn.lanes[lane].name
        key = (host, lane, f"{title} {row + 1}" if row else title)
        tid = self._tids.setdefault(key, _FIRST_TID + len(self._tids))
        return {"pid": self._pids[host], "tid": tid}

    def _ts(self, time_ns: int) -> float:
        return _us(time_ns - self._origin_ns)

    def _slice(self, item: Item, start_ns: int, end_ns: int, thread: Mapping[str, int]) -> Event:
        return {
            "ph": "X",
            "name": item.title.partition("\n")[0],
            "cat": item.kind,
            "ts": self._ts(start_ns),
            "dur": _us(max(end_ns - start_ns, _SHORTEST_NS)),
            **thread,
            "args": {**item.detail, **({"note": item.note} if item.note else {})},
        }

    def _slices(self) -> Iterator[Event]:
        for number, item in enumerate(self._drawn.items):
            if item.shape is Shape.SPAN or item.kind == "stream":
                yield self._slice(item, item.start_ns, item.end_ns, self._venue(number))
            if item.kind == "request" and item.sent_ns is not None:
                end_ns = item.end_ns if item.arrives_ns is None else item.arrives_ns
                yield self._slice(item, item.sent_ns, end_ns, self._bot(number))
            if item.kind == "stream" and item.arrives_ns is not None:
                yield self._slice(item, item.arrives_ns, item.arrives_ns, self._bot(number))

    def _venue(self, number: int) -> dict[str, int]:
        item = self._drawn.items[number]
        return self._thread(item.lane, self._rows[number][0] if number in self._rows else item.row)

    def _bot(self, number: int) -> dict[str, int]:
        if number in self._rows:
            return self._thread(self._drawn.wire, self._rows[number][1], _HEARD)
        return self._thread(self._drawn.wire, self._drawn.items[number].bot_row)

    def _instants(self) -> Iterator[Event]:
        for item in self._drawn.items:
            if item.shape is Shape.POINT and item.kind != "stream":
                yield {
                    "ph": "i",
                    "s": "t",
                    "name": item.title.partition("\n")[0],
                    "cat": item.kind,
                    "ts": self._ts(item.start_ns),
                    **self._thread(item.lane),
                    "args": dict(item.detail),
                }

    def _flows(self) -> Iterator[Event]:
        for number, arrow in enumerate(self._drawn.arrows, 1):
            item = self._drawn.items[arrow.item]
            ends = [self._venue(arrow.item), self._bot(arrow.item)]
            if arrow.kind is ArrowKind.REQUEST:
                ends.reverse()
            common = {"name": arrow.kind.value, "cat": "travel", "id": number}
            start_ns, end_ns = _inside(arrow, item)
            yield {"ph": "s", **common, "ts": self._ts(start_ns), **ends[0]}
            yield {"ph": "f", "bp": "e", **common, "ts": self._ts(end_ns), **ends[1]}

    def _counters(self) -> Iterator[Event]:
        for truth in self._result.truth:
            for held in truth.positions:
                yield {
                    "ph": "C",
                    "name": f"position {held.symbol}",
                    "ts": self._ts(held.start_ns - self._result.start_ns),
                    "pid": self._pids.setdefault(truth.venue, len(self._pids) + 1),
                    "tid": 0,
                    # The one place where the format wants a number and no text.
                    "args": {"quantity": float(plain(held.quantity))},
                }

    def _names(self) -> Iterator[Event]:
        for host, pid in self._pids.items():
            where = {"pid": pid, "tid": 0, "ts": 0}
            yield {"ph": "M", "name": "process_name", **where, "args": {"name": host}}
            yield {"ph": "M", "name": "process_sort_index", **where, "args": {"sort_index": pid}}
        for order, ((host, _, title), tid) in enumerate(
            sorted(self._tids.items(), key=lambda each: (each[0][1], each[1]))
        ):
            where = {"pid": self._pids[host], "tid": tid, "ts": 0}
            yield {"ph": "M", "name": "thread_name", **where, "args": {"name": title}}
            yield {"ph": "M", "name": "thread_sort_index", **where, "args": {"sort_index": order}}


def _inside(arrow: Arrow, item: Item) -> tuple[int, int]:
    """When a flow leaves and arrives. A reply leaves as the work for it ends and arrives as the
    wait for it does; slices do not hold their own end, so both are taken 1 ns earlier there."""
    if arrow.kind is not ArrowKind.REPLY:
        return arrow.start_ns, arrow.end_ns
    leaves_ns = max(item.start_ns, arrow.start_ns - _SHORTEST_NS)
    waits_since_ns = arrow.end_ns if item.sent_ns is None else item.sent_ns
    return leaves_ns, max(waits_since_ns, arrow.end_ns - _SHORTEST_NS)


def _us(time_ns: int) -> float:
    """Microseconds of which a reader that multiplies and cuts off has the exact nanosecond again.

    Perfetto does; what it read as 1 ns earlier would lie outside the slice it belongs to.
    """
    time_us = time_ns / _US
    return time_us if int(time_us * _US) == time_ns else math.nextafter(time_us, math.inf)


def _rank(event: Event) -> int:
    """Slices before the flows that bind to them."""
    return {"X": 0, "C": 1, "i": 2, "s": 3, "f": 4}[event["ph"]]
