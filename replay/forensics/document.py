"""A draft and its fit as the text of a scenario file, every line with where it is from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from replay.clocktime import NS_PER_MS, NS_PER_S
from replay.forensics.comparison import TOLERANCE_NS, Comparison
from replay.forensics.draft import Draft, Opening, Told
from replay.forensics.fitting import Fit
from replay.logs.milestones import known
from replay.timeline import REPEATED
from scenarios.schema import REFERENCE_BOT

_BEFORE_NS = 15 * NS_PER_S
"""For a bot to load the markets and connect its streams."""
_AFTER_NS = 60 * NS_PER_S
_DEEP = 1000
"""The book holds so many times what is ordered."""
_PROFILES = {"binance": "2025-10+algo", "bybit": "2025-10"}
_HOSTS = {
    "binance": ("fapi.binance.com", "fstream.binance.com"),
    "bybit": ("api.bybit.com", "stream.bybit.com"),
}
"""Of REST and of streams."""
_EVENTS = {"binance": "stream.ACCOUNT_UPDATE", "bybit": "stream.position"}
"""What tells of positions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptoms:
    """What a scenario is to expect of the version that the log is of."""

    outcomes: Mapping[str, str]
    breaks: tuple[str, ...]
    comparison: Comparison | None = None
    remarks: tuple[str, ...] = ()


UNKNOWN = Symptoms(outcomes={}, breaks=())


def until_ns(drafted: Draft) -> int:
    """No run goes on beyond it."""
    return drafted.last_ns // NS_PER_S * NS_PER_S + _AFTER_NS


def text(drafted: Draft, fit: Fit, symptoms: Symptoms, *, name: str, factory: str) -> str:
    """The whole file."""
    signals_ns = [each.first.time_ns - fit.lead_ns(each.symbol) for each in drafted.openings]
    start_ns = min(drafted.first_ns, *signals_ns) // NS_PER_S * NS_PER_S - _BEFORE_NS
    clock = _Clock(drafted.utc_offset_s, start_ns)
    parts = [
        _head(drafted, symptoms, clock, name),
        _links(drafted, fit),
        _venues(drafted, fit, clock),
        _hosts(fit),
        _bot(drafted, factory),
        _stimulus(drafted, fit, clock),
        _expect(fit, symptoms, clock),
    ]
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part) + "\n"


class _Clock:
    """Moments as a scenario writes them."""

    def __init__(self, utc_offset_s: int, start_ns: int) -> None:
        self._zone = timezone(timedelta(seconds=utc_offset_s))
        self._start_ns = start_ns

    def start(self) -> str:
        return self._at(self._start_ns).isoformat()

    def date(self, time_ns: int) -> str:
        return self._at(time_ns).date().isoformat()

    def minute(self, time_ns: int) -> str:
        return f"{self._at(time_ns):%Y-%m-%d %H:%M}"

    def offset(self) -> str:
        return self.start()[-6:]

    def moment(self, time_ns: int) -> str:
        """Of the start's day as a clock shows it; of another day, counted from the start."""
        if self._at(time_ns).date() != self._at(self._start_ns).date():
            return f"+{Decimal(time_ns - self._start_ns) / NS_PER_S:f} s"
        fraction = f"{time_ns % NS_PER_S:09}".rstrip("0")
        return f"{self._at(time_ns):%H:%M:%S}" + (f".{fraction}" if fraction else "")

    def _at(self, time_ns: int) -> datetime:
        return datetime.fromtimestamp(time_ns // NS_PER_S, self._zone)


def _head(drafted: Draft, symptoms: Symptoms, clock: _Clock, name: str) -> Iterator[str]:
    symbols = ", ".join(each.symbol for each in drafted.openings)
    yield f"name: {name}"
    yield f"title: {_quoted(f'{symbols}, {clock.minute(drafted.first_ns)}')}"
    yield "description: |"
    yield f"  Made of {drafted.log.name} alone. What a comment calls a line is a line of that log."
    for remark in symptoms.remarks:
        yield f"  {remark}"
    yield ""
    yield "log:"
    yield f"  file: {_quoted(str(drafted.log))}"
    yield f"  date: {clock.date(drafted.begins_ns)}"
    yield f'  utc_offset: "{clock.offset()}"'
    yield ""
    if drafted.patterns:
        yield f"patterns: [{', '.join(_quoted(str(each)) for each in drafted.patterns)}]"
        yield ""
    yield f"start: {clock.start()}"
    yield f"until: {clock.moment(until_ns(drafted))}"
    yield "seed: 1"


def _links(drafted: Draft, fit: Fit) -> Iterator[str]:
    yield "# One way each, half a round trip."
    yield "links:"
    for venue in _venue_names(drafted):
        rest, stream = _HOSTS[venue]
        yield f"  # {fit.round_trip.why}"
        yield f"  - {{between: [bot, {rest}], latency: {_duration(fit.round_trip.value // 2)}}}"
        yield f"  # {fit.stream.why}"
        yield f"  - {{between: [bot, {stream}], latency: {_duration(fit.stream.value)}}}"


def _venues(drafted: Draft, fit: Fit, clock: _Clock) -> Iterator[str]:
    yield "venues:"
    for venue in _venue_names(drafted):
        openings = [each for each in drafted.openings if each.venue.value == venue]
        yield f"  {venue}:  # {openings[0].venue.why}"
        yield f"    profile: {_PROFILES[venue]}"
        yield "    balance: 1000  # assumed"
        yield "    instruments:"
        for opening in openings:
            yield from _instrument(opening)
        if drafted.tracked is not None and venue == drafted.openings[0].venue.value:
            for symbol in drafted.tracked.value:
                yield f"      {symbol}:  # {drafted.tracked.why}: tracked; the rest is assumed"
                yield "        tick_size: 0.0001"
                yield "        step_size: 1"
                yield "        price: {constant: 1}"
        if fit.stream_lag is not None and fit.stream_lag.value:
            yield "    behaviour:"
            yield "      visibility:"
            yield f"        # {fit.stream_lag.why}"
            yield f"        - {{window: {_EVENTS[venue]}, lag: {_duration(fit.stream_lag.value)}}}"


def _instrument(opening: Opening) -> Iterator[str]:
    deep = (opening.quantity.value if opening.quantity else Decimal(1_000)) * _DEEP
    price = opening.price.value.quantize(opening.tick_size)
    if opening.side.value == "BUY" and "filled" in opening.price.why:
        price -= opening.tick_size  # what is offered is a tick above the price
    yield f"      {opening.symbol}:"
    yield f"        tick_size: {opening.tick_size:f}  # the fifth digit of its price"
    yield f"        step_size: {opening.step_size:f}  # the digits of its quantity"
    yield f"        price: {{constant: {price:f}}}  # {opening.price.why}"
    yield f"        book: {{quantity: {deep:f}}}  # deep enough"
    if opening.order_id is not None:
        yield f"        next_order_id: {opening.order_id.value}  # {opening.order_id.why}"


def _hosts(fit: Fit) -> Iterator[str]:
    if not fit.own_times:
        return
    yield "hosts:"
    yield "  bot:"
    yield "    stalls:"
    for own in fit.own_times:
        yield f"      - after_log: {{message: {_quoted(own.after)}}}"
        yield f"        lasts: {_duration(own.lasts_ns)}"
        yield "        times: 1"
        yield f"        why: {_quoted(own.why)}"


def _bot(drafted: Draft, factory: str) -> Iterator[str]:
    if factory != REFERENCE_BOT:
        yield "bot:"
        yield f"  factory: {_quoted(factory)}"
        return
    settings: list[tuple[str, Told[int] | Told[tuple[str, ...]] | None, str]] = [
        ("leverage", drafted.leverage, ""),
        ("first_position_id", drafted.first_position_id, ""),
        ("tracked_symbols", drafted.tracked, ""),
    ]
    told = [(key, value) for key, value, _ in settings if value is not None]
    if told:
        yield "bot:"
        yield "  settings:"
    for key, value in told:
        shown = f"[{', '.join(value.value)}]" if isinstance(value.value, tuple) else value.value
        yield f"    {key}: {shown}  # {value.why}"


def _stimulus(drafted: Draft, fit: Fit, clock: _Clock) -> Iterator[str]:
    yield "stimulus:"
    for number, opening in enumerate(drafted.openings, start=1):
        at_ns = opening.first.time_ns - fit.lead_ns(opening.symbol)
        title = known().title(opening.first.name)
        yield f"  # So that line {opening.first.line} ({title}) comes when it does."
        yield f"  - at: {clock.moment(at_ns)}"
        yield "    signal:"
        yield f"      id: {number}"
        yield f"      symbol: {opening.symbol}"
        yield f"      side: {opening.side.value}  # {opening.side.why}"
        if opening.quantity is not None:
            yield f"      quantity: {opening.quantity.value:f}  # {opening.quantity.why}"
        yield "      scores: [70, 70]  # assumed"
        yield f"      exchange: {opening.venue.value}"


def _expect(fit: Fit, symptoms: Symptoms, clock: _Clock) -> Iterator[str]:
    yield "expect:"
    yield f"  {fit.version}:"
    outcomes = symptoms.outcomes
    if len(set(outcomes.values())) == 1:
        yield f"    outcome: {next(iter(outcomes.values()))}"
    elif outcomes:
        yield "    outcome:"
        yield from (f"      {symbol}: {outcome}" for symbol, outcome in outcomes.items())
    else:
        yield "    outcome: opened"
    if symptoms.comparison is not None:
        yield "    milestones:"
        yield from _milestones(symptoms.comparison, clock)
    if symptoms.breaks:
        yield f"    breaks: [{', '.join(symptoms.breaks)}]"


def _milestones(comparison: Comparison, clock: _Clock) -> Iterator[str]:
    for pair in comparison.pairs:
        if pair.name == REPEATED:
            continue
        milestone = pair.log.milestone
        yield f"      # line {milestone.line}"
        if pair.run is None or not pair.in_order:
            yield f"      # {pair.name}: the replay has it not, or elsewhere"
            continue
        differing = {key for key, _, _ in pair.differing}
        where = {
            key: value
            for key, value in milestone.groups.items()
            if key not in differing and key not in pair.untold and _plain(value)
        }
        off_ns = abs(comparison.difference_ns(pair) or 0)
        within_ns = max(TOLERANCE_NS, -(-off_ns // TOLERANCE_NS) * TOLERANCE_NS)
        within_ns += milestone.exact_ns // NS_PER_MS * NS_PER_MS  # it may come anywhere in there
        yield f"      - name: {pair.name}"
        yield f"        at: {clock.moment(milestone.time_ns)}"
        yield f"        within: {_duration(within_ns)}"
        if where:
            shown = ", ".join(f"{key}: {_quoted(value)}" for key, value in where.items())
            yield f"        where: {{{shown}}}"


def _plain(value: str) -> bool:
    return "\n" not in value and len(value) <= 80


def _venue_names(drafted: Draft) -> Iterable[str]:
    return dict.fromkeys(each.venue.value for each in drafted.openings)


def _duration(duration_ns: int) -> str:
    return f"{Decimal(duration_ns) / NS_PER_MS:f} ms"


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def stem(log: Path) -> str:
    """What a log's scenario is called: `bot` for `bot.log`, `bot.log.2.gz`."""
    return log.name.split(".", 1)[0] or "log"


def shown(path: Path) -> Path:
    """A log's path as a scenario beside it, or in the working directory, would write it."""
    here = Path.cwd()
    resolved = path.resolve()
    return resolved.relative_to(here) if resolved.is_relative_to(here) else resolved
