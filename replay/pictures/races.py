"""Events that reached the bot while the reply to its own request was still on the way."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import replace

from replay.clocktime import NS_PER_MS
from replay.pictures import words
from replay.pictures.model import Item

_READ_ONLY = ("GET",)


def with_notes(items: Iterable[Item], hosts: Mapping[int, str]) -> list[Item]:
    """The items, those of private streams with how long before a reply they came.

    A reply counts for an event if its request was about the event's symbol, on the same host, and
    was sent before the event arrived. `hosts` are those of the lanes.
    """
    found = list(items)
    waiting: dict[tuple[str, str], list[Item]] = {}
    for item in found:
        if item.kind == "request" and item.sent_ns is not None and item.arrives_ns is not None:
            request = item.detail["request"]
            symbol = request["params"].get("symbol")
            if symbol and request["method"] not in _READ_ONLY:
                waiting.setdefault((hosts[item.lane], str(symbol)), []).append(item)
    for requests in waiting.values():
        requests.sort(key=_sent)
    return [_noted(item, waiting, hosts) for item in found]


def _sent(item: Item) -> int:
    return item.sent_ns or 0


def _noted(
    item: Item, waiting: Mapping[tuple[str, str], list[Item]], hosts: Mapping[int, str]
) -> Item:
    arrives_ns = item.arrives_ns
    if item.kind != "stream" or arrives_ns is None or "body" not in item.detail:
        return item
    for symbol in words.symbols(item.detail):
        requests = waiting.get((hosts[item.lane], symbol), [])
        sent = bisect_right(requests, arrives_ns, key=_sent)
        reply_ns = requests[sent - 1].arrives_ns if sent else None  # of the last one sent
        if reply_ns is not None and reply_ns > arrives_ns:
            request = requests[sent - 1].detail["request"]
            ahead_ms = (reply_ns - arrives_ns) / NS_PER_MS
            name = str(request["path"]).rsplit("/", 1)[-1]
            note = f"{ahead_ms:g} ms before the reply to {request['method']} {name}"
            return replace(item, note=note, ahead_ns=reply_ns - arrives_ns)
    return item
