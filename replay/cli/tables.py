"""Commands that show tables: the scenarios, a bot's events, ablations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from replay.cli import shared
from replay.cli.shared import app, failure, tracked
from simulator.errors import InputError, SimulatorError


@app.command("list")
def list_scenarios() -> None:
    """Lists the scenarios by name, with the bot versions each speaks of."""
    runner = shared.runner()
    try:
        found = [(name, title, runner.versions(name)) for name, title in runner.scenarios()]
    except SimulatorError as error:
        raise failure(error) from error
    _show_list(found)


@app.command("show")
def show_scenario(
    scenario: Annotated[str, typer.Argument(help="A scenario's name, or the path of its file.")],
) -> None:
    """Writes a scenario's file to the standard output, to be copied from."""
    from scenarios.catalogue import find

    try:
        typer.echo(find(scenario).read_text(encoding="utf-8"), nl=False)
    except SimulatorError as error:
        raise failure(error) from error


@app.command("events")
def show_events(
    scenario: Annotated[str, typer.Argument(help="A scenario's name, or the path of its file.")],
    bot: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="The bot's version; by default the scenario's first."),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|URL",
            help="Keep the bot's database in this new file (SQLite), or in this Postgres.",
        ),
    ] = None,
) -> None:
    """Shows what the bot wrote into its database, and what the team's monitoring makes of it."""
    from tempfile import TemporaryDirectory

    runner = shared.runner()
    try:
        version = bot if bot is not None else runner.versions(scenario)[0]
        with TemporaryDirectory() as folder:
            kept = _kept_in(database, Path(folder))
            runner.run(scenario, version=version, database=kept)
            _show_events(kept, f"{scenario}, bot {version}")
    except SimulatorError as error:
        raise failure(error) from error


@app.command("ablations")
def show_ablations(
    scenarios: Annotated[
        list[str] | None, typer.Argument(help="Incidents; by default all there are.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the table as CSV as well.")
    ] = None,
) -> None:
    """Takes each defect of an incident's version away, and puts each alone into the current one."""
    from replay import ablations, report

    found: list[ablations.Ablation] = []
    try:
        for name in tracked(scenarios or ablations.incidents(), "ablating"):
            found += ablations.ablate(name)
        table = ablations.table(found)
        if csv is not None:
            try:
                table.to_csv(csv, index=False)
            except OSError as error:
                raise InputError(f"--csv {csv}: cannot be written: {error.strerror}") from error
    except SimulatorError as error:
        raise failure(error) from error
    out = report.console()
    for incident, rows in table.groupby("incident", sort=False):
        out.print(report.frame(str(incident), rows.drop(columns="incident")))


def _kept_in(database: str | None, folder: Path) -> Path | str:
    from replay.databases import is_url

    if database is None:
        return folder / "bot.sqlite"
    if is_url(database):
        return database
    if Path(database).exists():
        raise InputError(f"--database {database}: is there already; name a new file")
    return Path(database)


def _show_events(database: Path | str, title: str) -> None:
    from replay import event_log, report

    out = report.console()
    out.print(report.frame(f"Events: {title}", event_log.events(database)))
    out.print(report.frame("Failures per day", event_log.failures(database)))


def _show_list(found: Sequence[tuple[str, str, tuple[str, ...]]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from replay import report

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("scenario", no_wrap=True)
    table.add_column("what")
    table.add_column("bot versions")
    for name, title, versions in found:
        table.add_row(Text(name, style="bold"), Text(title), Text("\n".join(versions)))
    report.console().print(table)
