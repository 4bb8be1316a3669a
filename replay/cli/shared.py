"""What all commands share: the application, how they end, and how they tell of an error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import typer

from replay import exit_codes
from replay.exit_codes import ExitCode as ExitCode
from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    from replay.result import RunResult


T = TypeVar("T")

ALL = "all"
"""Names every scenario there is."""


class Runner(Protocol):
    """What the commands need of `replay.runner`."""

    def names(self) -> Sequence[str]:
        """The name of every scenario there is, readable or not."""

    def scenarios(self) -> Sequence[tuple[str, str]]:
        """Name and title of every scenario there is."""

    def versions(self, name_or_path: str, /) -> tuple[str, ...]:
        """The bot versions a scenario speaks of."""

    def run(
        self,
        name_or_path: str,
        /,
        *,
        version: str,
        seed: int | None = None,
        database: Path | str | None = None,
    ) -> RunResult:
        """One run; `seed` None takes the scenario's, and `database` None keeps none."""


app = typer.Typer(
    name="replay",
    help="Replays scenarios against a bot in a simulated world.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class _Process:
    """What this process is there for."""

    ours = False
    """It runs the `replay` script and ends with it."""


def main() -> None:
    """The entry point of the `replay` script."""
    _Process.ours = True
    app()


def cut_off_from_the_network(scenario: str) -> None:
    """Of a process that is there for one run only: nothing that runs in it reaches anything real
    from now on. Says so where that cannot be. To be called before anything starts threads."""
    from replay.cut_off import cut_off, needs_network

    if not _Process.ours:
        return
    why = "the scenario has neighbours over TCP" if needs_network(scenario) else cut_off()
    if why is not None:
        typer.echo(
            f"replay: the real network is there for C code with sockets of its own: {why}", err=True
        )


def runner() -> Runner:
    """`replay.runner`, imported only now: it brings ccxt and the whole world with it."""
    from importlib import import_module
    from typing import cast

    return cast("Runner", import_module("replay.runner"))


def failure(error: SimulatorError) -> typer.Exit:
    """Says what went wrong in one message on the standard error, and how the command ends."""
    typer.echo(f"replay: {error}", err=True)
    return typer.Exit(exit_codes.of_error(error))


def write(option: str, file: Path, text: str) -> None:
    """Writes what an option asks for. Raises InputError naming the option and the file."""
    try:
        with file.open("w", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
    except OSError as error:
        raise InputError(f"{option} {file}: cannot be written: {error.strerror}") from error


def tracked(things: Iterable[T], what: str, *, total: int | None = None) -> Iterable[T]:
    """The things, with a bar on the standard error while they are worked through."""
    from rich.progress import track

    from replay import report

    screen = report.console(stderr=True)
    return track(
        things, description=what, total=total, console=screen, disable=not screen.is_terminal
    )
