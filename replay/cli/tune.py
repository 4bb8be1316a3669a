"""`replay tune`: which setting is best, by thousands of runs; ends with 0 where a setting can be
recommended, 1 where none keeps what the study demands or an item had to be set aside."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from replay.cli.shared import ExitCode, app, failure
from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    from replay.tuning.conducting import Means
    from replay.tuning.studying import Findings

_TIMEOUT_S = 120.0
_TRIES = 3
_LEAST_MEMORY_MB = 300
"""A worker takes half of it before it has anything to do."""


@app.command("tune")
def tune(
    study: Annotated[str, typer.Argument(help="A study's name, or the path of its file.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to write; by default `tune-` and its name."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; by default one for each core.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, as tcp://host:8786.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="Real seconds that one item may take.")
    ] = _TIMEOUT_S,
    memory: Annotated[
        int | None, typer.Option(metavar="MB", help="Memory that one worker may take.")
    ] = None,
    tries: Annotated[
        int, typer.Option(help="How often an item is tried before it is set aside.")
    ] = _TRIES,
    retry_set_aside: Annotated[
        bool, typer.Option("--retry-set-aside", help="Try once more what was set aside.")
    ] = False,
) -> None:
    """Runs a study to its end, or on from where it was; writes tables and a report."""
    try:
        means = _means(workers, cluster, timeout, memory, tries)
        code = _tune(study, out, means, again=retry_set_aside)
    except SimulatorError as error:
        from replay.tuning.stopping import StoppedError

        if isinstance(error, StoppedError):
            typer.echo(f"replay: {error}; the same command goes on from there", err=True)
            raise typer.Exit(error.exit_code) from error
        raise failure(error) from error
    raise typer.Exit(code)


def _means(
    workers: int | None,
    cluster: str | None,
    timeout_s: float,
    memory_mb: int | None,
    tries: int,
) -> Means:
    from replay.tuning.conducting import Means
    from replay.tuning.worker import Limits

    if workers is not None and cluster is not None:
        raise InputError("--workers and --cluster: leave one of the two out")
    _at_least(1, "--workers", workers, "leave it out for one process for each core")
    _at_least(1, "--timeout", timeout_s, f"leave it out for {_TIMEOUT_S:g} seconds")
    _at_least(1, "--tries", tries, f"leave it out for {_TRIES}")
    _at_least(_LEAST_MEMORY_MB, "--memory", memory_mb, "it is in MB; leave it out for no limit")
    limits = Limits(timeout_s=timeout_s, memory_mb=memory_mb)
    return Means(workers=workers, cluster=cluster, limits=limits, tries=tries)


def _at_least(least: int, option: str, value: float | None, cure: str) -> None:
    if value is not None and not value >= least:
        raise InputError(f"{option} {value:g}: must be at least {least}; {cure}")


def _tune(name: str, out: Path | None, means: Means, *, again: bool) -> ExitCode:
    from replay import report
    from replay.tuning import tables, telling
    from replay.tuning.conducting import conduct
    from replay.tuning.page import write_page
    from scenarios import study_loader

    file = study_loader.find(name)
    study = study_loader.load(file)
    folder = out or Path(f"tune-{study.name}")
    console = report.console(stderr=True)
    findings = conduct(study, file, folder, means, console=console, set_aside_again=again)
    written = [*tables.write(findings, folder), folder / "report.html"]
    write_page(findings, written[-1])
    told = telling.told(findings, written, _retrying(name, out, means))
    report.console().print(told)
    return _code(findings)


def _retrying(name: str, out: Path | None, means: Means) -> str:
    """The command that tries once more what was set aside."""
    words: list[object] = ["replay", "tune", name]
    for option, value, usual in (
        ("--out", out, None),
        ("--workers", means.workers, None),
        ("--cluster", means.cluster, None),
        ("--timeout", means.limits.timeout_s, _TIMEOUT_S),
        ("--memory", means.limits.memory_mb, None),
        ("--tries", means.tries, _TRIES),
    ):
        if value != usual:
            words += [option, f"{value:g}" if isinstance(value, float) else value]
    return shlex.join(str(each) for each in (*words, "--retry-set-aside"))


def _code(findings: Findings) -> ExitCode:
    good = findings.decision.recommended is not None and not findings.set_aside
    return ExitCode.AS_EXPECTED if good else ExitCode.BROKEN
