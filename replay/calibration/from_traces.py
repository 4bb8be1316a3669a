"""Samples from traces: what `replay run --trace` wrote of requests, replies and stream events.

A trace's times count from its start, which it does not tell; what it says of moments (`sent_ns`,
`arrives_ns`, the milliseconds in bodies) encloses it, and the roundest moment in there is taken.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from replay.calibration import refusals
from replay.calibration.refusals import Refusals
from replay.calibration.samples import REST, STREAM, Found, Kind, Sample
from replay.clocktime import NS_PER_MS, NS_PER_S
from replay.traces import trace_file
from simulator.venues import NAMES

_ORDERS = ("POST /fapi/v1/order", "POST /v5/order/create")
_QUERIES = ("GET /fapi/v1/order", "GET /v5/order/realtime")
_POSITIONS = ("GET /fapi/v2/positionRisk", "GET /fapi/v3/positionRisk", "GET /v5/position/list")
_NOT_FOUND = (-2013, 170213)
_MOMENTS = ("updateTime", "time")
"""Milliseconds of the epoch in a reply to an order, at which the venue acted or answered."""
_LATEST_NS = 60 * NS_PER_S
"""An event that comes later is not looked for."""
_ROUND = (60 * NS_PER_S, NS_PER_S, NS_PER_S // 10, NS_PER_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exchange:
    """A request and its reply at a venue."""

    venue: str
    endpoint: str
    params: Mapping[str, Any]
    asked_ns: int  # when it came to the venue
    answered_ns: int
    sent_ns: int | None
    arrives_ns: int | None
    status: int
    body: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]] | None  # of a reply that is a list, or has one
    line: int

    @property
    def opens(self) -> bool:
        """Whether it is a market order that adds to a position, and was taken."""
        told = {key.lower(): str(value).lower() for key, value in self.params.items()}
        market = told.get("ordertype", told.get("type")) == "market"
        closing = told.get("reduceonly") == "true" or "triggerprice" in told
        return market and not closing and self.body.get("status", "FILLED") == "FILLED"

    @property
    def order_id(self) -> str | None:
        """The order that a reply tells of."""
        told = self.body.get("orderId") or _mapping(self.body.get("result")).get("orderId")
        return None if told is None else str(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """A message of a stream."""

    venue: str
    name: str
    connection: int
    sent_ns: int
    arrives_ns: int | None
    body: Mapping[str, Any]
    line: int


@dataclass(slots=True)
class _Trace:
    file: Path
    exchanges: list[_Exchange] = field(default_factory=list)
    events: list[_Event] = field(default_factory=list)
    skipped: int = 0
    refusals: Refusals = field(default_factory=Refusals)


def read(file: Path) -> Found:
    """The samples of a trace. Raises InputError for a file that is none."""
    trace = _parsed(file, trace_file.read(file).entries)
    found = Found()
    if trace.skipped:
        found.skipped["requests without a reply that arrived"] += trace.skipped
    start_ns = _start(trace)
    answered = []
    for each in trace.exchanges:
        told = refusals.of_reply(each.venue, each.status, each.body)
        if told is None:
            answered.append(each)
            continue
        found.skipped["replies of a venue that refused to answer"] += 1
        found.refusals.see(f"{each.venue} {told}, {each.endpoint}", f"{file.name}:{each.line}")
    found.refusals.add(trace.refusals)
    found.samples += _of_exchanges(trace, answered, start_ns)
    if start_ns is None:
        found.notes.append(
            f"{file.name}: does not tell when it began, so its ways are not told apart"
        )
    else:
        found.samples += _ways_of_events(trace, start_ns)
    orders = [each for each in answered if each.endpoint in _ORDERS and each.order_id]
    for order in orders:
        found.samples += _of_stream(trace, order, start_ns)
    found.samples += _of_queries(trace, orders, answered)
    return found


def _parsed(file: Path, entries: Iterable[Mapping[str, Any]]) -> _Trace:
    trace = _Trace(file)
    asked: dict[tuple[str, int], tuple[Mapping[str, Any], int]] = {}
    for line, entry in enumerate(entries, 1):
        venue = entry["host"]
        trace.refusals.watched_ns = max(trace.refusals.watched_ns, entry["t"])
        if venue not in NAMES:
            continue
        match entry:
            case {"kind": "request", "id": int(number), "method": str(), "path": str()}:
                asked[venue, number] = entry, line
            case {"kind": "reply", "id": int(number)} if (venue, number) in asked:
                if "lost" not in entry:
                    trace.exchanges.append(_exchange(*asked.pop((venue, number)), entry))
            case {"kind": "stream", "event": str(name), "connection": int(connection)}:
                trace.events.append(
                    _Event(
                        venue=venue,
                        name=name,
                        connection=connection,
                        sent_ns=entry["t"],
                        arrives_ns=entry.get("arrives_ns"),
                        body=_mapping(_parsed_text(entry.get("body"))),
                        line=line,
                    )
                )
            case {"kind": "stream_close", "reason": str(reason)} if reason != "client":
                told = f"{venue} stream closed, {reason}"
                trace.refusals.see(told, f"{file.name}:{line}")
    trace.skipped = len(asked)
    trace.exchanges.sort(key=lambda each: each.asked_ns)
    return trace


def _exchange(request: Mapping[str, Any], line: int, reply: Mapping[str, Any]) -> _Exchange:
    said = _parsed_text(reply.get("body"))
    rows = said if isinstance(said, list) else _mapping(_mapping(said).get("result")).get("list")
    return _Exchange(
        venue=request["host"],
        endpoint=f"{request['method']} {request['path']}",
        params=_mapping(request.get("params")),
        asked_ns=request["t"],
        answered_ns=reply["t"],
        sent_ns=request.get("sent_ns"),
        arrives_ns=reply.get("arrives_ns"),
        status=int(reply.get("status", 0)),
        body=_mapping(said),
        rows=[_mapping(row) for row in rows] if isinstance(rows, list) else None,
        line=line,
    )


def _start(trace: _Trace) -> int | None:
    """When the trace began, in nanoseconds of the epoch."""
    lows = [each.sent_ns - each.asked_ns for each in trace.exchanges if each.sent_ns is not None]
    highs = [
        each.arrives_ns - each.answered_ns
        for each in trace.exchanges
        if each.arrives_ns is not None
    ]
    highs += [
        each.arrives_ns - each.sent_ns for each in trace.events if each.arrives_ns is not None
    ]
    for each in trace.exchanges:
        for name in _MOMENTS if each.endpoint in _ORDERS else ():
            if isinstance(ms := each.body.get(name), int):
                lows.append(ms * NS_PER_MS - each.answered_ns)
                highs.append((ms + 1) * NS_PER_MS - each.asked_ns)
    if not lows or not highs or max(lows) > min(highs):
        return None
    low_ns, high_ns = max(lows), min(highs)
    for grain_ns in _ROUND:
        first_ns = -(-low_ns // grain_ns) * grain_ns
        if first_ns <= high_ns:
            return first_ns
    return low_ns


def _of_exchanges(
    trace: _Trace, answered: Iterable[_Exchange], start_ns: int | None
) -> Iterator[Sample]:
    for each in answered:
        source = f"{trace.file}:{each.line}"
        took_ns = each.answered_ns - each.asked_ns
        yield _exact(Kind.ANSWER_TIME, each.venue, each.endpoint, took_ns, source)
        if each.sent_ns is None or each.arrives_ns is None:
            continue
        trip_ns = each.arrives_ns - each.sent_ns
        yield _exact(Kind.ROUND_TRIP, each.venue, each.endpoint, trip_ns, source)
        if start_ns is not None:
            there_ns = start_ns + each.asked_ns - each.sent_ns
            back_ns = each.arrives_ns - start_ns - each.answered_ns
            yield _exact(Kind.WAY_THERE, each.venue, REST, there_ns, source)
            yield _exact(Kind.WAY_BACK, each.venue, REST, back_ns, source)


def _ways_of_events(trace: _Trace, start_ns: int) -> Iterator[Sample]:
    """Of those events that no earlier one of their connection can have held up."""
    free_ns: dict[tuple[str, int], int] = {}
    for each in trace.events:
        if each.arrives_ns is None:
            continue
        key = (each.venue, each.connection)
        arrives_ns = each.arrives_ns - start_ns
        if free_ns.get(key, -1) < each.sent_ns:
            source = f"{trace.file}:{each.line}"
            yield _exact(Kind.WAY_BACK, each.venue, STREAM, arrives_ns - each.sent_ns, source)
        free_ns[key] = max(free_ns.get(key, -1), arrives_ns)


def _of_stream(trace: _Trace, order: _Exchange, start_ns: int | None) -> Iterator[Sample]:
    """How late an order's first event of each name left the venue, and when it arrived."""
    seen: set[str] = set()
    first = bisect_left(trace.events, order.asked_ns, key=lambda each: each.sent_ns)
    for event in trace.events[first:]:
        if event.sent_ns > order.answered_ns + _LATEST_NS:
            break
        if event.venue != order.venue or event.name in seen:
            continue
        moment_ms = _moment_of(event, order)
        if moment_ms is None:
            continue
        early_ns, late_ns = order.asked_ns, order.answered_ns
        if start_ns is not None:
            moment_ns = moment_ms * NS_PER_MS - start_ns
            early_ns = max(early_ns, moment_ns)
            late_ns = min(late_ns, moment_ns + NS_PER_MS - 1)
        if early_ns > late_ns:
            continue  # of something that happened to the order later, or to another one
        seen.add(event.name)
        low_ns, high_ns = max(0, event.sent_ns - late_ns), event.sent_ns - early_ns
        source = f"{trace.file}:{event.line}"
        yield Sample(
            kind=Kind.STREAM_LAG,
            venue=event.venue,
            what=event.name,
            low_ns=low_ns,
            high_ns=high_ns,
            censored=high_ns - low_ns > NS_PER_MS,
            source=source,
        )
        if event.arrives_ns is not None and order.arrives_ns is not None:
            lead_ns = order.arrives_ns - event.arrives_ns
            yield _exact(Kind.STREAM_LEAD, event.venue, event.name, lead_ns, source)


def _moment_of(event: _Event, order: _Exchange) -> int | None:
    """The millisecond that an event tells of, if it can be this order's."""
    body, symbol = event.body, order.params.get("symbol")
    match body:
        case {"o": {"i": number}, "T": int(moment)} | {"i": number, "T": int(moment)}:
            return moment if str(number) == order.order_id else None
        case {"a": {"P": [*positions]}, "T": int(moment)}:
            return moment if any(_mapping(each).get("s") == symbol for each in positions) else None
    for row in body.get("data") or ():
        own = _mapping(row)
        if own.get("orderId", order.order_id) != order.order_id or own.get("symbol") != symbol:
            continue
        for name in ("execTime", "createdTime", "updatedTime"):
            told = str(own.get("updatedTime" if event.name == "position" else name) or "")
            if told.isdigit():
                return int(told)
    return None


def _of_queries(
    trace: _Trace, orders: Sequence[_Exchange], answered: Sequence[_Exchange]
) -> Iterator[Sample]:
    """How late each order could be queried, and each position that an order opened."""
    queries: dict[tuple[str, str], list[tuple[_Exchange, bool]]] = {}
    held: dict[str, list[_Exchange]] = {}
    for each in answered:
        if each.endpoint in _POSITIONS:
            held.setdefault(each.venue, []).append(each)
        elif each.endpoint in _QUERIES and (found := _finds(each)) is not None:
            queries.setdefault((each.venue, str(each.params.get("orderId"))), []).append(
                (each, found)
            )
    ends: dict[tuple[str, object], int] = {}
    for order in reversed(orders):
        yield from _lag(trace, order, "order", queries.get((order.venue, str(order.order_id)), ()))
        key = (order.venue, order.params.get("symbol"))
        if order.opens:
            yield from _position(trace, order, held.get(order.venue, ()), ends.get(key))
        ends[key] = order.asked_ns


def _position(
    trace: _Trace, order: _Exchange, held: Sequence[_Exchange], until_ns: int | None
) -> Iterator[Sample]:
    """How late the position of an order was, if there was none of its symbol before; until the
    symbol's next order."""
    symbol = order.params.get("symbol")
    first = bisect_left(held, order.asked_ns, key=lambda each: each.asked_ns)
    earlier = (_holds(each, symbol) for each in reversed(held[:first]))
    if next((told for told in earlier if told is not None), None) is not False:
        return  # there was one already, or nobody knows
    asked: list[tuple[_Exchange, bool]] = []
    for query in held[first:]:
        if until_ns is not None and query.asked_ns >= until_ns:
            break
        if (found := _holds(query, symbol)) is not None:
            asked.append((query, found))
            if found:
                break
    yield from _lag(trace, order, "positions", asked)


def _lag(
    trace: _Trace, order: _Exchange, window: str, asked: Sequence[tuple[_Exchange, bool]]
) -> Iterator[Sample]:
    """Between the last query that found nothing, and the first that found what it was for."""
    low_ns, high_ns = 0, None
    for query, found in asked:
        if found:
            high_ns = query.answered_ns - order.asked_ns
            break
        low_ns = max(low_ns, query.asked_ns - order.answered_ns)
    if asked:
        yield Sample(
            kind=Kind.VISIBILITY_LAG,
            venue=order.venue,
            what=window,
            low_ns=low_ns,
            high_ns=high_ns,
            censored=True,
            source=f"{trace.file}:{order.line}",
        )


def _holds(query: _Exchange, symbol: object) -> bool | None:
    """Whether a query found a position; None for one that failed, or asked for another symbol."""
    if query.rows is None or query.params.get("symbol", symbol) != symbol:
        return None
    sizes = [
        str(row.get("positionAmt", row.get("size", "0")))
        for row in query.rows
        if row.get("symbol") == symbol
    ]
    return any(size.strip("-0.") for size in sizes)


def _finds(query: _Exchange) -> bool | None:
    """Whether a query found the order; None for one that failed otherwise."""
    body = query.body
    if body.get("code") in _NOT_FOUND or body.get("retCode") in _NOT_FOUND:
        return False
    if "orderId" in body:
        return True
    if body.get("retCode") == 0 and query.rows is not None:
        return bool(query.rows)
    return None


def _exact(kind: Kind, venue: str, what: str, ns: int, source: str) -> Sample:
    return Sample(kind=kind, venue=venue, what=what, low_ns=ns, high_ns=ns, source=source)


def _parsed_text(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
