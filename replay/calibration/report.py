"""What `replay calibrate` shows a person: each thing measured, and how well something fits it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from replay.calibration.estimates import EVERY, Row
from replay.calibration.fitting import FEW, Normal
from replay.calibration.profile import duration, seen
from replay.calibration.samples import REST, STREAM, Found, Kind
from simulator.distributions import Distribution, Empirical, Fixed, LogNormal, Uniform

_COLUMNS = ("of", "n", "median", "95%", "distribution", "KS", "p", "")
_FOLDED = ("of", "distribution")
_UNITS = {"median": "ms", "95%": "ms", "distribution": "ms"}
_RIGHT = ("n", "median", "95%", "KS", "p")
_TITLES = {
    Kind.ROUND_TRIP: "round trip",
    Kind.STREAM_LEAD: "stream lead over the REST reply",
    Kind.VISIBILITY_LAG: "visibility lag",
    Kind.WAY_THERE: "way to the venue",
    Kind.WAY_BACK: "way from the venue",
    Kind.TICK_DELAY: "way from the stream, by its ticks",
    Kind.ANSWER_TIME: "the venue's own time",
    Kind.STREAM_LAG: "events after the execution",
    Kind.MEAN_ROUND_TRIP: "mean round trip, shown only",
}
_WHAT = {EVERY: "all of them", REST: "REST", STREAM: "stream"}


def tables(rows: Sequence[Row]) -> Iterator[Table]:
    """One for each venue, with a row for each thing measured, by kind; 99 columns wide as long as
    no endpoint has more than 31 signs."""
    for venue in dict.fromkeys(row.venue for row in rows):
        shown = Table(
            box=box.SIMPLE_HEAD,
            show_edge=False,
            padding=(0, 1, 0, 0),
            title=f"Measured: {venue}",
            title_justify="left",
        )
        for column in _COLUMNS:
            shown.add_column(
                "\n".join(filter(None, (column, _UNITS.get(column)))),
                justify="right" if column in _RIGHT else "left",
                overflow="fold",
                no_wrap=column not in _FOLDED,
            )
        before = None
        for row in rows:
            if row.venue == venue:
                if row.kind is not before:
                    shown.add_row(Text(_TITLES[row.kind], style="bold"))
                before = row.kind
                shown.add_row(*(Text(cell) for cell in _cells(row)))
        yield shown


def notes(rows: Sequence[Row], found: Found) -> Iterator[str]:
    """What the signs of the table stand for, and what was not used and why."""
    yield (
        "n: samples; 95%: the quantile; KS: how far the best guess is from the samples "
        "(Kolmogorov-Smirnov); p: how likely that is if it fits"
    )
    few = sum(map(_few, rows))
    if few:
        yield (
            f"few: {few} of {len(rows)} have fewer than {FEW} samples and are widened: what stands "
            "in the profile is the upper 95% bound of each parameter, not the best guess"
        )
    if any(row.fit.censored for row in rows):
        yield "~: so many of the samples are known to lie between two bounds only"
    for row in rows:
        if row.fit.distribution is None:
            what = _TITLES[row.kind].split(",")[0]
            yield f"no rule: {row.venue}, {what}, {_WHAT.get(row.what, row.what)}: {_why(row)}"
    for what, count in sorted(found.skipped.items()):
        yield f"set aside: {count:,}: {what}"
    yield from (f"note: {note}" for note in found.notes)
    for told in seen(found.refusals):
        yield f"seen, and not in the profile, {told}"


def _why(row: Row) -> str:
    if row.kind is Kind.MEAN_ROUND_TRIP:
        return "means of several round trips, which are shown only"
    return row.fit.why


def _cells(row: Row) -> tuple[str, ...]:
    fit = row.fit
    shape = "" if row.kind is Kind.MEAN_ROUND_TRIP else _shape(fit.distribution or fit.guess)
    return (
        f" {_WHAT.get(row.what, row.what)}",
        f"{fit.samples}" + (f" ~{fit.censored}" if fit.censored else ""),
        _ms(fit.median_ns),
        _ms(dict(fit.quantiles_ns)[0.95]),
        shape,
        "" if fit.ks is None else f"{fit.ks:.3f}",
        "" if fit.p_value is None else f"{fit.p_value:.2f}",
        "few" if _few(row) else "",
    )


def _few(row: Row) -> bool:
    return row.kind is not Kind.MEAN_ROUND_TRIP and row.fit.widened and row.fit.samples < FEW


def _ms(ns: int) -> str:
    """Without its unit, which the heading has."""
    return duration(ns).removesuffix(" ms")


def _shape(used: Distribution | Normal | None) -> str:
    match used:
        case Fixed(value_ns):
            return f"constant {_ms(value_ns)}"
        case Uniform(low_ns, high_ns):
            return f"uniform {_ms(low_ns)} to {_ms(high_ns)}"
        case LogNormal(median_ns, sigma):
            return f"lognormal {_ms(median_ns)} σ {sigma:.3g}"
        case Normal(mean_ns, deviation_ns):
            return f"normal {_ms(mean_ns)} σ {_ms(deviation_ns)}"
        case Empirical(points):
            return f"empirical, {len(points)} points"
    return ""
