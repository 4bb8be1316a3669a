"""A program as a guest on the bot's host: run as it is, with its arguments and its environment.

What `coverage run` does for coverage: the program runs in this process as `__main__`, on the host
`bot`, in virtual time. It ends by itself, or is sent SIGTERM when the scenario is over, as by a
supervisor, and is killed where it does not end then.
"""

from __future__ import annotations

import os
import runpy
import shlex
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replay import environment
from replay.crashes import Crashes
from replay.environment import Given
from simulator.errors import HostCrashed, InputError, SimulatorError

if TYPE_CHECKING:
    from replay.stage import Stage
    from scenarios.crashes import Crash, Restart
    from scenarios.schema import Scenario
    from scenarios.stimuli import Stimulus

GRACE_NS = 30_000_000_000
"""Virtual time that a program gets to end in, once it was told to."""


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
            raise InputError(
                f"{directory / name}: no such program; name a Python file, or -m MODULE"
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
        """As it is typed."""
        return shlex.join((*(("-m",) if self.module else ()), self.name, *self.arguments))


class ProgramGuest:
    """One run of a program."""

    def __init__(self, scenario: Scenario, stage: Stage, program: Program) -> None:
        for stimulus in scenario.stimulus:
            if stimulus.signal is not None:
                raise InputError(
                    f"{scenario.name}: stimulus: a program is handed no `signal`; write a `wave`, "
                    "which it fetches from the signal server, or use an adapter (bot.factory)"
                )
        self._scenario = scenario
        self._stage = stage
        self._program = program
        self._given = environment.given(scenario, stage, program.env_file)
        self.exit_code: int | None = None
        """What the program ended with; minus the signal's number if one ended it."""
        self.troubles: list[str] = []
        self.over_budget: list[str] = []
        self.signals_lost: list[str] = []
        """None: a program fetches its signals by itself."""
        self._restart: Restart | None = None
        host = stage.bot_host
        self._crashes = Crashes(scenario.crash, stage.world, host, self._crashed)

    @property
    def crashes_fired(self) -> Mapping[str, int]:
        """How often each crash of the scenario has come: 0 for those that never did."""
        return self._crashes.fired

    def _crashed(self, crash: Crash) -> None:
        self._restart = crash.restart

    def run(self) -> None:
        """From the program's start to its end, and then until things have settled."""
        scenario, world, host = self._scenario, self._stage.world, self._stage.bot_host
        for stimulus in scenario.stimulus:
            self._at(stimulus.at, self._stimulating(stimulus))
        self._at(scenario.until, lambda: self._send(signal.SIGTERM))
        self._at(scenario.until + GRACE_NS, self._end)
        with _folder(self._program) as folder:
            self.exit_code = self._run_in(folder)
            while (
                self._restart is not None and world.env.now + self._restart.after < scenario.until
            ):
                world.run_until(world.env.now + self._restart.after)
                self._restart, self.exit_code = None, None
                host.restart()
                self.exit_code = self._run_in(folder)
        world.trace.record("exit", host.name, code=self.exit_code)
        settled_ns = min(world.env.now + scenario.settle, scenario.until)
        if settled_ns > world.env.now and not host.dead:
            world.run_until(settled_ns)

    def _run_in(self, folder: Path) -> int:
        """One life of the program, and what it ended with."""
        try:
            with (
                self._stage.world.at(self._stage.bot_host),
                _as_main_program(self._program, folder, self._given),
            ):
                return _ended(self._program)
        except HostCrashed:
            return -(self._stage.bot_host.ended_by or signal.SIGKILL)

    def _send(self, number: int) -> None:
        if not self._stage.bot_host.dead:
            self._stage.bot_host.signal(number)

    def _at(self, time_ns: int, action: Callable[[], object]) -> None:
        env = self._stage.world.env
        if time_ns >= env.now:
            env.timeout(time_ns - env.now).callbacks.append(lambda _: self._unless_over(action))

    def _unless_over(self, action: Callable[[], object]) -> None:
        if self.exit_code is None:
            action()

    def _stimulating(self, stimulus: Stimulus) -> Callable[[], object]:
        if stimulus.send is not None:
            number = signal.Signals[stimulus.send]
            return lambda: self._send(number)
        assert stimulus.wave is not None
        wave, time_ns = stimulus.wave, stimulus.wave_ns
        return lambda: self._stage.publish(wave, time_ns)

    def _end(self) -> None:
        self.over_budget.append(
            f"the program: still running {GRACE_NS // 1_000_000_000} s after SIGTERM; it was killed"
        )
        self._stage.bot_host.signal(signal.SIGKILL)

    def believes(self) -> Mapping[str, Any] | None:
        """Nobody asks a program what it believes."""
        return None


def _ended(program: Program) -> int:
    """Runs the program as `__main__`; what it ends with. Raises SimulatorError and HostCrashed."""
    try:
        if program.module:
            runpy.run_module(program.name, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(program.name, run_name="__main__")
    except SystemExit as error:
        return _exit_code(error.code)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except SimulatorError as error:
        if not isinstance(error, OSError):
            raise
        traceback.print_exc()
        return 1
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def _exit_code(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code
    sys.stderr.write(f"{code}\n")
    return 1


@contextmanager
def _folder(program: Program) -> Iterator[Path]:
    """Where it works, in all of its lives."""
    folder = program.directory.resolve()
    if not program.scratch:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="replay-") as copy:
        yield Path(shutil.copytree(folder, Path(copy) / folder.name, symlinks=True))


@contextmanager
def _as_main_program(program: Program, folder: Path, given: Given) -> Iterator[None]:
    """Arguments, import path, directory and environment as a program finds them."""
    with ExitStack() as undo:
        undo.enter_context(_modules_of_its_own())
        undo.callback(os.chdir, Path.cwd())
        os.chdir(folder)
        first = "" if program.module else str(Path(program.name).resolve().parent)
        undo.callback(setattr, sys, "argv", sys.argv)
        undo.callback(setattr, sys, "path", list(sys.path))
        sys.argv = [program.name, *program.arguments]
        sys.path.insert(0, first or str(folder))
        undo.enter_context(environment.in_force(given))
        yield


@contextmanager
def _modules_of_its_own() -> Iterator[None]:
    """What the program imports of its own is forgotten afterwards: the next run starts anew."""
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in [each for each in sys.modules if each not in before]:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if name.partition(".")[0] not in _STAYING and not _is_installed(file):
                del sys.modules[name]


def _is_installed(file: str) -> bool:
    return "site-packages" in Path(file).parts or file.startswith(sys.base_prefix)


_STAYING = ("simulator", "scenarios", "replay", "bot_under_test")
