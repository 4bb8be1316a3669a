"""`replay tune`: which setting is best, by thousands of runs; ends with 0 where a setting can be
recommended, 1 where none keeps what the study demands or an item had to be set aside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from replay.cli.shared import ExitCode, app, failure
from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from replay.tuning.items import Item
    from replay.tuning.studying import Findings


@app.command("tune")
def tune(
    study: Annotated[str, typer.Argument(help="A study's name, or the path of its file.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where to write; by default `tune-` and its name."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; by default one for each core.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler, as tcp://host:8786.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=1, help="Real seconds that one item may take.")
    ] = 120.0,
    memory: Annotated[
        int | None, typer.Option(metavar="MB", help="Memory that one worker may take.")
    ] = None,
    tries: Annotated[
        int, typer.Option(min=1, help="How often an item is tried before it is set aside.")
    ] = 3,
    retry_set_aside: Annotated[
        bool, typer.Option("--retry-set-aside", help="Try once more what was set aside.")
    ] = False,
) -> None:
    """Runs a study to its end, or on from where it was; writes tables and a report."""
    try:
        code = _tune(study, out, workers, cluster, timeout, memory, tries, again=retry_set_aside)
    except SimulatorError as error:
        from replay.tuning.stopping import StoppedError

        if isinstance(error, StoppedError):
            typer.echo(f"replay: {error}; the same command goes on from there", err=True)
            raise typer.Exit(error.exit_code) from error
        raise failure(error) from error
    raise typer.Exit(code)


def _tune(
    name: str,
    out: Path | None,
    workers: int | None,
    cluster: str | None,
    timeout_s: float,
    memory_mb: int | None,
    tries: int,
    *,
    again: bool,
) -> ExitCode:
    from replay import report
    from replay.tuning import progress, tables, telling
    from replay.tuning.crew import carry_out
    from replay.tuning.identity import code_digest
    from replay.tuning.items import work
    from replay.tuning.page import write_page
    from replay.tuning.stopping import stopped_by_signals
    from replay.tuning.store import Store
    from replay.tuning.studying import Studying
    from replay.tuning.worker import Limits
    from scenarios import study_loader

    if workers is not None and cluster is not None:
        raise InputError("--workers and --cluster: leave one of the two out")
    path = study_loader.find(name)
    study = study_loader.load(path)
    folder = out or Path(f"tune-{study.name}")
    folder.mkdir(parents=True, exist_ok=True)
    limits = Limits(timeout_s=timeout_s, memory_mb=memory_mb)
    console = report.console(stderr=True)
    with (
        Store(folder / "runs.sqlite", study=code_digest(study.bot), title=study.title) as store,
        _crew(workers, cluster, limits) as crew,
        stopped_by_signals() as stop,
        progress.shown(console, total=None) as take,
    ):
        if again:
            store.forget_set_aside()

        def carry(items: Sequence[Item]) -> Iterator[Any]:
            return carry_out(
                items, work, crew=crew, store=store, tries=tries, stop=stop, on_progress=take
            )

        studying = Studying(study, path.resolve().parent, carry)
        studying.check()
        findings = studying.run(
            on_round=lambda decision: telling.tell_round(console, study, decision)
        )
    written = [*tables.write(findings, folder), folder / "report.html"]
    write_page(findings, written[-1])
    report.console().print(telling.told(findings, written))
    return _code(findings)


@contextmanager
def _crew(workers: int | None, cluster: str | None, limits: Any) -> Iterator[Any]:
    from replay.parallel import processors

    crew: Executor
    if cluster is not None:
        from replay.tuning.cluster import Cluster

        crew = Cluster(cluster, limits)
    else:
        from replay.tuning.lanes import Lanes

        crew = Lanes(workers or processors(), limits)
    with crew:
        yield crew


def _code(findings: Findings) -> ExitCode:
    good = findings.decision.recommended is not None and not findings.set_aside
    return ExitCode.AS_EXPECTED if good else ExitCode.BROKEN
