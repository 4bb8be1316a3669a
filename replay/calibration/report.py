"""What `replay calibrate` shows a person: each thing measured, and how well something fits it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from replay.calibration.estimates import Row
from replay.calibration.fitting import FEW, Normal
from replay.calibration.profile import duration
from replay.calibration.samples import Found, Kind
from simulator.distributions import Distribution, Empirical, Fixed, LogNormal, Uniform

_COLUMNS = ("what", "of", "n", "median", "95%", "distribution", "KS", "p", "")
_FOLDED = ("what", "of", "distribution")
_WIDTHS = {"n": 4, "median": 8, "95%": 8, "KS": 5, "p": 4, "": 3}
_RIGHT = ("n", "median", "95%", "KS", "p")


def tables(rows: Sequence[Row]) -> Iterator[Table]:
    """One for each venue, with a row for each thing measured."""
    for venue in dict.fromkeys(row.venue for row in rows):
        shown = Table(
            box=box.SIMPLE_HEAD, pad_edge=False, title=f"Measured: {venue}", title_justify="left"
        )
        for column in _COLUMNS:
            shown.add_column(
                column,
                justify="right" if column in _RIGHT else "left",
                overflow="fold",
                min_width=_WIDTHS.get(column),
            )
        for row in rows:
            if row.venue == venue:
                shown.add_row(*(Text(cell) for cell in _cells(row)))
        yield shown


def notes(rows: Sequence[Row], found: Found) -> Iterator[str]:
    """What the signs of the table stand for, and what was not used and why."""
    few = sum(row.fit.samples < FEW and row.fit.widened for row in rows)
    if few:
        yield (
            f"few: {few} of {len(rows)} have fewer than {FEW} samples and are widened: what stands "
            "in the profile is the upper 95% bound of each parameter, not the best guess"
        )
    if any(row.fit.censored for row in rows):
        yield "~: so many of the samples are known to lie between two bounds only"
    for row in rows:
        if row.fit.distribution is None:
            what = row.kind.value.replace("_", " ")
            yield f"no rule: {row.venue}, {what} {row.what}: {_why(row)}"
    for what, count in sorted(found.skipped.items()):
        yield f"set aside: {count:,}: {what}"
    yield from (f"note: {note}" for note in found.notes)


def _why(row: Row) -> str:
    if row.kind is Kind.MEAN_ROUND_TRIP:
        return "means of several round trips, which are shown only"
    return row.fit.why


def _cells(row: Row) -> tuple[str, ...]:
    fit = row.fit
    shape = "" if row.kind is Kind.MEAN_ROUND_TRIP else _shape(fit.distribution or fit.guess)
    return (
        row.kind.value.replace("_", " "),
        row.what,
        f"{fit.samples}" + (f" ~{fit.censored}" if fit.censored else ""),
        duration(fit.median_ns),
        duration(dict(fit.quantiles_ns)[0.95]),
        shape,
        "" if fit.ks is None else f"{fit.ks:.3f}",
        "" if fit.p_value is None else f"{fit.p_value:.2f}",
        "few" if fit.widened and fit.samples < FEW else "",
    )


def _shape(used: Distribution | Normal | None) -> str:
    match used:
        case Fixed(value_ns):
            return f"constant {duration(value_ns)}"
        case Uniform(low_ns, high_ns):
            return f"uniform {duration(low_ns)} to {duration(high_ns)}"
        case LogNormal(median_ns, sigma):
            return f"lognormal {duration(median_ns)}, σ {sigma:.3g}"
        case Normal(mean_ns, deviation_ns):
            return f"normal {duration(mean_ns)}, σ {duration(deviation_ns)}"
        case Empirical(points):
            return f"empirical, {len(points)} points"
    return ""
