"""`replay run`: scenarios against a bot; ends with 0 all as expected, 1 an expectation or invariant
broken, 2 unusable input, 3 not deterministic, 4 a real connection was attempted, 5 over budget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

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
    scenario: options.Scenario = None,
    every: options.Every = False,
    bot: options.Bot = None,
    source: options.Source = None,
    seed: options.Seed = None,
    setting: options.Setting = None,
    change: options.Change = None,
    twice: options.Twice = False,
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
        if not trees:
            play = runner.run if variant is None else variant.play
            made = attempts.tried_here(play, selection.runs, seed=seed, twice=twice)
        elif variant is None:
            factory = _factory(bot)
            made = attempts.tried_in(trees, selection.runs, factory=factory, seed=seed, twice=twice)
        else:
            raise InputError("--source: leave --setting and --change out, or write them down")
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
