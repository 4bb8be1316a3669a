"""What is shown while items are carried out, and when that is over."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from rich.console import Console

from replay.tuning.crew import Progress
from replay.tuning.progress import lines, shown
from replay.tuning.store import SetAside
from simulator.errors import InputError


def watched(console: Console, *told: Progress, now: list[float] | None = None) -> str:
    """Everything that was written."""
    with shown(console, total=100, what="runs") as take:
        for number, each in enumerate(told):
            if now is not None:
                now[0] = float(number)
            take(each)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def terminal(now: list[float]) -> Console:
    return Console(
        file=StringIO(), force_terminal=True, width=120, color_system=None, get_time=lambda: now[0]
    )


def test_a_terminal_shows_rate_and_time_left_of_this_go_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    now = [0.0]
    # 40 known at once; then 4 a second: the 40 that are left after 5 s take 10 s more.
    told = [Progress(known=40), *(Progress(known=40, done=4 * n) for n in range(1, 6))]
    last = watched(terminal(now), *told, now=now).replace("\r", "\n").splitlines()
    [line] = {each for each in last if "60/100" in each}
    assert "runs" in line
    assert "4.0/s" in line
    assert "00:10" in line


def test_what_goes_wrong_is_shown_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    told = watched(terminal([0.0]), Progress(done=3, retried=2, set_aside=1))
    assert "2 retried, 1 set aside" in told


def test_where_there_is_no_terminal_only_the_end_is_told() -> None:
    console = Console(file=StringIO(), width=120)
    told = watched(console, Progress(done=1), Progress(done=2, known=7, retried=3, set_aside=1))
    assert told == "2 items done, 7 known from before, 3 retried, 1 set aside\n"


def test_ci_is_quiet_even_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "1")
    assert watched(terminal([0.0]), Progress(done=2)) == "2 items done\n"


def test_the_end_is_told_when_it_comes_early() -> None:
    console = Console(file=StringIO(), width=120)

    def one_and_no_more() -> Iterator[Progress]:
        yield Progress(done=5)
        raise InputError("the workers are gone")

    def watch() -> None:
        with shown(console, total=None) as take:
            for each in one_and_no_more():
                take(each)

    with pytest.raises(InputError):
        watch()
    assert console.file.getvalue() == "5 items done\n"  # type: ignore[attr-defined]


def test_ten_that_were_set_aside_are_named_and_the_others_counted() -> None:
    aside = [SetAside(key=str(n), title=f"run {n}", tries=3, reason="died") for n in range(12)]
    told = list(lines(aside))
    assert told[0] == "set aside after 3 tries: run 0: died"
    assert len(told) == 11
    assert told[-1] == "and 2 more were set aside"
    assert list(lines(aside[:10]))[-1] == "set aside after 3 tries: run 9: died"
