"""What a log alone tells of the world that it came from, each thing with the lines that tell it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from statistics import median
from typing import Generic, TypeVar
from uuid import UUID

from replay.clocktime import NS_PER_MS, NS_PER_S
from replay.logs.production_log import LogLine, ProductionLog
from replay.result import Milestone
from replay.timeline import REPEATED
from simulator.errors import InputError
from simulator.venues import NAMES

T = TypeVar("T")

_IDS = ("order_fetched", "order_placed", "order_not_found")
_NO_OPENING = (
    REPEATED,
    "wave_counter",
    "wave_limit_reached",
    "wave_complete",
    "signal_skipped",
    "position_found",
    "position_closed",
    "ws_update_skipped",
)
"""What names a symbol without a position being opened by it."""
_TRACKED = re.compile(r"'(\w+)'")
_LONGEST_TRAVEL_NS = NS_PER_S // 2


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """A value, and where it is from."""

    value: T
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A position that the log shows being opened."""

    symbol: str
    first: Milestone
    venue: Told[str]
    side: Told[str]
    quantity: Told[Decimal] | None
    price: Told[Decimal]
    tick_size: Decimal
    step_size: Decimal
    order_id: Told[str] | None
    milestones: tuple[Milestone, ...] = ()
    """Those of the opening, in the order of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything a first scenario is made of, before any of it was tried."""

    log: Path
    utc_offset_s: int
    openings: tuple[Opening, ...]
    leverage: Told[int] | None
    first_position_id: Told[int] | None
    tracked: Told[tuple[str, ...]] | None
    ticks_after_ns: Told[int] | None
    """How long after a full second mark prices come."""
    begins_ns: int
    """When the log's first line was written, whatever it says."""
    first_ns: int
    last_ns: int
    patterns: tuple[Path, ...] = ()
    """Files of patterns that the log was read by, besides those of the package."""


def draft(log: ProductionLog, file: Path, utc_offset_s: int) -> Draft:
    """Reads a draft off a log. Raises InputError for a log that opens no position."""
    found = log.milestones()
    symbols = list(
        dict.fromkeys(
            each.groups["symbol"]
            for each in found
            if "symbol" in each.groups and each.name not in _NO_OPENING
        )
    )
    if not log.timed or not symbols:
        lacks = "no line with a time" if not log.timed else "no line that opens a named symbol"
        raise InputError(
            f"{file}: has {lacks}, so no scenario can be made of it; "
            "`replay milestones` shows what is read"
        )
    times = [each.time_ns for each in found]
    return Draft(
        log=file,
        utc_offset_s=utc_offset_s,
        openings=tuple(_opening(symbol, _of(symbol, found, symbols), log) for symbol in symbols),
        leverage=_number(found, "leverage_set", "leverage"),
        first_position_id=_number(found, "position_row_created", "id"),
        tracked=_tracked(found),
        ticks_after_ns=_ticks(found),
        begins_ns=log.lines[0].time_ns or min(times),
        first_ns=min(times),
        last_ns=max(each.end_ns or each.time_ns for each in found),
    )


def _of(symbol: str, found: Sequence[Milestone], symbols: Sequence[str]) -> list[Milestone]:
    """The milestones of a symbol's opening: those that name it, and those without a symbol from
    its first one on, until another symbol's first."""
    mine: list[Milestone] = []
    seen: set[str] = set()
    latest = symbols[0]
    for each in found:
        named = each.groups.get("symbol")
        if each.name in _NO_OPENING and each.name != REPEATED:
            continue
        if named is not None and named not in seen and each.name != REPEATED:
            seen.add(named)
            latest = named
        if (named or latest) == symbol:
            mine.append(each)
    return mine


def _opening(symbol: str, mine: Sequence[Milestone], log: ProductionLog) -> Opening:
    order_id = _value(mine, "id", names=_IDS)
    quantity = _quantity(mine)
    price = _price(mine, quantity)
    venue = _venue(mine, log, order_id)
    return Opening(
        symbol=symbol,
        first=next(each for each in mine if each.name != REPEATED),
        venue=venue,
        side=_side(mine),
        quantity=quantity,
        price=price,
        tick_size=_tick_size(price),
        step_size=Decimal(1) if quantity is None else _last_digit(quantity.value),
        order_id=order_id if _is_id_of(venue.value, order_id) else None,
        milestones=tuple(mine),
    )


def lines(milestones: Iterable[Milestone]) -> str:
    """`line 7`, `lines 7 and 9`: where milestones stand."""
    numbers = list(dict.fromkeys(str(each.line) for each in milestones))
    if len(numbers) == 1:
        return f"line {numbers[0]}"
    return f"lines {', '.join(numbers[:-1])} and {numbers[-1]}"


def _value(
    mine: Sequence[Milestone], key: str, *, names: Sequence[str] | None = None
) -> Told[str] | None:
    telling = [
        each for each in mine if key in each.groups and (names is None or each.name in names)
    ]
    return Told(telling[0].groups[key], lines(telling[:1])) if telling else None


def _number(found: Sequence[Milestone], name: str, key: str) -> Told[int] | None:
    told = _value(found, key, names=[name])
    return None if told is None else Told(int(told.value), told.why)


def _venue(mine: Sequence[Milestone], log: ProductionLog, order_id: Told[str] | None) -> Told[str]:
    named = _value(mine, "venue")
    if named is not None and named.value in NAMES:
        return Told(named.value, named.why)
    if order_id is not None and _is_uuid(order_id.value):
        return Told("bybit", f"{order_id.why}: the order's id is a UUID, as Bybit's are")
    own = {each.line for each in mine}
    for lines_of in ([line for line in log.lines if line.number in own], log.lines):
        named_in = {name: line.number for line in reversed(lines_of) for name in _venues_in(line)}
        if len(named_in) == 1:
            ((name, number),) = named_in.items()
            return Told(name, f"line {number} names it")
    return Told(NAMES[0], "no line tells; assumed")


def _venues_in(line: LogLine) -> list[str]:
    return [
        name
        for name in NAMES
        if name in line.logger.lower() or re.search(rf"\b{name}\b", line.text.lower())
    ]


def _is_id_of(venue: str, order_id: Told[str] | None) -> bool:
    """Whether such an id can be the first of a venue's; of an opening without one, it is not."""
    if order_id is None:
        return False
    return _is_uuid(order_id.value) if venue == "bybit" else order_id.value.isdigit()


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _side(mine: Sequence[Milestone]) -> Told[str]:
    named = _value(mine, "side", names=["opening_started", "operation_started", "order_placed"])
    if named is not None:
        return Told(named.value.upper(), named.why)
    amount = _value(mine, "amount", names=["ws_position_update"])
    if amount is not None:
        side = "SELL" if Decimal(amount.value) < 0 else "BUY"
        return Told(side, f"{amount.why}: the position is {amount.value}")
    return Told("BUY", "no line tells; assumed")


def _quantity(mine: Sequence[Milestone]) -> Told[Decimal] | None:
    for key in ("quantity", "amount", "filled"):
        told = _value(mine, key)
        if told is not None and (value := abs(_decimal(told.value))):
            return Told(value, told.why)
    return None


def _price(mine: Sequence[Milestone], quantity: Told[Decimal] | None) -> Told[Decimal]:
    filled = _value(mine, "price", names=["order_fetched"])
    if filled is not None:
        return Told(_decimal(filled.value), f"{filled.why}: what it was filled at")
    marked = _value(mine, "price", names=[REPEATED])
    if marked is not None:
        return Told(_decimal(marked.value), f"{marked.why}: the mark price")
    if quantity is not None:
        return Told(
            Decimal(6 / quantity.value),
            "no line tells; assumed, so that the position is worth 6 USDT",
        )
    return Told(Decimal("1.0000"), "no line tells; assumed")


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)


def _last_digit(value: Decimal) -> Decimal:
    """1 for 308.0, 0.01 for 0.25."""
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return Decimal(1).scaleb(min(exponent, 0))


def _tick_size(price: Told[Decimal]) -> Decimal:
    """The fifth digit of a price: mark prices have more than ticks do, and a log may leave the last
    ones out."""
    return Decimal(1).scaleb(price.value.adjusted() - 4)


def _tracked(found: Sequence[Milestone]) -> Told[tuple[str, ...]] | None:
    told = _value(found, "tracked")
    if told is None:
        return None
    return Told(tuple(_TRACKED.findall(told.value)), told.why)


def _ticks(found: Sequence[Milestone]) -> Told[int] | None:
    ticks = [each for each in found if each.name == REPEATED and each.exact_ns <= NS_PER_MS]
    after = [each.time_ns % NS_PER_S for each in ticks]
    if not ticks or max(after) >= _LONGEST_TRAVEL_NS:
        return None
    return Told(int(median(after)), lines(ticks))
