"""Carries a study out: with whom, kept where, shown how, and stopped by whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from replay.parallel import processors
from replay.tuning import progress, telling
from replay.tuning.crew import carry_out, tried
from replay.tuning.identity import identity, refusal
from replay.tuning.items import unusable, work
from replay.tuning.lanes import Lanes
from replay.tuning.stopping import stopped_by_signals
from replay.tuning.store import Store
from replay.tuning.studying import Findings, Studying
from replay.tuning.worker import First, Limits
from scenarios.study import Study
from simulator.errors import InputError

if TYPE_CHECKING:
    from replay.tuning.cluster import Cluster
    from replay.tuning.crew import Done
    from replay.tuning.items import Item
    from replay.tuning.stopping import Stop

STORE = "runs.sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """By which a study is carried out."""

    workers: int | None = None  # processes; by default one for each core
    cluster: str | None = None  # or the address of a Dask scheduler
    limits: Limits
    tries: int


def conduct(
    study: Study,
    file: Path,
    folder: Path,
    means: Means,
    *,
    console: Console,
    set_aside_again: bool = False,
) -> Findings:
    """The study of a file to its end, or on from where it was, with a store in the folder. What was
    set aside is left so, unless it is to be tried again.

    Raises InputError for a study, a folder or workers that cannot be used, and StoppedError.
    """
    studying = Studying(study, file.resolve().parent)
    here = identity(studying.check())
    for note in studying.notes:
        console.print(f"note: {note}", style="yellow", markup=False)
    with (
        _store(folder, study, here) as store,
        _crew(means, partial(_ready, here)) as crew,
        stopped_by_signals() as stop,
    ):
        if set_aside_again:
            store.forget_set_aside()
        if not len(store):
            _try(studying.first, crew, store, stop)
        with progress.shown(console) as shown:

            def carry(items: Sequence[Item]) -> Iterable[Done]:
                shown.expect(len(items))
                return carry_out(
                    items,
                    work,
                    crew=crew,
                    store=store,
                    tries=means.tries,
                    stop=stop,
                    before=shown.progress,
                    on_progress=shown.take,
                )

            return studying.run(
                carry, on_round=lambda decision: telling.tell_round(console, study, decision)
            )


def _ready(here: Mapping[str, str]) -> str | None:
    """What a process does before it is given work."""
    why = refusal(here)
    if why is None:
        import_module(work.__module__)  # which takes seconds that are no item's
    return why


def _store(folder: Path, study: Study, here: dict[str, str]) -> Store:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"--out {folder}: cannot be a folder: {error.strerror}; name another one"
        ) from error
    return Store(folder / STORE, study=study.name, identity=here)


def _try(item: Item, crew: Lanes | Cluster, store: Store, stop: Stop) -> None:
    """Raises InputError if no run of the study can be."""
    for row in tried(item, unusable, crew=crew, store=store, stop=stop) or ():
        raise InputError(str(row["error"]))


@contextmanager
def _crew(means: Means, first: First) -> Iterator[Lanes | Cluster]:
    if means.cluster is None:
        with Lanes(means.workers or processors(), means.limits, first) as lanes:
            yield lanes
    else:
        from replay.tuning.cluster import Cluster

        with Cluster(means.cluster, means.limits, first) as cluster:
            yield cluster
