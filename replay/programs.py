"""A program as a guest on the bot's host: run as it is, with its arguments and its environment.

What `coverage run` does for coverage: the program runs in this process as `__main__`, on the host
`bot`, in virtual time. It ends by itself, or is sent SIGTERM when the scenario is over, as by a
supervisor, and is killed where it does not end then.
"""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from replay import interpreter
from replay.crashes import Crashes
from replay.process import Process
from simulator.errors import HostCrashed, InputError, SimulatorError
from simulator.stall import where_it_stands

if TYPE_CHECKING:
    from replay.environment import Given
    from replay.stage import Stage
    from scenarios.crashes import Crash, Restart
    from scenarios.schema import Scenario
    from scenarios.stimuli import Stimulus
    from simulator.host import Host

GRACE_NS = 30_000_000_000
"""Virtual time that a program gets to end in, once it was told to."""


def still_running(host: Host) -> str:
    """What is said of a program that did not end when it was told to."""
    seconds, places = GRACE_NS // 1_000_000_000, "; ".join(where_it_stands(host))
    return f"still running {seconds} s after SIGTERM; it was killed while it {places}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What stands behind `replay exec SCENARIO --`."""

    name: str
    """A file, or a module with `module`."""
    arguments: Sequence[str] = ()
    module: bool = False
    directory: Path = Path()
    scratch: bool = False
    """Whether it works in a copy of the directory, which is thrown away."""
    env_file: Path | None = None

    @classmethod
    def of(
        cls,
        command: Sequence[str],
        *,
        directory: Path = Path(),
        env_file: Path | None = None,
        scratch: bool = False,
    ) -> Program:
        """As typed: a file or `-m` and a module, then its arguments. Raises InputError where there
        is no such file."""
        module = list(command[:1]) == ["-m"]
        name, *arguments = command[1:] if module else command
        if not module and not (directory / name).is_file():
            less = "leave `python` out; " if re.fullmatch(r"python[\d.]*", name) else ""
            raise InputError(
                f"{directory / name}: no such program; {less}name a Python file, or -m MODULE"
            )
        return cls(
            name=name,
            arguments=arguments,
            module=module,
            directory=directory,
            scratch=scratch,
            env_file=env_file,
        )

    def command(self) -> str:
        """As it is typed, with what is said of it before `--`."""
        where = () if self.directory == Path() else ("--directory", str(self.directory))
        file = () if self.env_file is None else ("--env-file", str(self.env_file))
        copied = ("--scratch",) if self.scratch else ()
        module = ("-m",) if self.module else ()
        return shlex.join((*where, *file, *copied, "--", *module, self.name, *self.arguments))

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Where it works, in all of its lives."""
        folder = self.directory.resolve()
        if not self.scratch:
            yield folder
            return
        with tempfile.TemporaryDirectory(prefix="replay-") as copy:
            target = Path(copy) / folder.name
            yield Path(shutil.copytree(folder, target, symlinks=True, ignore=_not_its_own))

    def process(self, folder: Path, given: Given) -> Process:
        """What one life of it finds in that folder."""
        first = folder if self.module else (folder / self.name).resolve().parent
        return Process(
            arguments=[self.name, *self.arguments],
            path=[str(first), *sys.path],
            directory=folder,
            environment=given.values,
        )


def _not_its_own(folder: str, names: list[str]) -> list[str]:
    """What a program has beside itself and never writes: environments, histories, caches."""
    return [
        name for name in names if name in _NOT_COPIED or Path(folder, name, "pyvenv.cfg").is_file()
    ]


_NOT_COPIED = (
    *(".git", ".hg", ".svn", "node_modules", "__pycache__", ".tox", ".nox"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache"),
)


class ProgramGuest:
    """See `Guest`. It runs on the main thread, and its loop drives the world."""

    takes: Literal["signal", "send"] = "send"

    def __init__(
        self, scenario: Scenario, stage: Stage, program: Program, folder: Path, given: Given
    ) -> None:
        """It works in the folder, in all of its lives."""
        self._folder = folder
        self._scenario = scenario
        self._world = stage.world
        self._program = program
        self._given = given
        self.host = stage.bot_host
        self.exit_code: int | None = None
        self.troubles: list[str] = []
        self.over_budget: list[str] = []
        self.signals_lost: list[str] = []
        self._restart: Restart | None = None
        self._crashes = Crashes(scenario.crash, stage.world, self.host, self._crashed)

    @property
    def crashes_fired(self) -> Mapping[str, int]:
        return self._crashes.fired

    def _crashed(self, crash: Crash) -> None:
        self._restart = crash.restart

    def run(self) -> None:
        """From the program's start to its end, in all of its lives."""
        world, until_ns = self._world, self._scenario.until
        world.env.call_after(until_ns - world.env.now, self._time_is_up)
        self.exit_code = self._live()
        while self._restart is not None and world.env.now + self._restart.after < until_ns:
            world.run_until(world.env.now + self._restart.after)
            self._restart, self.exit_code = None, None
            self.host.restart()
            self.exit_code = self._live()
        world.trace.record("exit", self.host.name, code=self.exit_code)

    def _live(self) -> int:
        """One life of the program, and what it ended with."""
        process = self._program.process(self._folder, self._given)
        try:
            with process.in_force(), interpreter.as_in_a_new_process():
                return self.host.run(ended, self._program, self.host)
        except HostCrashed:
            host = self.host
            if host.ended_at:
                name = signal.Signals(-host.ended_with).name
                places = "\n  ".join(host.ended_at)
                sys.stderr.write(f"{self._program.name}: ended by {name}, while it\n  {places}\n")
            return host.ended_with

    def give(self, stimulus: Stimulus) -> None:
        assert stimulus.send is not None
        self._send(signal.Signals[stimulus.send])

    def _send(self, number: int) -> None:
        if not self.host.dead and self.exit_code is None:
            self.host.signal(number)

    def is_over(self) -> bool:
        """Whether it has ended for good."""
        return self.exit_code is not None

    def _time_is_up(self) -> None:
        if self.exit_code is None:
            self._send(signal.SIGTERM)
            self._world.env.call_after(GRACE_NS, self._kill)

    def _kill(self) -> None:
        if self.exit_code is None:
            self.over_budget.append(f"the program: {still_running(self.host)}")
            self._send(signal.SIGKILL)

    def leave(self) -> None:
        """Each of its lives has left by itself."""

    def believes(self) -> None:
        """Nobody asks a program what it believes."""


def ended(program: Program, host: Host) -> int:
    """Runs the program as `__main__` on a host, to the end of its process; what it ends with.

    Raises SimulatorError and HostCrashed.
    """
    code = _left_with(program)
    host.end_program()
    return code


def _left_with(program: Program) -> int:
    """What its code ends with."""
    try:
        if program.module:
            runpy.run_module(program.name, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(program.name, run_name="__main__")
    except SystemExit as error:
        return _exit_code(error.code)
    except KeyboardInterrupt as error:
        _tell_uncaught(error)
        return -signal.SIGINT
    except SimulatorError as error:
        if not isinstance(error, OSError):
            raise
        _tell_uncaught(error)
        return 1
    except Exception as error:
        _tell_uncaught(error)
        return 1
    return 0


def _tell_uncaught(error: BaseException) -> None:
    """As Python does: by the program's own hook, where it has one."""
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except (Exception, SystemExit):
        traceback.print_exc()


def _exit_code(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code
    sys.stderr.write(f"{code}\n")
    return 1
