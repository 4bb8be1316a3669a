"""`replay run`: scenarios against a bot; ends with 0 all as expected, 1 an expectation or invariant
broken, 2 unusable input, 3 not deterministic, 4 a real connection was attempted, 5 over budget."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from replay.cli import shared
from replay.cli.shared import ALL, ExitCode, Runner, app, failure, tracked, write
from simulator.errors import SimulatorError

if TYPE_CHECKING:
    from rich.console import Console

    from replay.result import RunResult


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
    runner = shared.runner()
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
        raise failure(error) from error
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
    for scenario, version in tracked(runs, "replaying") if all_of_them else runs:
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
    write("--trace", file, "".join(f"{line}\n" for line in result.trace_lines))


def _write_json(
    file: Path, results: Sequence[RunResult], code: ExitCode, equal: dict[tuple[str, str], bool]
) -> None:
    from replay import json_report

    written = json_report.document(results, exit_code=int(code), deterministic=equal)
    if str(file) == "-":
        typer.echo(json_report.text(written), nl=False)
        return
    write("--json", file, json_report.text(written))
