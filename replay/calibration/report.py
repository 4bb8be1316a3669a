"""What `replay calibrate` shows a person: each thing measured, and how well something fits it."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from replay.calibration.estimates import Row
from replay.calibration.profile import distribution, duration
from replay.calibration.samples import Found, Kind

_COLUMNS = (
    "venue",
    "what",
    "of",
    "n",
    "between",
    "median",
    "95%",
    "distribution",
    "KS",
    "p",
    "note",
)
_RIGHT = ("n", "between", "median", "95%", "KS", "p")


def table(rows: Sequence[Row]) -> Table:
    """One row for each thing measured. `between` counts the samples known between bounds only."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="Measured", title_justify="left")
    for column in _COLUMNS:
        shown.add_column(
            column,
            justify="right" if column in _RIGHT else "left",
            no_wrap=column not in ("distribution", "note"),
        )
    for row in rows:
        shown.add_row(*(Text(cell) for cell in _cells(row)))
    return shown


def set_aside(found: Found) -> list[str]:
    """What was not used, and why, one line each."""
    counted = [f"set aside: {count:,}: {what}" for what, count in sorted(found.skipped.items())]
    return [*counted, *(f"note: {note}" for note in found.notes)]


def _cells(row: Row) -> tuple[str, ...]:
    fit = row.fit
    shape = "none" if fit.distribution is None else distribution(fit.distribution)
    note = f"widened: {fit.why}" if fit.widened else fit.why
    if row.kind is Kind.MEAN_ROUND_TRIP:
        shape, note = "none", "means of several round trips, which are shown only"
    return (
        row.venue,
        row.kind.value.replace("_", " "),
        row.what,
        str(fit.samples),
        str(fit.censored or ""),
        duration(fit.median_ns),
        duration(fit.p95_ns),
        shape,
        "" if fit.ks is None else f"{fit.ks:.3f}",
        "" if fit.p_value is None else f"{fit.p_value:.2f}",
        note,
    )
