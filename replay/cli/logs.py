"""Commands on production logs: what they say, and what no pattern matches yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from replay.cli.shared import app, failure
from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    from datetime import date as Date

    import pandas as pd

    from replay.logs.milestones import MilestonePatterns
    from replay.logs.reader import Reading
    from replay.logs.summary import Summary

LogFile = Annotated[
    Path,
    typer.Argument(metavar="LOG", help="A log, gzipped or not; bot.log.1, ... are read as well."),
]
PatternFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--patterns", metavar="FILE", help="Milestones of your own, tried first. Repeatable."
    ),
]
Day = Annotated[
    str | None,
    typer.Option(
        "--date", metavar="DATE", help="Of the first line, if neither lines nor name tell."
    ),
]
UtcOffset = Annotated[
    str, typer.Option("--utc-offset", metavar="OFFSET", help="What its clock shows: +04:00.")
]


@app.command("milestones")
def show_milestones(
    log: LogFile,
    patterns: PatternFiles = None,
    date: Day = None,
    utc_offset: UtcOffset = "+00:00",
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write both tables, all of them, as one CSV as well."),
    ] = None,
    top: Annotated[
        int, typer.Option(min=0, metavar="N", help="So many shapes and unread lines are shown.")
    ] = 20,
) -> None:
    """Counts a log's milestones, and shows by shape the lines that no pattern matches."""
    from replay.logs import reader, rows, summary

    try:
        offset_s = offset_of(utc_offset)
        known, own = patterns_of(patterns or ())
        reading = reader.Reading()
        read = rows.rows(log, reading, date=date_of(date), utc_offset_s=offset_s)
        found = summary.summarise(read, known)
        milestones, unmatched = _milestones(found, known, own, offset_s), _unmatched(found)
        if csv is not None:
            _write_csv(csv, milestones, unmatched)
    except SimulatorError as error:
        raise failure(error) from error
    _show(milestones, unmatched, found, reading, top)


def date_of(text: str | None) -> Date | None:
    """What `--date` says. Raises InputError."""
    from scenarios.units import Unusable, parse_date

    try:
        return None if text is None else parse_date(text)
    except Unusable as error:
        raise InputError(f"--date {text}: {error}") from None


def offset_of(text: str) -> int:
    """What `--utc-offset` says, in seconds. Raises InputError."""
    from scenarios.units import Unusable, parse_offset

    try:
        return parse_offset(text)
    except Unusable as error:
        raise InputError(f"--utc-offset {text}: {error}") from None


def patterns_of(files: Sequence[Path]) -> tuple[MilestonePatterns, tuple[str, ...]]:
    """The patterns of the files, then those that come along; and the names in the files. Raises
    InputError."""
    from replay.logs.milestones import load, with_patterns

    own = dict.fromkeys(name for file in files for name in load(file).names)
    return with_patterns({}, files), tuple(own)


def _milestones(
    found: Summary, known: MilestonePatterns, own: tuple[str, ...], offset_s: int
) -> pd.DataFrame:
    """Those that were found, and those of one's own that were not, in the order of the patterns."""
    import pandas as pd

    from replay.logs.summary import moment

    rows = []
    for name in known.names:
        tally = found.milestones.get(name)
        if tally is not None:
            first, last = (moment(each, offset_s) for each in (tally.first, tally.last))
            rows.append((name, known.title(name), tally.count, first, last))
        elif name in own:
            rows.append((name, known.title(name), 0, "", ""))
    return pd.DataFrame(rows, columns=["milestone", "title", "count", "first", "last"])


def _unmatched(found: Summary) -> pd.DataFrame:
    import pandas as pd

    from replay.logs.summary import place

    return pd.DataFrame(
        [
            (tally.count, logger, shape, place(tally.first))
            for logger, shape, tally in found.by_count
        ],
        columns=["count", "logger", "shape", "first"],
    )


def _write_csv(file: Path, milestones: pd.DataFrame, unmatched: pd.DataFrame) -> None:
    import pandas as pd

    table = pd.concat([milestones.assign(kind="milestone"), unmatched.assign(kind="unmatched")])[
        ["kind", "milestone", "title", "logger", "shape", "count", "first", "last"]
    ]
    try:
        table.to_csv(file, index=False)
    except OSError as error:
        raise InputError(f"--csv {file}: cannot be written: {error.strerror}") from error


def _show(
    milestones: pd.DataFrame,
    unmatched: pd.DataFrame,
    found: Summary,
    reading: Reading,
    top: int,
) -> None:
    from replay import report

    out = report.console()
    out.print(
        report.frame(f"Milestones in {', '.join(reading.files)}", milestones.drop(columns="title"))
    )
    lines = found.unmatched_lines
    title = f"Without a milestone: {lines:,} of {reading.rows:,} lines"
    out.print(report.frame(title, unmatched.head(top)))
    rest = unmatched["count"].iloc[top:]
    if len(rest):
        out.print(f"and {len(rest):,} more shapes, {int(rest.sum()):,} lines")
    if found.beyond:
        out.print(f"and {found.beyond:,} lines of further shapes, which were not told apart")
    if reading.unread:
        out.print(f"\nCould not be read: {reading.unread:,} lines", style="bold")
        for name, number, line in reading.unread_lines[:top]:
            out.print(f"{name}:{number}: {line}", markup=False)
        if reading.unread > top:
            out.print(f"and {reading.unread - top:,} more")
    for note in reading.notes():
        out.print(f"\nNote: {note}", markup=False)
