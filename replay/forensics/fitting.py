"""Finds what a log does not say but shows: round trip, stream, and the bot's own time.

By trying: the scenario is replayed with two round trips, and how each step between two moments of
the log grows tells how many round trips are in it. What is left of a step when the round trip is
known is the bot's own time, or how late a stream was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from replay.clocktime import NS_PER_MS, milliseconds, seconds
from replay.forensics.alignment import Pair
from replay.forensics.comparison import Comparison, compare
from replay.forensics.draft import Draft, Told, lines
from replay.forensics.findings import facts
from replay.logs.milestones import known
from replay.logs.production_log import ProductionLog
from replay.result import RunResult
from replay.timeline import REPEATED

_GUESS_NS = 200 * NS_PER_MS
_CENTRES_NS = tuple(each * NS_PER_MS for each in (350, 200, 100, 20, 700))
_LEAD_ROUND_TRIPS = 5
"""So many questions of one round trip each come before an opening, by the reference bot."""
_STREAMED = ("ws_position_update", "ws_update_skipped", "position_closed")
_EVENTS = ("ws_position_update",)
_NEVER_NS = 10**18
_WORTH_NS = NS_PER_MS // 2
_HEAD = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTime:
    """Time that the bot takes for itself after a log line."""

    after: str
    """A regular expression for the line."""
    lasts_ns: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What a draft is completed by."""

    version: str
    round_trip: Told[int]
    stream: Told[int]
    """One way, from the venue to the bot."""
    stream_lag: Told[int] | None = None
    """How much later than that an event of the account comes."""
    leads_ns: Mapping[str, int] = field(default_factory=dict)
    """How long before its first moment in the log a symbol's signal comes."""
    own_times: tuple[OwnTime, ...] = ()

    def lead_ns(self, symbol: str) -> int:
        return self.leads_ns.get(symbol, _LEAD_ROUND_TRIPS * self.round_trip.value)


Play = Callable[[Fit], RunResult]
"""Replays the draft completed in this way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A fit with what came of it."""

    fit: Fit
    result: RunResult
    comparison: Comparison

    @property
    def score(self) -> tuple[int, int]:
        """Lower is better: what contradicts the log, then what it does not explain."""
        found = facts(self.comparison, self.result)
        against = sum(bool(fact.contradiction) for fact in found)
        return against, -sum(fact.explained for fact in found)


class Fitting:
    """Fits one version of a bot to a log."""

    def __init__(self, drafted: Draft, log: ProductionLog, play: Play, until_ns: int) -> None:
        self._draft = drafted
        self._log = log
        self._play = play
        self._until_ns = until_ns

    def version(self, version: str) -> Fitted:
        """The version with its round trip and its signals' moments, to choose among versions."""
        guess = _guess(version)
        tried = [
            self._led(replace(guess, round_trip=each, stream=self._way(each)))
            for each in self._round_trips(guess)
        ]
        return min(tried, key=lambda each: (each.score, _off_ns(each.comparison)))

    def lacks(self, version: str) -> int:
        """How many of the log's moments the version never comes to, whatever the round trip."""
        return len(self._tried(_guess(version)).comparison.missing)

    def finely(self, fitted: Fitted) -> Fitted:
        """The stream and the bot's own time as well: each step is mended before the next."""
        best, given_up = fitted, set[tuple[str, int, int | None]]()
        for _ in range(3 * len(fitted.comparison.pairs)):
            pair = next(
                (each for each in _off(best.comparison) if _key(each) not in given_up), None
            )
            if pair is None:
                break
            changed = self._mended(best, pair)
            tried = None if changed is None else self._led(changed)
            if tried is not None and _far_ns(tried, pair) < _far_ns(best, pair):
                best = tried
            else:
                given_up.add(_key(pair))
        return best

    def _mended(self, fitted: Fitted, pair: Pair) -> Fit | None:
        if pair.name in _EVENTS:
            return _stream(fitted.fit, pair)
        return _own_time(fitted, pair)

    def _way(self, round_trip: Told[int]) -> Told[int]:
        """From the venue's stream to the bot."""
        told = self._draft.ticks_after_ns
        if told is None:
            return Told(round_trip.value // 2, "half the round trip")
        why = f"{told.why}: mark prices are sent on the full second and come so much later"
        return Told(told.value, why)

    def _tried(self, fit: Fit) -> Fitted:
        result = self._play(fit)
        comparison = compare(self._log, result, until_ns=self._until_ns)
        return Fitted(fit=fit, result=result, comparison=comparison)

    def _led(self, fit: Fit) -> Fitted:
        """With every signal moved so that its symbol's first moment comes when the log has it."""
        tried = self._tried(fit)
        leads = dict(fit.leads_ns)
        for opening in self._draft.openings:
            pair = _first(tried.comparison, opening.first.line)
            if pair is not None and pair.run is not None:
                late_ns = pair.run.time_ns - pair.log.time_ns
                leads[opening.symbol] = fit.lead_ns(opening.symbol) + late_ns
        if leads == dict(fit.leads_ns):
            return tried
        return self._tried(replace(fit, leads_ns=leads))

    def _round_trips(self, guess: Fit) -> list[Told[int]]:
        """Those that come out where they are sought: a time-out allows several, with more tries
        of shorter ones in it."""
        found: list[Told[int]] = []
        for centre_ns in _CENTRES_NS:
            value = self._sought(guess, centre_ns)
            if value is None or any(_near(value.value, each.value) for each in found):
                continue
            again = self._sought(guess, value.value)
            if again is not None and _near(again.value, value.value):
                found.append(again)
        return found or [guess.round_trip]

    def _sought(self, guess: Fit, centre_ns: int) -> Told[int] | None:
        """From the step with most round trips in it; of several, from the shortest of them."""
        tried_ns = centre_ns * 9 // 10, centre_ns * 11 // 10
        few, many = (
            self._tried(
                replace(guess, round_trip=Told(each, ""), stream=self._way(Told(each, "")))
            ).comparison
            for each in tried_ns
        )
        found: list[tuple[int, int, str]] = []
        more = {_key(pair): steps for pair, steps in _steps(many, asked=True)}
        for pair, (before, short_ns) in _steps(few, asked=True):
            other = more.get(_key(pair))
            if other is None or _key(other[0]) != _key(before):
                continue
            trips = round((other[1] - short_ns) / (tried_ns[1] - tried_ns[0]))
            own_ns = short_ns - trips * tried_ns[0]
            step_ns = pair.log.time_ns - before.log.time_ns
            if trips > 0 and step_ns > own_ns:
                where = lines([before.log.milestone, pair.log.milestone])
                why = f"{where}: {seconds(step_ns)} are {_trips(trips)}"
                if own_ns > _WORTH_NS:
                    why += f" and {seconds(own_ns)} of the bot's own"
                found.append((-trips, (step_ns - own_ns) // trips, why))
        if not found:
            return None
        _, value_ns, why = min(found)
        return Told(_whole_us(value_ns), why)


def _guess(version: str) -> Fit:
    return Fit(
        version=version,
        round_trip=Told(_GUESS_NS, "no step of the log tells; assumed"),
        stream=Told(_GUESS_NS // 2, "half the round trip"),
    )


def _stream(fit: Fit, pair: Pair) -> Fit:
    """With the account's events as late as the log has this one."""
    assert pair.run is not None
    where = lines([pair.log.milestone])
    late_ns = pair.log.time_ns - pair.run.time_ns
    late_ns += fit.stream_lag.value if fit.stream_lag else 0
    if late_ns < 0:
        told = Told(max(0, fit.stream.value + late_ns), f"{where}: the event is so early")
        return replace(fit, stream=told, stream_lag=None)
    why = f"{where}: so much later than the stream alone would have it"
    return replace(fit, stream_lag=Told(late_ns, why))


def _own_time(fitted: Fitted, pair: Pair) -> Fit | None:
    """With the bot taking the time that a step has to spare, after the line before it."""
    steps = {_key(each): before for each, (before, _) in _steps(fitted.comparison)}
    before = steps.get(_key(pair))
    if before is None or before.run is None or pair.run is None:
        return None
    own = {each.after: each for each in fitted.fit.own_times}
    after = re.escape(before.run.milestone.text.strip().split("\n", 1)[0][:_HEAD])
    lasts_ns = pair.log.time_ns - pair.run.time_ns
    lasts_ns = _whole_us(lasts_ns + (own[after].lasts_ns if after in own else 0))
    if lasts_ns <= 0:
        if own.pop(after, None) is None:
            return None
    else:
        where = lines([before.log.milestone, pair.log.milestone])
        told = milliseconds(lasts_ns).removeprefix("+")
        title = known().title(pair.name)
        why = f"{where}: {told} more until {title} than its requests take"
        own[after] = OwnTime(after=after, lasts_ns=lasts_ns, why=why)
    return replace(fitted.fit, own_times=tuple(own.values()))


def _off(comparison: Comparison) -> list[Pair]:
    """The pairs that are not when the log has them, in its order."""
    return [
        pair
        for pair in comparison.pairs
        if pair.name != REPEATED and abs(comparison.difference_ns(pair) or 0) > _WORTH_NS
    ]


def _far_ns(fitted: Fitted, pair: Pair) -> int:
    """How far a pair is off."""
    for each in fitted.comparison.pairs:
        if _key(each) == _key(pair) and each.run is not None:
            return abs(each.run.time_ns - each.log.time_ns)
    return _NEVER_NS


def _key(pair: Pair) -> tuple[str, int, int | None]:
    return pair.name, pair.log.time_ns, pair.log.milestone.line


def _first(comparison: Comparison, line: int | None) -> Pair | None:
    """The pair of that line, or the first pair of the same symbol that the run has."""
    exact = next((each for each in comparison.pairs if each.log.milestone.line == line), None)
    if exact is not None and exact.run is not None:
        return exact
    return next((each for each in comparison.pairs if each.run is not None), None)


def _steps(comparison: Comparison, *, asked: bool = False) -> list[tuple[Pair, tuple[Pair, int]]]:
    """For each pair but the first: the pair before it, and how long the run takes between them.

    With `asked` only those that come of the bot's own requests, not of a stream.
    """
    found: list[tuple[Pair, tuple[Pair, int]]] = []
    before: Pair | None = None
    for pair in comparison.pairs:
        if pair.name == REPEATED or pair.run is None or not pair.in_order:
            continue
        if asked and pair.name in _STREAMED:
            continue
        if before is not None and before.run is not None:
            found.append((pair, (before, pair.run.time_ns - before.run.time_ns)))
        before = pair
    return found


def _off_ns(comparison: Comparison) -> tuple[int, int]:
    """How many pairs are too far off, and how far all are in sum."""
    differences: Sequence[int] = [
        abs(comparison.difference_ns(pair) or 0)
        for pair in comparison.pairs
        if pair.name != REPEATED
    ]
    return len(comparison.missing) + len(comparison.late), sum(differences)


def _trips(count: int) -> str:
    return "one round trip" if count == 1 else f"{count} round trips"


def _near(one_ns: int, other_ns: int) -> bool:
    return abs(one_ns - other_ns) <= max(other_ns // 10, NS_PER_MS)


def _whole_us(duration_ns: int) -> int:
    return round(duration_ns / 1000) * 1000
