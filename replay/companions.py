"""A program on a host beside the bot's: a part of the bot, or another bot."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from replay.crashes import Crashes
from replay.programs import GRACE_NS, Program, ended, still_running
from simulator.errors import HostCrashed, SimulatorError

if TYPE_CHECKING:
    from pathlib import Path

    from replay.environment import Given
    from replay.stage import Stage
    from scenarios.crashes import Crash, Restart
    from scenarios.hosts import HostSettings
    from scenarios.schema import Scenario
    from scenarios.stimuli import Stimulus
    from simulator.host import Host


def program_of(scenario: Scenario, host: HostSettings, *, scratch: bool) -> Program:
    """What runs on a host of a scenario. Raises InputError where there is no such file."""
    assert host.run is not None
    directory = scenario.beside(host.directory)
    return Program.of(shlex.split(host.run), directory=directory, scratch=scratch)


class CompanionProgram:
    """See `Guest`. It runs on a thread, in turn with all others."""

    takes: Literal["signal", "send"] = "send"

    def __init__(
        self,
        scenario: Scenario,
        stage: Stage,
        host: Host,
        program: Program,
        folder: Path,
        given: Given,
    ) -> None:
        """It works in the folder, in all of its lives."""
        self._scenario = scenario
        self._world = stage.world
        self._program = program
        self._folder = folder
        self._given = given
        self.host = host
        self.exit_code: int | None = None
        self.troubles: list[str] = []
        self.over_budget: list[str] = []
        self.signals_lost: list[str] = []
        self._error: SimulatorError | None = None
        self._restart: Restart | None = None
        self._crashes = Crashes(scenario.crash, stage.world, host, self._crashed)

    @property
    def crashes_fired(self) -> Mapping[str, int]:
        return self._crashes.fired

    def begin(self) -> None:
        self.exit_code = None
        self.host.around = self._program.process(self._folder, self._given).in_force
        life = self.host.lives
        self.host.start_program(lambda: self._live(life))

    def _live(self, life: int) -> None:
        """The body of its thread."""
        try:
            code = ended(self._program, self.host)
        except HostCrashed:
            return
        except SimulatorError as error:
            self._error = error
            code = 1
        if life == self.host.lives and not self.host.dead:
            self._note_exit(code)

    def _note_exit(self, code: int) -> None:
        self.exit_code = code
        self._world.trace.record("exit", self.host.name, code=code)

    def _crashed(self, crash: Crash) -> None:
        self._restart = crash.restart
        if crash.restart is not None:
            self._world.env.call_after(crash.restart.after, self._start_again)

    def _start_again(self) -> None:
        self._restart = None
        self.host.restart()
        self.begin()

    def give(self, stimulus: Stimulus) -> None:
        assert stimulus.send is not None
        self._send(signal.Signals[stimulus.send])

    def _send(self, number: int) -> None:
        if not self.host.dead and self.exit_code is None:
            self.host.signal(number)

    def is_idle(self) -> bool:
        if self._error is not None:
            raise self._error
        return self._restart is None

    def look_back(self) -> None:
        """Nobody waits for a program: it goes on until it is told to end."""

    def stop(self) -> None:
        world = self._world
        self._send(signal.SIGTERM)
        world.run_until(self._is_over, limit_ns=world.env.now + GRACE_NS)
        if not self._is_over():
            self.over_budget.append(f"the program on {self.host.name}: {still_running(self.host)}")
            self._send(signal.SIGKILL)
        if self._error is not None:
            raise self._error
        if self.host.dead:
            self.exit_code = self.host.ended_with

    def _is_over(self) -> bool:
        return self.host.dead or self.exit_code is not None

    def leave(self) -> None:
        """What its thread finds is its own until the world has ended it."""

    def believes(self) -> None:
        """Nobody asks a program what it believes."""
