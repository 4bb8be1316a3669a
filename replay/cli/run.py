"""`replay run`: scenarios against a bot; ends with 0 all as expected, 1 an expectation or invariant
broken, 2 unusable input, 3 not deterministic, 4 a real connection was attempted, 5 over budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from replay import attempts
from replay.ci.attempt import Attempt
from replay.cli import options, outputs, shared
from replay.cli.outputs import Wanted
from replay.cli.selection import Selection, select
from replay.cli.shared import ExitCode, app, failure, tracked
from replay.variants import Variant
from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    from rich.console import Console

    from replay.ci.comparison import Comparison


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
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[LABEL=]FOLDER",
            help="Import the bot from this folder, in a process of its own; several are versions "
            "side by side.",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the scenario's seed.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Another setting of the bot, over the file's."),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PLACE=VALUE",
            help="Another value in the scenario, as venues.bybit.behaviour.visibility[0].lag=1 s.",
        ),
    ] = None,
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
        trees = attempts.trees(source or ())
        only = tuple(tree.label for tree in trees) or ((bot,) if bot else None)
        selection = select(runner, scenario, only, every=every)
        variant = Variant.parse(setting or (), change or ())
        if trees and variant is not None:
            raise InputError("--source: leave --setting and --change out, or write them down")
        if trees:
            factory = _factory(bot)
            made = attempts.tried_in(trees, selection.runs, factory=factory, seed=seed, twice=twice)
        else:
            play = runner.run if variant is None else variant.play
            made = (
                attempts.tried(play, name, version, seed, twice=twice)
                for name, version in selection.runs
            )
        code = _run_all(made, selection, wanted)
    except SimulatorError as error:
        raise failure(error) from error
    raise typer.Exit(code)


def _factory(bot: str | None) -> str | None:
    """What makes the bot of a source tree."""
    if bot is not None and ":" not in bot:
        raise InputError(f"--bot {bot}: with --source it is what makes the bot, module:factory")
    return bot


def _run_all(made: Iterable[Attempt], selection: Selection, wanted: Wanted) -> ExitCode:
    """Of several only what is not as expected has a section; the rest is in the table."""
    from replay import report

    compared, before = outputs.read_baselines(wanted)
    out = report.console()
    out.quiet = wanted.only_json
    done = list(selection.unreadable)
    if selection.several:
        made = tracked(made, "replaying", total=len(selection.runs))
    for attempt in made:
        if selection.several and attempt.result is not None:
            # Two files of a folder may have scenarios of one name in them.
            named = replace(attempt.result, scenario=attempt.scenario)
            attempt = replace(attempt, result=named)
        for line in attempt.differences:
            out.print(line, markup=False, overflow="fold")
        done.append(attempt)
        result = attempt.result
        if result is None:
            continue
        outputs.write_run(wanted, result, selection)
        if not (selection.several and attempt.ok):
            out.print(report.section(result, deterministic=attempt.deterministic))
    results = [attempt.result for attempt in done if attempt.result is not None]
    if results:
        out.print(report.summary(results))
    _tell_errors(out, done, selection)
    comparison = None
    if compared is not None:
        from replay.ci.comparison import compare

        comparison = compare(compared, done, covers=selection.covers)
        _tell_changes(out, comparison)
    code = outputs.exit_code(done, comparison, wanted)
    outputs.write_all(wanted, done, comparison, selection, before, code)
    return code


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
