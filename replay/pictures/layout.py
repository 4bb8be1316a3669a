"""Lays collected items out: on numbered lanes, in order of time, with rows for what overlaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from replay import timeline
from replay.pictures import lanes, races
from replay.pictures.lanes import BOT, NETWORK, Key, Place
from replay.pictures.model import Arrow, Item, Lane, Pair, Picture, Shape, arrows_of

Found = tuple[timeline.Row, int | None, int | None]
"""A milestone of both sides, and the numbers of its items: the run's and production's."""


def laid_out(
    collected: Sequence[tuple[Key, Item]], found: Sequence[Found], left_out: Mapping[str, int]
) -> Picture:
    """Items in order of time, on numbered lanes, with rows for what overlaps."""
    keys = [key for key, _ in collected]
    keys += [(BOT, Place.WIRE), (NETWORK, Place.TRAVEL)]
    venues = sorted({host: None for host, _ in keys if host not in (BOT, NETWORK)})
    order = lanes.in_order(keys, [BOT, NETWORK, *venues])
    numbers = {key: number for number, key in enumerate(order)}
    places = sorted(range(len(collected)), key=lambda i: (collected[i][1].start_ns, i))
    items = [replace(collected[i][1], lane=numbers[collected[i][0]]) for i in places]
    items = races.with_notes(items, {number: host for (host, _), number in numbers.items()})
    items, heights = _in_rows(items, wire=numbers[BOT, Place.WIRE])
    moved = {old: new for new, old in enumerate(places)}
    return Picture(
        lanes=tuple(
            Lane(
                host=host,
                name=place.value,
                truth=place in lanes.TRUTH,
                rows=heights.get(number, 1),
            )
            for number, (host, place) in enumerate(order)
        ),
        items=tuple(items),
        arrows=_arrows(items),
        pairs=tuple(
            Pair(
                name=row.name,
                text=row.milestone.text,
                virtual=None if ours is None else moved[ours],
                production=None if theirs is None else moved[theirs],
                difference_ns=row.difference_ns,
            )
            for row, ours, theirs in found
        ),
        wire=numbers[BOT, Place.WIRE],
        left_out=left_out,
    )


def _arrows(items: Sequence[Item]) -> tuple[Arrow, ...]:
    found = [arrow for number, item in enumerate(items) for arrow in arrows_of(number, item)]
    return tuple(sorted(found, key=lambda arrow: (arrow.start_ns, arrow.item)))


def _in_rows(items: list[Item], *, wire: int) -> tuple[list[Item], dict[int, int]]:
    """Spans of one lane side by side, requests in the bot's lane too; the rows of each lane."""
    spans: dict[int, list[tuple[int, int, int]]] = {}
    for number, item in enumerate(items):
        if item.shape is Shape.SPAN:
            spans.setdefault(item.lane, []).append((item.start_ns, item.end_ns, number))
        if item.sent_ns is not None:
            end_ns = item.end_ns if item.arrives_ns is None else item.arrives_ns
            spans.setdefault(wire, []).append((item.sent_ns, end_ns, number))
    heights: dict[int, int] = {}
    for lane, found in spans.items():
        found.sort()
        for (_, _, number), row in zip(
            found, lanes.rows((start, end) for start, end, _ in found), strict=True
        ):
            item = items[number]
            items[number] = replace(item, bot_row=row) if lane == wire else replace(item, row=row)
            heights[lane] = max(heights.get(lane, 1), row + 1)
    return items, heights
