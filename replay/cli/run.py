"""`replay run`: scenarios against a bot; ends with 0 all as expected, 1 an expectation or invariant
broken, 2 unusable input, 3 not deterministic, 4 a real connection was attempted, 5 over budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from replay.ci.attempt import Attempt
from replay.cli import options, outputs, shared
from replay.cli.outputs import Wanted
from replay.cli.selection import Selection, select
from replay.cli.shared import ExitCode, Runner, app, failure, tracked
from simulator.errors import SimulatorError

if TYPE_CHECKING:
    from rich.console import Console

    from replay.ci.comparison import Comparison
    from replay.result import RunResult


@app.command("run")
def run_scenario(
    scenario: Annotated[
        str | None,
        typer.Argument(
            help="A scenario's name, the path of its file or of a folder of them, or `all`."
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every scenario at hand.")] = False,
    bot: Annotated[
        str | None,
        typer.Option(
            metavar="VERSION", help="Only this version of the bot, or one's own: module:factory."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the scenario's seed.")] = None,
    twice: Annotated[
        bool, typer.Option("--twice", help="Run twice and show the first difference.")
    ] = False,
    trace: options.Trace = None,
    json: options.Json = None,
    html: options.Html = None,
    perfetto: options.Perfetto = None,
    junit: options.JUnit = None,
    markdown: options.Markdown = None,
    baseline: options.Baseline = None,
    write_baseline: options.WriteBaseline = None,
    strict_baseline: options.StrictBaseline = False,
) -> None:
    """Runs scenarios, by default with every version of the bot that they speak of."""
    wanted = Wanted(
        trace=trace,
        html=html,
        perfetto=perfetto,
        json=json,
        junit=junit,
        markdown=markdown,
        baseline=baseline,
        write_baseline=write_baseline,
        strict_baseline=strict_baseline,
    )
    runner = shared.runner()
    try:
        selection = select(runner, scenario, bot, every=every)
        code = _run_all(runner, selection, seed, twice=twice, wanted=wanted)
    except SimulatorError as error:
        raise failure(error) from error
    raise typer.Exit(code)


def _run_all(
    runner: Runner, selection: Selection, seed: int | None, *, twice: bool, wanted: Wanted
) -> ExitCode:
    """Of several only what is not as expected has a section; the rest is in the table."""
    from replay import report

    compared, before = outputs.read_baselines(wanted)
    out = report.console()
    out.quiet = wanted.only_json
    attempts = list(selection.unreadable)
    runs = tracked(selection.runs, "replaying") if selection.several else selection.runs
    for scenario, version in runs:
        attempt = _attempt(runner, out, scenario, version, seed, twice=twice)
        if selection.several and attempt.result is not None:
            # Two files of a folder may have scenarios of one name in them.
            attempt = replace(attempt, result=replace(attempt.result, scenario=scenario))
        attempts.append(attempt)
        result = attempt.result
        if result is None:
            continue
        outputs.write_run(wanted, result, selection)
        if not (selection.several and attempt.ok):
            out.print(report.section(result, deterministic=attempt.deterministic))
    results = [attempt.result for attempt in attempts if attempt.result is not None]
    if results:
        out.print(report.summary(results))
    _tell_errors(out, attempts, selection)
    comparison = None
    if compared is not None:
        from replay.ci.comparison import compare

        comparison = compare(compared, attempts, covers=selection.covers)
        _tell_changes(out, comparison)
    code = outputs.exit_code(attempts, comparison, wanted)
    outputs.write_all(wanted, attempts, comparison, selection, before, code)
    return code


def _attempt(
    runner: Runner, out: Console, scenario: str, version: str, seed: int | None, *, twice: bool
) -> Attempt:
    """One run, or two; an error that ends it is part of what came of it."""
    tried = Attempt(scenario=scenario, version=version)
    try:
        result = runner.run(scenario, version=version, seed=seed)
        again = runner.run(scenario, version=version, seed=seed) if twice else None
    except SimulatorError as error:
        return replace(tried, error=error)
    equal = None if again is None else _are_equal(out, result, again)
    return replace(tried, result=result, deterministic=equal)


def _tell_errors(out: Console, attempts: Sequence[Attempt], selection: Selection) -> None:
    """What left no result, on the standard error: what all versions have in common, once."""
    failed = [attempt for attempt in attempts if attempt.error is not None]
    versions: dict[tuple[str, str], list[str]] = {}
    for attempt in failed:
        versions.setdefault((attempt.scenario, str(attempt.error)), []).append(attempt.version)
    for (scenario, message), of in versions.items():
        place = f"{scenario} {', '.join(of)}".strip() + ": " if selection.several else ""
        typer.echo(f"replay: {place}{message}", err=True)
    if failed and (selection.several or len(failed) < len(attempts)):
        out.print(f"{len(failed)} could not be run")


def _tell_changes(out: Console, comparison: Comparison) -> None:
    from replay.ci.comparison import lines

    out.print("\nAgainst the baseline", style="bold")
    for line in lines(comparison):
        out.print(line, markup=False, overflow="fold")


def _are_equal(out: Console, first: RunResult, second: RunResult) -> bool:
    from replay.traces import difference

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
