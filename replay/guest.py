"""What the course of a run asks of the bot on each host, however that bot is run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from scenarios.stimuli import Stimulus
    from simulator.host import Host


class Guest(Protocol):
    """One bot, from its start to its end, with the crashes in between."""

    host: Host
    takes: Literal["signal", "send"]
    """What it can be given: signals if it is driven, POSIX signals if it is a program."""
    troubles: list[str]
    """What went wrong with it as a program: signals not dealt with, errors."""
    over_budget: list[str]
    """Those of them that were not finished when the scenario's time was up."""
    signals_lost: list[str]
    """Signals that a crash ended, or that came while it was down."""
    exit_code: int | None
    """Only programs end with one; minus the signal's number if one ended it."""

    @property
    def crashes_fired(self) -> Mapping[str, int]:
        """How often each crash of its host has come: 0 for those that never did."""

    def begin(self) -> None:
        """Starts it; it runs whenever the world does."""

    def give(self, stimulus: Stimulus) -> None:
        """A stimulus of the kind that it takes."""

    def is_idle(self) -> bool:
        """Whether every signal is dealt with, and nobody is about to start it again."""

    def look_back(self) -> None:
        """Things have settled: notes what is unfinished, and what it believes."""

    def stop(self) -> None:
        """Ends it."""

    def leave(self) -> None:
        """The run is over, whatever came of it: gives back what was taken of this process."""

    def believes(self) -> Mapping[str, Any] | None:
        """What it took for true when things had settled; None where it does not say, or was
        down."""
