"""The `replay` command: exit codes 0 all as expected, 1 an expectation or invariant broken,
2 unusable input, 3 not deterministic, 4 a real connection was attempted, 5 over budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import typer

from simulator.errors import InputError, OverBudgetError, RealConnectionError, SimulatorError

if TYPE_CHECKING:
    from rich.console import Console

    from replay.result import RunResult


T = TypeVar("T")

ALL = "all"
"""Names every scenario there is."""


class ExitCode(IntEnum):
    """How a command ended."""

    AS_EXPECTED = 0
    BROKEN = 1
    UNUSABLE_INPUT = 2
    NOT_DETERMINISTIC = 3
    REAL_CONNECTION = 4
    OVER_BUDGET = 5


class Runner(Protocol):
    """What this command needs of `replay.runner`."""

    def scenarios(self) -> Sequence[tuple[str, str]]:
        """Name and title of every scenario there is."""

    def versions(self, name_or_path: str, /) -> tuple[str, ...]:
        """The bot versions a scenario speaks of."""

    def run(
        self,
        name_or_path: str,
        /,
        *,
        version: str,
        seed: int | None = None,
        database: Path | None = None,
    ) -> RunResult:
        """One run; `seed` None takes the scenario's, and `database` None keeps none."""


app = typer.Typer(
    name="replay",
    help="Replays scenarios against a bot in a simulated world.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """The entry point of the `replay` script."""
    app()


@app.callback()
def _root() -> None:
    # Keeps `run` and `list` commands of their own whatever their number.
    pass


@app.command("list")
def list_scenarios() -> None:
    """Lists the scenarios by name, with the bot versions each speaks of."""
    runner = _runner()
    try:
        found = [(name, title, runner.versions(name)) for name, title in runner.scenarios()]
    except SimulatorError as error:
        raise _failure(error) from error
    _show_list(found)


@app.command("run")
def run_scenario(
    scenario: Annotated[
        str,
        typer.Argument(help="A scenario's name, the path of its file, or `all` of them."),
    ],
    bot: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Only this version of the bot."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the scenario's seed.")] = None,
    twice: Annotated[
        bool, typer.Option("--twice", help="Run twice and show the first difference.")
    ] = False,
    trace: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the trace as JSON lines; scenario and version are put before the suffix "
            "where there are several.",
        ),
    ] = None,
    json: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the results as JSON; - writes nothing else."),
    ] = None,
) -> None:
    """Runs a scenario, by default with every version of the bot it speaks of."""
    runner = _runner()
    try:
        names = [name for name, _ in runner.scenarios()] if scenario == ALL else [scenario]
        runs = [
            (name, version)
            for name in names
            for version in ((bot,) if bot is not None else runner.versions(name))
        ]
        code = _run_all(
            runner, runs, seed, twice=twice, trace=trace, json=json, all_of_them=scenario == ALL
        )
    except SimulatorError as error:
        raise _failure(error) from error
    raise typer.Exit(code)


def _run_all(
    runner: Runner,
    runs: Sequence[tuple[str, str]],
    seed: int | None,
    *,
    twice: bool,
    trace: Path | None,
    json: Path | None,
    all_of_them: bool,
) -> ExitCode:
    """Of `all` only what is not as expected has a section; the rest is in the table."""
    from replay import report

    out = report.console()
    # The JSON goes to the standard output instead of the report.
    out.quiet = str(json) == "-"
    results: list[RunResult] = []
    equal: dict[tuple[str, str], bool] = {}
    for scenario, version in _tracked(runs, "replaying") if all_of_them else runs:
        result = runner.run(scenario, version=version, seed=seed)
        results.append(result)
        if trace is not None:
            _write_trace(_trace_file(trace, scenario, version, runs), result)
        if twice:
            again = runner.run(scenario, version=version, seed=seed)
            equal[scenario, version] = _are_equal(out, result, again)
        if not (all_of_them and result.verdict.ok):
            out.print(report.section(result, deterministic=equal.get((scenario, version))))
    out.print(report.summary(results))
    code = _exit_code(results, equal)
    if json is not None:
        _write_json(json, results, code, equal)
    return code


def _tracked(things: Sequence[T], what: str) -> Iterable[T]:
    """The things, with a bar on the standard error while they are worked through."""
    from rich.progress import track

    from replay import report

    screen = report.console(stderr=True)
    return track(things, description=what, console=screen, disable=not screen.is_terminal)


def _exit_code(results: Sequence[RunResult], equal: dict[tuple[str, str], bool]) -> ExitCode:
    """The gravest that holds: a bot that reaches out could have sent a real order."""
    if any(result.refusals for result in results):
        return ExitCode.REAL_CONNECTION
    if not all(equal.values()):
        return ExitCode.NOT_DETERMINISTIC
    if any(result.over_budget for result in results):
        return ExitCode.OVER_BUDGET
    if not all(result.verdict.ok for result in results):
        return ExitCode.BROKEN
    return ExitCode.AS_EXPECTED


def _are_equal(out: Console, first: RunResult, second: RunResult) -> bool:
    from replay import difference

    if first.digest == second.digest:
        return True
    found = difference.first_difference(first.trace_lines, second.trace_lines)
    if found is None:
        shown = [f"the digests differ, the traces do not: {first.digest}, {second.digest}"]
    else:
        shown = difference.lines(found)
    for line in shown:
        out.print(line, markup=False, overflow="fold")
    return False


def _trace_file(file: Path, scenario: str, version: str, runs: Sequence[tuple[str, str]]) -> Path:
    parts = [file.stem]
    if len({name for name, _ in runs}) > 1:
        parts.append(Path(scenario).stem)
    if len(runs) > 1:
        parts.append(version)
    return file.with_name(".".join(parts) + file.suffix)


def _write_trace(file: Path, result: RunResult) -> None:
    try:
        with file.open("w", encoding="utf-8", newline="\n") as opened:
            opened.writelines(f"{line}\n" for line in result.trace_lines)
    except OSError as error:
        raise InputError(f"--trace {file}: cannot be written: {error.strerror}") from error


def _write_json(
    file: Path, results: Sequence[RunResult], code: ExitCode, equal: dict[tuple[str, str], bool]
) -> None:
    from replay import json_report

    written = json_report.document(results, exit_code=int(code), deterministic=equal)
    if str(file) == "-":
        typer.echo(json_report.text(written), nl=False)
        return
    try:
        file.write_text(json_report.text(written), encoding="utf-8")
    except OSError as error:
        raise InputError(f"--json {file}: cannot be written: {error.strerror}") from error


@app.command("events")
def show_events(
    scenario: Annotated[str, typer.Argument(help="A scenario's name, or the path of its file.")],
    bot: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="The bot's version; by default the scenario's first."),
    ] = None,
    database: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep the bot's database (SQLite) in this new file."),
    ] = None,
) -> None:
    """Shows what the bot wrote into its database, and what the team's monitoring makes of it."""
    from tempfile import TemporaryDirectory

    runner = _runner()
    try:
        version = bot if bot is not None else runner.versions(scenario)[0]
        if database is not None and database.exists():
            raise InputError(f"--database {database}: is there already; name a new file")
        with TemporaryDirectory() as folder:
            file = database or Path(folder) / "bot.sqlite"
            runner.run(scenario, version=version, database=file)
            _show_events(file, f"{scenario}, bot {version}")
    except SimulatorError as error:
        raise _failure(error) from error


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
        for name in _tracked(scenarios or ablations.incidents(), "ablating"):
            found += ablations.ablate(name)
        table = ablations.table(found)
        if csv is not None:
            try:
                table.to_csv(csv, index=False)
            except OSError as error:
                raise InputError(f"--csv {csv}: cannot be written: {error.strerror}") from error
    except SimulatorError as error:
        raise _failure(error) from error
    out = report.console()
    for incident, rows in table.groupby("incident", sort=False):
        out.print(report.frame(str(incident), rows.drop(columns="incident")))


def _show_events(database: Path, title: str) -> None:
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


def _failure(error: SimulatorError) -> typer.Exit:
    """Says what went wrong in one message on the standard error, and how the command ends."""
    typer.echo(f"replay: {error}", err=True)
    match error:
        case InputError():
            code = ExitCode.UNUSABLE_INPUT
        case RealConnectionError():
            code = ExitCode.REAL_CONNECTION
        case OverBudgetError():
            code = ExitCode.OVER_BUDGET
        case _:
            code = ExitCode.BROKEN
    return typer.Exit(code)


def _runner() -> Runner:
    """`replay.runner`, imported only now: it brings ccxt and the whole world with it."""
    from importlib import import_module
    from typing import cast

    return cast("Runner", import_module("replay.runner"))
