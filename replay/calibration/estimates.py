"""From samples to the rules of a profile: what a venue's links, latencies and lags are.

Traces tell every part of a round trip apart. Logs tell round trips, leads and, by their ticks, the
way from the stream; the parts are then chosen so that the whole is what was measured:

- the way back is half the shortest round trip, always, and the rest is the way there, so that a
  request that is late delays its stream event as well, and the lead stays what it is;
- the stream's way is that of the ticks; without any, what the leads leave for it;
- where there are ticks and leads, what the leads leave beyond the ticks is the events' lag.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from replay.calibration.fitting import TOO_FEW, Bounds, Fit, fit
from replay.calibration.samples import REST, STREAM, Kind, Sample
from scenarios.venues import host_names
from simulator.distributions import Fixed

EVERY = "*"
"""All endpoints that do not differ."""
_DIFFERENT = 0.01
"""Two sets of samples of one distribution are told to differ once in a hundred times."""

Groups = Mapping[str, Sequence[Sample]]
"""Samples by endpoint, window or event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a person is shown: one thing that was measured."""

    venue: str
    kind: Kind
    what: str
    fit: Fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A distribution of a profile, with what it rests on."""

    what: str
    fit: Fit
    half: str = "reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRule:
    """Both ways between a bot and some hosts of a venue."""

    hosts: tuple[str, ...]
    there: Fit
    back: Fit


@dataclass(slots=True, kw_only=True)
class Estimate:
    """What is known of one venue."""

    venue: str
    rows: list[Row] = field(default_factory=list)
    links: list[LinkRule] = field(default_factory=list)
    latency: list[Rule] = field(default_factory=list)
    visibility: list[Rule] = field(default_factory=list)


def estimate(venue: str, samples: Iterable[Sample]) -> Estimate:
    """The rules that a venue's samples amount to, and each thing measured with its fit."""
    kinds: dict[Kind, dict[str, list[Sample]]] = {kind: {} for kind in Kind}
    for each in samples:
        kinds[each.kind].setdefault(each.what, []).append(each)
    found = Estimate(venue=venue)
    for kind, groups in kinds.items():
        if kind in (Kind.ROUND_TRIP, Kind.ANSWER_TIME) and len(groups) > 1:
            every = [each for group in groups.values() for each in group]
            found.rows.append(Row(venue=venue, kind=kind, what=EVERY, fit=_fit(every)))
        for what, group in sorted(groups.items()):
            found.rows.append(Row(venue=venue, kind=kind, what=what, fit=_fit(group)))
    if kinds[Kind.WAY_THERE]:
        _parts(found, kinds)
    elif kinds[Kind.ROUND_TRIP]:
        _wholes(found, kinds)
    for window, group in sorted(kinds[Kind.VISIBILITY_LAG].items()):
        found.visibility.append(Rule(what=window, fit=_fit(group)))
    return found


def _parts(found: Estimate, kinds: Mapping[Kind, Groups]) -> None:
    """Of a trace, which tells them apart."""
    there = _fit(kinds[Kind.WAY_THERE][REST])
    back = _fit(kinds[Kind.WAY_BACK][REST])
    stream = kinds[Kind.WAY_BACK].get(STREAM)
    _link(found, there, back, back if stream is None else _fit(stream))
    pool, apart = pooled(kinds[Kind.ANSWER_TIME])
    found.latency.append(Rule(what=EVERY, fit=_fit(pool)))
    found.latency += (Rule(what=what, fit=_fit(group)) for what, group in apart.items())
    found.visibility += (
        Rule(what=f"stream.{event}", fit=_fit(group))
        for event, group in sorted(kinds[Kind.STREAM_LAG].items())
    )


def _wholes(found: Estimate, kinds: Mapping[Kind, Groups]) -> None:
    """Of logs, which tell round trips."""
    pool, apart = pooled(kinds[Kind.ROUND_TRIP])
    back_ns = min(each.low_ns for each in pool) // 2
    why = "a log does not tell the ways apart: half the shortest round trip"
    back = _assumed(back_ns, len(pool), why)
    there = fit([_less(each, back_ns) for each in pool])
    ticks = kinds[Kind.TICK_DELAY].get(STREAM)
    leads = kinds[Kind.STREAM_LEAD]
    if ticks is None:
        every = [each for _, group in sorted(leads.items()) for each in group]
        stream = fit([_after(each, back_ns, 0) for each in every]) if every else back
        if stream.distribution is None:
            stream = back
    else:
        stream = _fit(ticks)
        way_ns = round(median(each.middle_ns for each in ticks))
        for event, group in sorted(leads.items()):
            lag = fit([_after(each, back_ns, way_ns) for each in group])
            why = f"; what a lead of {_ms(group)} leaves beyond the way from the stream"
            found.visibility.append(
                Rule(what=f"stream.{event}", fit=replace(lag, why=(lag.why + why).strip("; ")))
            )
    _link(found, there, back, stream)
    usual_ns = round(median(each.middle_ns for each in pool))
    for endpoint, group in apart.items():
        extra = fit([_less(each, usual_ns) for each in group])
        why = "what its round trips take beyond those of the other endpoints"
        told = "; ".join(part for part in (extra.why, why) if part)
        found.latency.append(Rule(what=endpoint, fit=replace(extra, why=told), half="request"))


def pooled(groups: Groups) -> tuple[list[Sample], dict[str, Sequence[Sample]]]:
    """The samples of all endpoints that do not differ, and those of each that does.

    The most different one is taken out, by the Kolmogorov-Smirnov test of two samples, until none
    differs from the rest.
    """
    from scipy import stats

    rest, apart = dict(sorted(groups.items())), dict[str, Sequence[Sample]]()
    while len(rest) > 1:
        tested: list[tuple[float, str]] = []
        for what, group in rest.items():
            others = [one.middle_ns for name, each in rest.items() if name != what for one in each]
            own = [one.middle_ns for one in group]
            if len(own) >= TOO_FEW and set(own) | set(others) != {own[0]}:
                tested.append((float(stats.ks_2samp(own, others, method="asymp").pvalue), what))
        if not tested or min(tested)[0] >= _DIFFERENT / len(groups):
            break
        what = min(tested)[1]
        apart[what] = rest.pop(what)
    return [each for group in rest.values() for each in group], dict(sorted(apart.items()))


def _link(found: Estimate, there: Fit, back: Fit, stream: Fit) -> None:
    """One for the venue's REST hosts, and one for those of its streams."""
    names = [name for name in host_names(found.venue) if "." in name]
    streams = tuple(name for name in names if "stream" in name.split(".")[0])
    rest = tuple(name for name in names if name not in streams)
    found.links.append(LinkRule(hosts=rest, there=there, back=back))
    found.links.append(LinkRule(hosts=streams, there=there, back=stream))


def _fit(samples: Sequence[Sample]) -> Fit:
    bounds = [(each.low_ns, each.high_ns) for each in samples]
    return fit(bounds, censored=sum(each.censored for each in samples))


def _less(sample: Sample, ns: int) -> Bounds:
    high_ns = sample.high_ns
    return max(0, sample.low_ns - ns), None if high_ns is None else max(0, high_ns - ns)


def _after(lead: Sample, back_ns: int, way_ns: int) -> Bounds:
    """From the execution until the event leaves the venue, if its reply took `back_ns`."""
    assert lead.high_ns is not None
    return max(0, back_ns - lead.high_ns - way_ns), max(0, back_ns - lead.low_ns - way_ns)


def _assumed(ns: int, count: int, why: str) -> Fit:
    fixed = Fixed(ns)
    return Fit(
        samples=count,
        censored=0,
        distribution=fixed,
        guess=fixed,
        median_ns=ns,
        quantiles_ns=(),
        why=why,
    )


def _ms(samples: Sequence[Sample]) -> str:
    return f"{median(each.middle_ns for each in samples) / 1_000_000:.4g} ms"
