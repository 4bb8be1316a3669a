"""The command that turns production logs and traces into a behaviour profile."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from replay.cli.forensics import tell
from replay.cli.logs import Day, PatternFiles, UtcOffset, date_of, offset_of, patterns_of
from replay.cli.shared import app, failure, tracked, write
from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    from replay.calibration.samples import Found

_GZIP = b"\x1f\x8b"
_LONGEST_LINE = 1_000_000


@app.command("calibrate")
def calibrate(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="LOG|TRACE...", help="Logs, and traces of `replay run --trace`."),
    ],
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The profile's; by default that of the file written."),
    ] = None,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="The profile's title.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the profile there; else it is all that is said."),
    ] = None,
    patterns: PatternFiles = None,
    pairs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What lies between two lines of your own bot's log."),
    ] = None,
    date: Day = None,
    utc_offset: UtcOffset = "+00:00",
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every sample as CSV as well.")
    ] = None,
) -> None:
    """Turns logs and traces into a behaviour profile: round trips, leads and lags, with fits."""
    from replay import report

    try:
        _needs_scipy()
        from replay.calibration import profile, samples
        from replay.calibration import report as calibration_report

        found = _found(files, patterns or [], pairs, date, utc_offset)
        name = name or (out.stem if out is not None else "calibrated")
        made = profile.calibrate(found, name, [file.name for file in files], title=title)
        if csv is not None:
            write("--csv", csv, samples.table(found.samples).to_csv(index=False))
        if out is not None:
            write("--out", out, made.text)
    except SimulatorError as error:
        raise failure(error) from error
    screen = report.console(stderr=out is None)
    for table in calibration_report.tables(made.rows):
        screen.print(table)
        screen.print()
    for line in calibration_report.notes(made.rows, found):
        screen.print(line, markup=False, soft_wrap=not screen.is_terminal)
    if out is None:
        typer.echo(made.text, nl=False)


def _found(
    files: list[Path],
    patterns: list[Path],
    pairs: Path | None,
    date: str | None,
    utc_offset: str,
) -> Found:
    from replay.calibration import from_logs, from_traces, refusals
    from replay.calibration.pairs import REFERENCE_BOT, load
    from replay.calibration.samples import Found
    from replay.logs import production_log
    from replay.logs.production_log import ProductionLog
    from replay.logs.reader import Reading
    from replay.logs.rows import rows

    known, _ = patterns_of(patterns)
    table = load(pairs or REFERENCE_BOT, known)
    offset_s, day = offset_of(utc_offset), date_of(date)
    found = Found()
    logs: list[tuple[ProductionLog, Path]] = []
    for file in tracked(files, "reading"):
        if _is_trace(file):
            found.add(from_traces.read(file))
            continue
        log = production_log.read(file, day, offset_s, patterns=known)
        logs.append((log, file))
        found.add(from_logs.read(log, file, table, offset_s))
        refusals.of_log(rows(file, Reading(), date=day, utc_offset_s=offset_s), found.refusals)
    for log, file in logs:  # when the bar is gone: it would be written over
        tell(log, file)
    return found


def _is_trace(file: Path) -> bool:
    """Whether its first line is an entry of a trace. Raises InputError if it cannot be read."""
    try:
        with file.open("rb") as opened:
            packed = opened.read(len(_GZIP)) == _GZIP
        with gzip.open(file, "rb") if packed else file.open("rb") as opened:
            entry = orjson.loads(opened.readline(_LONGEST_LINE))
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror or error}") from error
    except (orjson.JSONDecodeError, EOFError):
        return False
    return isinstance(entry, dict) and {"t", "host", "kind"} <= entry.keys()


def _needs_scipy() -> None:
    from importlib.util import find_spec

    if find_spec("scipy") is None:
        raise InputError(
            "calibrating needs scipy, which is not installed: install the extra `tune`"
        )
