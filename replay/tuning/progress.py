"""How far the work has come: a bar on a terminal, and a word at the end everywhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.text import Text

from replay.tuning.crew import Progress

if TYPE_CHECKING:
    from replay.tuning.store import SetAside

_NAMED = 10
_RATE_S = 60.0  # over which it is taken: items differ


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.1f}/s")


@contextmanager
def shown(
    console: Console, *, total: int | None, what: str = "items"
) -> Iterator[Callable[[Progress], None]]:
    """Takes what `carry_out` tells. On a terminal, and not in CI, a bar has the rate of this go and
    the time left, where the total is known; at the end, however that comes, one line has the
    counts."""
    latest = Progress()
    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[told]}"),
        console=console,
        transient=True,
        speed_estimate_period=_RATE_S,
        disable=not console.is_terminal or bool(os.environ.get("CI")),
    )
    task = bar.add_task(what, total=total, told="")

    def take(progress: Progress) -> None:
        nonlocal latest
        latest = progress
        if progress.done:
            bar.update(task, completed=progress.settled, told=_troubles(progress))
        else:  # what is known from before came at no rate at all
            bar.reset(task, completed=progress.settled, total=total, told=_troubles(progress))

    try:
        with bar:
            yield take
    finally:
        console.print(str(latest), markup=False)


def lines(set_aside: Sequence[SetAside]) -> Iterator[str]:
    """What a person reads of the items that were set aside: the first ten by name."""
    for each in set_aside[:_NAMED]:
        yield f"set aside after {each.tries} tries: {each.title}: {each.reason}"
    if len(set_aside) > _NAMED:
        yield f"and {len(set_aside) - _NAMED} more were set aside"


def _troubles(progress: Progress) -> str:
    parts = [f"{progress.retried} retried"] * bool(progress.retried)
    parts += [f"{progress.set_aside} set aside"] * bool(progress.set_aside)
    return ", ".join(parts)
