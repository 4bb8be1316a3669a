"""How far the work has come: a bar on a terminal, and a word at the end everywhere."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text

from replay.tuning.crew import Progress

_RATE_S = 60.0  # over which it is taken: items differ
_BAR = 20  # columns; with all that can stand beside it, it fits into 80


class Shown:
    """Takes what `carry_out` tells, round after round."""

    def __init__(self, bar: Bar) -> None:
        self.progress = Progress()
        self._bar = bar
        self._rounds = 0
        self._before = 0
        self._task = bar.add_task("", total=None, told="", pace=None)
        # What is known from before comes at no rate at all: that of this go has a task of its own.
        self._pace = bar.add_task("", total=None, told="", pace=None, visible=False)

    def expect(self, items: int) -> None:
        """A round begins, of so many items."""
        self._rounds += 1
        self._before = self.progress.settled
        self._bar.update(self._task, description=f"round {self._rounds}", completed=0, total=items)

    def take(self, progress: Progress) -> None:
        """Of all rounds together."""
        self.progress = progress
        self._bar.update(self._pace, completed=progress.done)
        self._bar.update(
            self._task,
            completed=progress.settled - self._before,
            told=_troubles(progress),
            pace=self._bar.tasks[self._pace].speed,
        )


@contextmanager
def shown(console: Console) -> Iterator[Shown]:
    """On a terminal, and not in CI, a bar has the rate of this go and the time left in this round;
    at the end one line has the counts. What ends it early tells of them itself."""
    # Whoever wants colours in a file (FORCE_COLOR) wants no bar in it.
    watched = console.is_interactive and console.file.isatty() and not os.environ.get("CI")
    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(_BAR),
        MofNCompleteColumn(),
        _Rate(),
        _Left(),
        TextColumn("{task.fields[told]}"),
        console=console,
        transient=True,
        speed_estimate_period=_RATE_S,
        disable=not watched,
    )
    with bar:
        taking = Shown(bar)
        yield taking
    console.print(str(taking.progress), markup=False)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        pace = task.fields["pace"]
        return Text("" if pace is None else f"{pace:,.1f}/s")


class _Left(ProgressColumn):
    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        pace = task.fields["pace"]
        if not pace or task.remaining is None:
            return Text("")
        minutes, seconds = divmod(math.ceil(task.remaining / pace), 60)
        return Text(f"{minutes:02d}:{seconds:02d} left")


def _troubles(progress: Progress) -> str:
    parts = [f"{progress.retried} retried"] * bool(progress.retried)
    parts += [f"{progress.set_aside} set aside"] * bool(progress.set_aside)
    return ", ".join(parts)
