"""What the venues did, as moments of the timeline: orders they took and events they sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from replay.result import Milestone

_QUIET = ("/listenKey",)
_ORDER_PARAMS = ("symbol", "side", "type", "quantity", "leverage", "triggerPrice", "stopPrice")
_REPLY_FIELDS = ("orderId", "algoId", "status", "algoStatus", "code", "msg")


def venue_moments(entries: Sequence[Mapping[str, Any]], start_ns: int) -> Iterator[Milestone]:
    """Requests that change something, with their replies; user stream events; faults; stalls;
    POSIX signals; crashes and what they cost."""
    replies = {(each["host"], each["id"]): each for each in entries if each["kind"] == "reply"}
    for entry in entries:
        text = _told(entry, replies)
        if text:
            yield Milestone(
                name=f"venue_{entry['kind']}",
                time_ns=start_ns + int(entry["t"]),
                host=str(entry["host"]),
                text=text,
            )


def _told(entry: Mapping[str, Any], replies: Mapping[Any, Mapping[str, Any]]) -> str:
    match entry["kind"]:
        case "request" if entry["method"] != "GET" and not entry["path"].endswith(_QUIET):
            params = entry["params"]
            asked = " ".join(str(params[name]) for name in _ORDER_PARAMS if name in params)
            reply = replies.get((entry["host"], entry["id"]))
            return f"{entry['method']} {entry['path']} {asked}: {_answer(reply)}"
        case "stream" if "body" in entry:
            return _event(entry)
        case "fault":
            return f"fault {entry['rule']}: {entry['fault']} on {entry['endpoint']}"
        case "stall":
            why = f" ({entry['why']})" if entry.get("why") else ""
            return f"stands still for {int(entry['lasts_ns']) / 1e6:g} ms{why}"
        case "signal":
            return str(entry["signal"])
        case "crash":
            return f"CRASH ({entry['why']})" if entry["why"] else "CRASH"
        case "restart":
            return "is started again"
        case "signal_lost":
            return f"signal {entry['id']} ({entry['symbol']}) lost: {entry['why']}"
    return ""


def _answer(reply: Mapping[str, Any] | None) -> str:
    if reply is None:
        return "never answered"
    try:
        body = json.loads(reply.get("body", "null"))
    except ValueError:
        body = None
    fields = body if isinstance(body, dict) else {}
    told = [str(fields[name]) for name in _REPLY_FIELDS if name in fields]
    if fields.get("retCode"):  # Bybit refuses with status 200
        told = [str(fields["retCode"]), str(fields.get("retMsg", ""))]
    return " ".join((str(reply["status"]), *told)).strip()


def _event(entry: Mapping[str, Any]) -> str:
    """An event of the user stream in a few words."""
    try:
        body = json.loads(entry["body"])
    except ValueError:
        return ""
    name = body.get("e", "")
    match name:
        case "ACCOUNT_UPDATE":
            held = ", ".join(f"{each['s']} {each['pa']}" for each in body["a"]["P"])
            return f"stream: {name} {held}".strip()
        case "ORDER_TRADE_UPDATE":
            order = body["o"]
            return f"stream: {name} {order['s']} {order['S']} {order['x']} {order['X']}"
        case "ALGO_UPDATE":
            order = body["o"]
            return f"stream: {name} {order['s']} {order['S']} {order['o']} {order['X']}"
        case "listenKeyExpired":
            return f"stream: {name}"
    return ""
