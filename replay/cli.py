"""The `replay` command: exit codes 0 all as expected, 1 an expectation or invariant broken,
2 unusable input, 3 not deterministic, 4 a real connection was attempted, 5 over budget."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from simulator.errors import InputError, OverBudgetError, RealConnectionError, SimulatorError

if TYPE_CHECKING:
    from rich.console import Console

    from replay.result import RunResult


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

    def run(self, name_or_path: str, /, *, version: str, seed: int | None) -> RunResult:
        """One run; `seed` None takes the scenario's."""


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
    scenario: Annotated[str, typer.Argument(help="A scenario's name, or the path of its file.")],
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
            help="Write the trace as JSON lines; the version is put before the suffix "
            "if there are several.",
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
        versions = (bot,) if bot is not None else runner.versions(scenario)
        code = _run_all(runner, scenario, versions, seed, twice=twice, trace=trace, json=json)
    except SimulatorError as error:
        raise _failure(error) from error
    raise typer.Exit(code)


def _run_all(
    runner: Runner,
    scenario: str,
    versions: Sequence[str],
    seed: int | None,
    *,
    twice: bool,
    trace: Path | None,
    json: Path | None,
) -> ExitCode:
    from replay import report

    out = report.console()
    # The JSON goes to the standard output instead of the report.
    out.quiet = str(json) == "-"
    results: list[RunResult] = []
    equal: dict[str, bool] = {}
    for version in versions:
        result = runner.run(scenario, version=version, seed=seed)
        results.append(result)
        if trace is not None:
            _write_trace(_trace_file(trace, version, several=len(versions) > 1), result)
        if twice:
            again = runner.run(scenario, version=version, seed=seed)
            equal[version] = _are_equal(out, result, again)
        out.print(report.section(result, deterministic=equal.get(version)))
    out.print(report.summary(results))
    code = _exit_code(results, equal)
    if json is not None:
        _write_json(json, results, code, equal)
    return code


def _exit_code(results: Sequence[RunResult], equal: dict[str, bool]) -> ExitCode:
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


def _trace_file(file: Path, version: str, *, several: bool) -> Path:
    return file.with_name(f"{file.stem}.{version}{file.suffix}") if several else file


def _write_trace(file: Path, result: RunResult) -> None:
    try:
        with file.open("w", encoding="utf-8", newline="\n") as opened:
            opened.writelines(f"{line}\n" for line in result.trace_lines)
    except OSError as error:
        raise InputError(f"--trace {file}: cannot be written: {error.strerror}") from error


def _write_json(
    file: Path, results: Sequence[RunResult], code: ExitCode, equal: dict[str, bool]
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
