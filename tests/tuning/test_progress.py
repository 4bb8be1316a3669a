"""What is shown while items are carried out, and when that is over."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from replay.tuning.crew import Progress
from replay.tuning.progress import Shown, shown
from simulator.errors import InputError


class _Screen(StringIO):
    """A file that is a terminal."""

    def isatty(self) -> bool:
        return True


def watched(
    console: Console, *told: Progress, now: list[float] | None = None, expected: int = 100
) -> str:
    """Everything that was written."""
    with shown(console) as showing:
        showing.expect(expected)
        for number, each in enumerate(told):
            if now is not None:
                now[0] = float(number)
            showing.take(each)
    return written(console)


def written(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def terminal(now: list[float], width: int = 80) -> Console:
    return Console(
        file=_Screen(),
        width=width,
        color_system=None,
        get_time=lambda: now[0],
        _environ={"TERM": "xterm"},
    )


@pytest.fixture(autouse=True)
def _at_a_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


def test_a_terminal_shows_rate_and_time_left_of_this_go_alone() -> None:
    now = [0.0]
    # 40 known at once; then 4 a second: the 40 that are left after 5 s take 10 s more.
    told = [Progress(known=40), *(Progress(known=40, done=4 * n) for n in range(1, 6))]
    last = watched(terminal(now), *told, now=now).replace("\r", "\n").splitlines()
    [line] = {each for each in last if "60/100" in each}
    assert "round 1" in line
    assert "4.0/s" in line
    assert "00:10 left" in line


def test_a_later_round_has_its_own_items_and_the_rate_of_all() -> None:
    now = [0.0]
    console = terminal(now)
    with shown(console) as showing:
        showing.expect(2)
        showing.take(Progress(done=1))
        now[0] = 1.0
        showing.take(Progress(done=2))
        showing.expect(8)
        showing.take(Progress(done=2, known=1))  # something of it is known from before
        now[0] = 2.0
        showing.take(Progress(done=3, known=1))
    last = [each for each in written(console).replace("\r", "\n").splitlines() if "2/8" in each]
    assert "round 2" in last[-1]
    assert "1.0/s" in last[-1]
    assert "00:06 left" in last[-1]


def test_what_goes_wrong_is_shown_meanwhile_within_80_columns() -> None:
    now = [0.0]
    told = [Progress(done=12_000 * n, retried=20 * n, set_aside=n) for n in range(6)]
    lines = watched(terminal(now), *told, now=now, expected=99_999).replace("\r", "\n").splitlines()
    [line] = {each for each in lines if "100 retried, 5 set aside" in each and "round" in each}
    assert "12,000.0/s" in line
    assert "left" in line
    assert "…" not in line


def test_where_there_is_no_terminal_only_the_end_is_told() -> None:
    console = Console(file=StringIO(), width=120)
    told = watched(console, Progress(done=1), Progress(done=2, known=7, retried=3, set_aside=1))
    assert told == "2 items done, 7 known from before, 3 retried, 1 set aside\n"


def test_ci_is_quiet_even_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "1")
    assert watched(terminal([0.0]), Progress(done=2)) == "2 items done\n"


def test_whoever_wants_colours_in_a_file_gets_no_bar_in_it() -> None:
    console = Console(file=StringIO(), width=120, force_terminal=True, highlight=False)
    assert watched(console, Progress(done=2)) == "2 items done\n"


def test_an_early_end_is_left_to_what_ends_it() -> None:
    console = Console(file=StringIO(), width=120)

    def ended(showing: Shown) -> None:
        showing.take(Progress(done=5))
        raise InputError("the workers are gone")

    with pytest.raises(InputError), shown(console) as showing:
        ended(showing)
    assert written(console) == ""
