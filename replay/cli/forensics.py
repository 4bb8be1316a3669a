"""Commands that lay a log beside runs: `compare`, `import` and `explain`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from replay.cli.logs import Day, LogFile, PatternFiles, UtcOffset, date_of, offset_of, patterns_of
from replay.cli.shared import ExitCode, app, failure, tracked, write
from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    from replay.forensics.explanation import Ranking
    from replay.logs.production_log import ProductionLog
    from scenarios.schema import Scenario


@app.command("compare")
def compare_log(
    log: LogFile,
    scenario: Annotated[str, typer.Argument(help="A scenario's name, or the path of its file.")],
    bot: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="By default the one that the incident happened to."),
    ] = None,
    within_ms: Annotated[
        float, typer.Option("--within", metavar="MS", help="How far apart still is on time.")
    ] = 10.0,
    everything: Annotated[
        bool, typer.Option("--all", help="Show all that only the run has, moment by moment.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the rows as CSV as well.")
    ] = None,
) -> None:
    """Lays a log beside a run: order, times, what is missing and what is more.

    Ends with 1 when the run does not have everything that the log has, in order and on time.
    """
    from replay import report, runner
    from replay.forensics import report as forensics_report
    from replay.forensics.comparison import compare

    try:
        found = runner.load(scenario)
        version = bot or (found.incident.version if found.incident else found.versions[0])
        read = _read(log, found)
        result = runner.play(found, scenario, version=version)
        compared = compare(
            read, result, until_ns=found.until, tolerance_ns=round(within_ms * 1_000_000)
        )
        if csv is not None:
            write("--csv", csv, compared.table().to_csv(index=False))
    except SimulatorError as error:
        raise failure(error) from error
    title = f"{log.name} beside {found.name}, bot {version}"
    report.console().print(forensics_report.comparison(compared, title, everything=everything))
    raise typer.Exit(ExitCode.AS_EXPECTED if compared.fidelity == 1 else ExitCode.BROKEN)


@app.command("import")
def import_log(
    log: LogFile,
    date: Day = None,
    utc_offset: UtcOffset = "+00:00",
    patterns: PatternFiles = None,
    bot: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="By default the one that explains the log best."),
    ] = None,
    factory: Annotated[
        str | None,
        typer.Option(metavar="MODULE:FUNCTION", help="Makes the bot, if it is not ours."),
    ] = None,
) -> None:
    """Writes a first scenario, made of a log alone, to the standard output."""
    try:
        text, _ = _imported(
            log,
            date=date,
            utc_offset=utc_offset,
            patterns=patterns or (),
            bot=bot,
            factory=factory,
        )
    except SimulatorError as error:
        raise failure(error) from error
    typer.echo(text, nl=False)


@app.command("explain")
def explain_log(
    log: LogFile,
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="SCENARIO",
            help="By default the one that names this log, else one made of the log alone.",
        ),
    ] = None,
    date: Day = None,
    utc_offset: UtcOffset = "+00:00",
    candidates: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Scenarios of your own whose behaviours to try too."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="So many processes; by default all processors."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Show every candidate, also those that change nothing.")
    ] = False,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all candidates as CSV as well.")
    ] = None,
) -> None:
    """Tries every cause there is against a log, and ranks them.

    Ends with 1 when something contradicts the first of them.
    """
    from replay import report, runner
    from replay.forensics import report as forensics_report

    try:
        found = runner.load(scenario) if scenario is not None else _that_names(log)
        if found is None:
            _, found = _imported(log, date=date, utc_offset=utc_offset)
        own = [] if candidates is None else [runner.load(str(each)) for each in _files(candidates)]
        ranked = _ranked(_read(log, found), found, own, workers)
        if csv is not None:
            write("--csv", csv, forensics_report.table(ranked).to_csv(index=False))
    except SimulatorError as error:
        raise failure(error) from error
    report.console().print(forensics_report.ranking(ranked, everything=everything))
    explained = ranked.best is not None and not ranked.best.contradictions
    raise typer.Exit(ExitCode.AS_EXPECTED if explained else ExitCode.BROKEN)


def _ranked(
    log: ProductionLog, scenario: Scenario, own: Sequence[Scenario], workers: int | None
) -> Ranking:
    """What explains the log best; the runs are shared out among so many processes, or all."""
    from replay import parallel
    from replay.forensics.explanation import Inquiry, group

    with parallel.workers(workers or parallel.processors()) as mapped:
        return Inquiry(
            log,
            scenario,
            behaviours=[*group("behaviours"), *own],
            mapped=lambda function, things: tracked(
                mapped(function, things), "trying", total=len(things)
            ),
        ).run()


def _read(log: Path, scenario: Scenario) -> ProductionLog:
    """The log by the clock of the scenario, on whose day it begins if it does not say."""
    from replay import runner
    from replay.logs import production_log
    from replay.logs.calendar import day_in_name

    start = scenario.start
    day = None if day_in_name(log.name) else start.date
    read = production_log.read(log, day, start.utc_offset_s, patterns=runner.patterns_of(scenario))
    tell(read, log)
    return read


def _imported(
    log: Path,
    *,
    date: str | None,
    utc_offset: str,
    patterns: Sequence[Path] = (),
    bot: str | None = None,
    factory: str | None = None,
) -> tuple[str, Scenario]:
    from replay import runner
    from replay.forensics.importing import scenario_text
    from replay.logs import production_log
    from scenarios.schema import REFERENCE_BOT

    if factory is not None and bot is None:
        raise InputError("--factory: name the version of your bot as well, with --bot")
    offset_s = offset_of(utc_offset)
    known, _ = patterns_of(patterns)
    read = production_log.read(log, date_of(date), offset_s, patterns=known)
    tell(read, log)
    text = scenario_text(
        read,
        log,
        offset_s,
        patterns=patterns,
        versions=None if bot is None else [bot],
        factory=factory or REFERENCE_BOT,
    )
    return text, runner.load_text(text, f"{log.stem}.yaml")


def tell(read: ProductionLog, log: Path) -> None:
    """What was put right in a log, and what of it says nothing, beside the result."""
    for note in read.notes:
        typer.echo(f"{log}: {note}", err=True)
    if read.unread_count:
        lines = "1 line says" if read.unread_count == 1 else f"{read.unread_count:,} lines say"
        typer.echo(
            f"{log}: {lines} nothing that a pattern knows; see `replay milestones {log}`", err=True
        )


def _that_names(log: Path) -> Scenario | None:
    """The incident whose log this is."""
    from replay import runner

    for name, _ in runner.scenarios():
        scenario = runner.load(name)
        if scenario.log is not None and scenario.incident is not None:
            file = scenario.beside(scenario.log.file)
            if file.is_file() and log.is_file() and file.samefile(log):
                return scenario
    return None


def _files(folder: Path) -> Sequence[Path]:
    found = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if not found:
        raise InputError(f"--candidates {folder}: must be a folder with scenarios, *.yaml")
    return found
