"""What was calibrated as the text of a profile, to the byte the same for the same samples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from replay.calibration.estimates import Estimate, LinkRule, Row, Rule, estimate
from replay.calibration.fitting import Fit, Normal
from replay.calibration.refusals import Refusals
from replay.calibration.samples import Found, Kind
from replay.clocktime import NS_PER_MS, NS_PER_S
from simulator.distributions import Distribution, Empirical, Fixed, LogNormal, Uniform
from simulator.errors import InputError
from simulator.venues import NAMES

NS_PER_HOUR = 3600 * NS_PER_S
_DIGITS = 4
_PLACES = 6
"""Of shares: what is less is 0 to every reader."""
_LONGEST = 100
_WIDTH = 92
_BREAKS = re.compile(r", (?=\[|\w+:)")
_WHOLE = (Kind.ROUND_TRIP, Kind.MEAN_ROUND_TRIP, Kind.STREAM_LEAD)
_NAMES: dict[type, str] = {
    Fixed: "constant",
    Uniform: "uniform",
    LogNormal: "lognormal",
    Empirical: "empirical",
    Normal: "normal",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A profile's text, and everything that was measured for it."""

    text: str
    rows: tuple[Row, ...]


def calibrate(
    found: Found, name: str, files: Sequence[str], *, title: str | None = None
) -> Calibration:
    """The profile `name` of samples that come from `files`, as they are to be called.

    Raises InputError where there is no sample that a rule can be made of.
    """
    estimates = [
        estimate(venue, [each for each in found.samples if each.venue == venue])
        for venue in NAMES
        if any(each.venue == venue for each in found.samples)
    ]
    if not any(each.links or each.latency or each.visibility for each in estimates):
        raise InputError(
            f"{', '.join(files)}: nothing in it tells how long a venue takes; `replay milestones` "
            "shows what of a log is read, and --pairs FILE says what lies between two of its lines"
        )
    title = title or f"Calibrated from {_counted(len(files), 'file')}"
    lines = [
        "# yaml-language-server: $schema=../profile_schema.json",
        "",
        f"name: {_quoted(name)}",
        f"title: {_quoted(title)}",
        "source: |",
        *_wrapped(f"Made by `replay calibrate` from {', '.join(files)}.", "  "),
        *(line for each in _set_aside(found) for line in _wrapped(each, "  ")),
        "",
        "venues:",
    ]
    for each in estimates:
        lines += _venue(each)
    return Calibration(
        text="\n".join(lines) + "\n",
        rows=tuple(row for each in estimates for row in each.rows),
    )


def seen(refusals: Refusals) -> Iterator[str]:
    """Refusals, failures and disconnects: how often in how much time, and where first."""
    hours = f" in {refusals.watched_ns / NS_PER_HOUR:.3g} h" if refusals.watched_ns else ""
    for what, count in sorted(refusals.counts.items()):
        first = refusals.first[what]
        yield f"{_counted(count, 'time')}{hours}: {what} (first: {first})"


def duration(ns: int) -> str:
    """Four digits of it: `355.2 ms`."""
    rounded = float(f"{ns:.{_DIGITS}g}") if abs(ns) >= 1000 else ns
    return f"{Decimal(round(rounded)) / NS_PER_MS:f} ms"


def distribution(shape: Distribution | Normal) -> str:
    """In the words of a scenario, which has none for a normal distribution."""
    match shape:
        case Normal(mean_ns, deviation_ns):
            return f"{{normal: {{mean: {duration(mean_ns)}, sd: {duration(deviation_ns)}}}}}"
        case Fixed(value_ns):
            return duration(value_ns)
        case Uniform(low_ns, high_ns):
            return f"{{uniform: [{duration(low_ns)}, {duration(high_ns)}]}}"
        case LogNormal(median_ns, sigma):
            return f"{{lognormal: {{median: {duration(median_ns)}, sigma: {number(sigma)}}}}}"
        case Empirical(points):
            pairs = ", ".join(f"[{number(share)}, {duration(ns)}]" for share, ns in points)
            return f"{{empirical: [{pairs}]}}"
    raise TypeError(f"{shape!r} is no distribution of a profile")


def number(value: float) -> str:
    """Never as 1e-05, which is no number of a scenario's."""
    return f"{Decimal(repr(value)):f}"


def _venue(found: Estimate) -> Iterator[str]:
    if not (found.links or found.latency or found.visibility):
        return
    yield f"  {found.venue}:"
    yield from _measured(found.rows)
    if found.links:
        yield "    links:"
        for link in found.links:
            yield from _link(link)
    latency = [rule for rule in found.latency if _says_something(rule)]
    visibility = [rule for rule in found.visibility if _says_something(rule)]
    silent = [rule for rule in (*found.latency, *found.visibility) if not _says_something(rule)]
    for rule in silent:
        why = "takes no time" if rule.fit.distribution is not None else rule.fit.why
        yield f"    # {_quoted(rule.what)}: no rule, {_counted(rule.fit.samples, 'sample')}: {why}"
    if latency or visibility:
        yield "    behaviour:"
    if latency:
        yield "      latency:"
        for rule in latency:
            yield f"        - endpoint: {_quoted(rule.what)}"
            yield from _rule(rule.half, rule.fit, "          ")
    if visibility:
        yield "      visibility:"
        for rule in visibility:
            yield f"        - window: {_quoted(rule.what)}"
            yield from _rule("lag", rule.fit, "          ")


def _measured(rows: Sequence[Row]) -> Iterator[str]:
    """What the rules do not show: whole round trips, and leads."""
    told = [row for row in rows if row.kind in _WHOLE]
    if told:
        yield "    measured:"
    for row in told:
        fit = row.fit
        parts = [f"{{kind: {row.kind.value}", f"of: {_quoted(row.what)}", f"samples: {fit.samples}"]
        pairs = ", ".join(f"[{number(share)}, {duration(ns)}]" for share, ns in fit.quantiles_ns)
        parts.append(f"quantiles: [{pairs}]")
        if fit.ks is not None:
            parts.append(f"fit: {_fit(fit)}")
        yield from _folded("      - ", ", ".join(parts) + "}", "      ")


def _link(link: LinkRule) -> Iterator[str]:
    yield f"      - hosts: [{', '.join(link.hosts)}]"
    yield from _rule("there", link.there, "        ", evidence="there_evidence")
    yield from _rule("back", link.back, "        ", evidence="back_evidence")


def _rule(key: str, fit: Fit, indent: str, *, evidence: str = "evidence") -> Iterator[str]:
    yield from _folded(f"{indent}{key}: ", distribution(fit.distribution or Fixed(0)), indent)
    yield f"{indent}{evidence}:"
    yield f"{indent}  samples: {fit.samples}"
    if fit.censored:
        yield f"{indent}  censored: {fit.censored}"
    if fit.ks is not None:
        yield from _folded(f"{indent}  fit: ", _fit(fit), f"{indent}  ")
    if fit.widened:
        yield f"{indent}  widened: true"
    if fit.why:
        yield from _why(fit.why, f"{indent}  ")


def _why(text: str, indent: str) -> Iterator[str]:
    if len(quoted := f"{indent}why: {_quoted(text)}") <= _LONGEST:
        yield quoted
        return
    yield f"{indent}why: >-"
    yield from _wrapped(text, f"{indent}  ")


def _fit(fit: Fit) -> str:
    parts = [f"distribution: {_NAMES[type(fit.guess)]}"]
    parts += [
        f"{key}: {number(round(value, _PLACES))}"
        for key, value in (("ks", fit.ks), ("p_value", fit.p_value))
        if value is not None
    ]
    if fit.median_interval_ns is not None:
        parts.append(f"median: [{', '.join(duration(ns) for ns in fit.median_interval_ns)}]")
    if fit.sigma_interval is not None:
        parts.append(f"sigma: [{', '.join(number(each) for each in fit.sigma_interval)}]")
    return f"{{{', '.join(parts)}}}"


def _says_something(rule: Rule) -> bool:
    return rule.fit.distribution is not None and rule.fit.distribution != Fixed(0)


def _set_aside(found: Found) -> Iterator[str]:
    for what, count in sorted(found.skipped.items()):
        yield f"Set aside, {_counted(count, 'time')}: {what}."
    for note in found.notes:
        yield f"{note}."
    for told in seen(found.refusals):
        yield f"Seen, and not part of the profile, {told}."


def _folded(head: str, text: str, indent: str) -> Iterator[str]:
    """A flow mapping on as many lines as it needs."""
    line = head
    parts = _BREAKS.split(text)
    for place, part in enumerate(parts):
        told = part if place == len(parts) - 1 else f"{part}, "
        if len(line) + len(told.rstrip()) > _LONGEST and line != head:
            yield line.rstrip()
            line = f"{indent}  "
        line += told
    yield line


def _wrapped(text: str, indent: str) -> Iterator[str]:
    line = indent
    for word in text.split(" "):
        if len(line) + len(word) > _WIDTH and line.strip():
            yield line.rstrip()
            line = indent
        line += f"{word} "
    yield line.rstrip()


def _quoted(text: str) -> str:
    """In quotes where YAML or the reader of scenarios would take it for something else."""
    plain = all(each.isalnum() or each in " _-./" for each in text) and text[:1].isalpha()
    return text if plain else json.dumps(text, ensure_ascii=False)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
