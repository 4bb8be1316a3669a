"""Makes a picture of what a run left behind."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from replay import timeline
from replay.clocktime import milliseconds
from replay.pictures import layout, words
from replay.pictures.lanes import BOT, NETWORK, Key, Place
from replay.pictures.layout import Found
from replay.pictures.model import Item, Picture, Shape, Tone
from replay.result import Milestone, RunResult

_TONES = {"WARNING": Tone.WARNING, "ERROR": Tone.BAD, "CRITICAL": Tone.BAD}
_CHANGES = {"FILLED": Tone.GOOD, "EXPIRED": Tone.WARNING, "REJECTED": Tone.BAD}
_UNREACHED = ("unknown_host", "refused", "refused_by_peer")
_MILESTONES = "milestone"  # in the trace as well; taken from the result, which has their texts

Entry = Mapping[str, Any]
_Key3 = tuple[str, str, int]
"""A kind of entry, a host and the number of a connection."""


def picture(result: RunResult) -> Picture:
    """Everything the trace, the production log and the venues' models have, on lanes."""
    builder = _Builder(result)
    builder.read_trace()
    builder.read_truth()
    builder.read_milestones()
    return layout.laid_out(builder.items, builder.pairs, builder.left_out)


class _Builder:
    """Collects items under the keys of their lanes."""

    def __init__(self, result: RunResult) -> None:
        self._result = result
        self._start_ns = result.start_ns
        self.items: list[tuple[Key, Item]] = []
        self.pairs: list[Found] = []
        self.left_out: dict[str, int] = {}

    def _add(
        self, host: str, place: Place, kind: str, start_ns: int, title: str, **more: Any
    ) -> int:
        """The number of the item among those collected so far."""
        end_ns = more.pop("end_ns", start_ns)
        item = Item(kind=kind, lane=0, start_ns=start_ns, end_ns=end_ns, title=title, **more)
        self.items.append(((host, place), item))
        return len(self.items) - 1

    def _leave_out(self, what: str) -> None:
        self.left_out[what] = self.left_out.get(what, 0) + 1

    def _since_start(self, time_ns: Any) -> int | None:
        return None if time_ns is None else int(time_ns) - self._start_ns

    # the trace

    def read_trace(self) -> None:
        """Every entry becomes an item, or the end of one; what has no place of its own is kept
        in the host's lane `other`."""
        trace = self._result.trace
        replies = {(each["host"], each["id"]): each for each in trace if each["kind"] == "reply"}
        ends = _connection_ends(trace)
        for entry in trace:
            match entry["kind"]:
                case "request":
                    self._request(entry, replies.get((entry["host"], entry["id"])))
                case "stream":
                    self._stream(entry)
                case "log":
                    self._log(entry)
                case "connect":
                    self._connection(entry, ends)
                case "stream_open":
                    self._stream_connection(entry, ends)
                case "stall":
                    title = entry.get("why") or "stands still"
                    end_ns = entry["t"] + entry["lasts_ns"]
                    self._stands_still(entry, end_ns, title, Tone.WARNING)
                case "stood_still":  # told at its end
                    began = {**entry, "t": entry["t"] - entry["for_ns"]}
                    title = f"blocks at {entry['at']}"
                    self._stands_still(began, entry["t"], title, Tone.WARNING)
                case "fault":
                    title = f"{entry['rule']}: {entry['fault']} on {entry['endpoint']}"
                    self._plain(entry, Place.FAULTS, title, Tone.BAD)
                case "crash":
                    end_ns = words.up_again_ns(trace, entry, self._result.virtual_ns)
                    self._stands_still(entry, end_ns, f"CRASH {entry['why']}".rstrip(), Tone.BAD)
                case kind if kind in _UNREACHED:
                    where = entry.get("name") or entry.get("target") or entry.get("peer")
                    title = f"{kind.replace('_', ' ')}: {where}"
                    self._plain(entry, Place.CONNECTIONS, title, Tone.BAD, host=NETWORK)
                case "reply" | "closed" | "stream_close":
                    pass  # the ends of requests and connections
                case kind if kind == _MILESTONES:
                    pass
                case kind:
                    told = " ".join(f"{name}={value}" for name, value in _payload(entry).items())
                    self._plain(entry, Place.OTHER, f"{kind.replace('_', ' ')} {told}".rstrip())

    def _plain(
        self, entry: Entry, place: Place, title: str, tone: Tone = Tone.PLAIN, host: str = ""
    ) -> None:
        self._add(
            host or entry["host"],
            place,
            entry["kind"],
            entry["t"],
            title,
            tone=tone,
            detail=_payload(entry),
        )

    def _request(self, entry: Entry, reply: Entry | None) -> None:
        sent_ns, tone = self._since_start(entry.get("sent_ns")), Tone.PLAIN
        if sent_ns is None:
            self._leave_out("requests over a WebSocket, whose travel the trace does not tell")
        end_ns, arrives_ns = self._result.virtual_ns, None
        if reply is not None:
            end_ns, arrives_ns = reply["t"], self._since_start(reply.get("arrives_ns"))
        if reply is None or words.refused(reply) or reply.get("lost"):
            tone = Tone.BAD
        self._add(
            entry["host"],
            Place.SOCKET if entry["method"] == "WS" else Place.REST,
            "request",
            entry["t"],
            words.request_title(entry, reply),
            end_ns=end_ns,
            shape=Shape.SPAN,
            tone=tone,
            note="the client had gone" if reply and reply.get("lost") else "",
            sent_ns=sent_ns,
            arrives_ns=arrives_ns,
            detail={
                "request": _payload(entry),
                "reply": None if reply is None else _payload(reply),
            },
        )

    def _stream(self, entry: Entry) -> None:
        self._add(
            entry["host"],
            Place.USER if "body" in entry else Place.MARKET,
            "stream",
            entry["t"],
            words.stream_title(entry),
            arrives_ns=self._since_start(entry.get("arrives_ns")),
            detail=_payload(entry),
        )

    def _log(self, entry: Entry) -> None:
        tone = _TONES.get(entry["level"], Tone.PLAIN)
        self._add(
            entry["host"],
            Place.LOG,
            "log",
            entry["t"],
            entry["message"],
            tone=Tone.HIDDEN if entry.get("hidden") else tone,
            detail={name: value for name, value in _payload(entry).items() if name != "message"},
        )

    def _connection(self, entry: Entry, ends: Mapping[_Key3, Entry]) -> None:
        end = ends.get(("closed", entry["host"], entry["connection"]))
        self._add(
            NETWORK,
            Place.CONNECTIONS,
            "connection",
            entry["t"],
            f"{entry['host']} to {entry['to']}",
            end_ns=self._result.virtual_ns if end is None else end["t"],
            shape=Shape.SPAN,
            detail=_payload(entry),
        )

    def _stream_connection(self, entry: Entry, ends: Mapping[_Key3, Entry]) -> None:
        end = ends.get(("stream_close", entry["host"], entry["connection"]))
        reason = "" if end is None else f", closed: {end['reason']}"
        self._add(
            entry["host"],
            Place.STREAMS,
            "connection",
            entry["t"],
            f"{entry['path']}{reason}",
            end_ns=self._result.virtual_ns if end is None else end["t"],
            shape=Shape.SPAN,
            detail=_payload(entry),
        )

    def _stands_still(self, entry: Entry, end_ns: int, title: str, tone: Tone) -> None:
        self._add(
            entry["host"],
            Place.STALLS,
            entry["kind"],
            entry["t"],
            title,
            end_ns=end_ns,
            shape=Shape.SPAN,
            tone=tone,
            detail=_payload(entry),
        )

    # the venues' models

    def read_truth(self) -> None:
        """Orders and positions as they were, not as they could be seen."""
        for truth in self._result.truth:
            began: dict[tuple[str, str], int] = {}
            for moment in truth.orders:
                at_ns, title = moment.time_ns - self._start_ns, words.order_title(moment)
                detail = _texts(asdict(moment))
                tone = _CHANGES.get(moment.change, Tone.PLAIN)
                self._add(
                    truth.venue, Place.ORDERS, "order", at_ns, title, tone=tone, detail=detail
                )
                key = (moment.symbol, moment.order_id)
                if moment.open:
                    began.setdefault(key, at_ns)
                    continue
                since_ns = began.pop(key, at_ns)
                if at_ns > since_ns:
                    self._resting(truth.venue, since_ns, at_ns, title, detail)
            last = {(each.symbol, each.order_id): each for each in truth.orders}
            for key, since_ns in began.items():
                title, detail = words.order_title(last[key]), _texts(asdict(last[key]))
                self._resting(truth.venue, since_ns, self._result.virtual_ns, title, detail)
            for held in truth.positions:
                if held.quantity:
                    self._add(
                        truth.venue,
                        Place.POSITIONS,
                        "position",
                        held.start_ns - self._start_ns,
                        words.position_title(held),
                        end_ns=held.end_ns - self._start_ns,
                        shape=Shape.SPAN,
                        tone=Tone.GOOD if held.protected else Tone.BAD,
                        detail=_texts(asdict(held)),
                    )

    def _resting(
        self, venue: str, start_ns: int, end_ns: int, title: str, detail: Mapping[str, Any]
    ) -> None:
        self._add(
            venue,
            Place.RESTING,
            "resting",
            start_ns,
            title.partition(" ")[2],
            end_ns=end_ns,
            shape=Shape.SPAN,
            tone=Tone.GOOD if detail["conditional"] else Tone.PLAIN,
            detail=detail,
        )

    # milestones of both sides

    def read_milestones(self) -> None:
        """The run's and production's, each pair as the report has it."""
        result = self._result
        found = {_identity(each): self._milestone(each) for each in result.milestones}
        for row in timeline.rows(result.milestones, result.production):
            ours = theirs = None
            if row.virtual is not None:
                ours = found[_identity(row.virtual.milestone)]
            if row.production is not None:
                theirs = self._production(row)
            self.pairs.append((row, ours, theirs))

    def _milestone(self, milestone: Milestone) -> int:
        return self._add(
            milestone.host,
            Place.MILESTONES,
            "milestone",
            milestone.time_ns - self._start_ns,
            milestone.name,
            detail={"text": milestone.text, **milestone.groups},
        )

    def _production(self, row: timeline.Row) -> int:
        moment, apart_ns = row.production, row.difference_ns
        assert moment is not None
        lasts = moment.last_ns > moment.time_ns
        return self._add(
            BOT,
            Place.PRODUCTION,
            "production",
            moment.time_ns - self._start_ns,
            row.name,
            end_ns=moment.last_ns - self._start_ns,
            shape=Shape.SPAN if lasts else Shape.POINT,
            note="" if apart_ns is None else f"{milliseconds(apart_ns)} in the run",
            tone=Tone.WARNING if row.virtual is None else Tone.PLAIN,
            detail={"text": moment.milestone.text, **moment.milestone.groups},
        )


def _connection_ends(trace: Sequence[Entry]) -> dict[_Key3, Entry]:
    """By kind, host and connection number."""
    return {
        (each["kind"], each["host"], each["connection"]): each
        for each in trace
        if each["kind"] in ("closed", "stream_close")
    }


def _payload(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in ("t", "host", "kind")}


def _identity(milestone: Milestone) -> tuple[str, int, str]:
    return milestone.name, milestone.time_ns, json.dumps([milestone.host, milestone.text])


def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not set; decimals as they are written."""
    return {
        name: words.plain(value) if isinstance(value, Decimal) else value
        for name, value in values.items()
        if value is not None
    }
