"""A machine in the world: its names, its address, its clock and its event loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from signal import SIGKILL
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from simulator import endings
from simulator.clock import NS_PER_S
from simulator.errors import HostCrashed, WorldError
from simulator.loop import HostLoop
from simulator.signals import send
from simulator.unwinding import unwind

if TYPE_CHECKING:
    from simulator.strands import Strand
    from simulator.takeover.endings import LastWords
    from simulator.world import World

T = TypeVar("T")

UPTIME_NS = 1_000 * NS_PER_S
"""What a host's monotonic clock shows when the world starts: like a machine that has been up."""


class Host:
    """One machine. Made by `World.host`.

    `clock_offset_ns` is how far its wall clock is ahead of the world's (negative: behind);
    `drift_ppm` how much faster both its clocks run, in parts per million.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        address: str,
        names: tuple[str, ...],
        clock_offset_ns: int,
        drift_ppm: float,
    ) -> None:
        self.world = world
        self.name = name
        self.address = address
        self.names = names
        self.clock_offset_ns = clock_offset_ns
        self.drift = drift_ppm / 1_000_000
        self.context = contextvars.Context()
        self.signal_handlers: dict[
            int, tuple[HostLoop, Callable[..., object], tuple[Any, ...]]
        ] = {}
        self.program_handlers: dict[int, Any] = {}
        """What its program set with `signal.signal`, by number."""
        self.ended_with = -SIGKILL
        """Of a host that has crashed: what its program ended with, minus the number of a signal."""
        self.last_words: list[LastWords] = []
        """What its program has registered with `atexit`."""
        self.signals_handled = 0
        """How often a handler of its program's was called."""
        self.ended_at: list[str] = []
        """Where its code stood when a signal ended it."""
        self.blocked: list[FrameType] = []
        """The calls in which its code stands still, the outermost first."""
        self.dead = False
        """It has crashed and was not restarted."""
        self.lives = 1
        """How often it was up, this time included."""
        self.on_crash: list[Callable[[], None]] = []
        """Told right after it has crashed."""
        self.on_write: Callable[[bytes], None] | None = None
        """Told what its code is about to send; a crash in there keeps it from being sent."""
        self.written_files: dict[str, None] = {}
        """Real files, databases too, that its code has opened to write."""
        self.around: Callable[[], AbstractContextManager[object]] = nullcontext
        """Entered around whatever its threads run."""
        self.main_strand: Strand | None = None
        """The thread of its main program, where that is not the world's own."""
        self.origin_ns = world.env.start_ns - UPTIME_NS
        self._loop: HostLoop | None = None
        self._kernel: HostLoop | None = None
        self._next_port = 49_152  # the first of the ephemeral ports

    def __repr__(self) -> str:
        return f"<Host {self.name}>"

    # clocks

    def _local_elapsed_ns(self) -> int:
        elapsed = self.world.env.elapsed_ns
        return elapsed + round(elapsed * self.drift) if self.drift else elapsed

    def wall_ns(self) -> int:
        """What the host's wall clock shows, in nanoseconds since the epoch."""
        return self.world.env.start_ns + self.clock_offset_ns + self._local_elapsed_ns()

    def monotonic_ns(self) -> int:
        """What the host's monotonic clock shows."""
        return UPTIME_NS + self._local_elapsed_ns()

    def moment_ns(self, monotonic_s: float) -> int:
        """The world's moment at which the host's monotonic clock shows `monotonic_s`."""
        local_ns = round(monotonic_s * NS_PER_S) - UPTIME_NS
        if self.drift:
            local_ns = round(local_ns / (1 + self.drift))
        return self.world.env.start_ns + local_ns

    # running

    @property
    def loop(self) -> HostLoop:
        """The loop the world drives for this host, made at first use."""
        if self.dead:
            raise WorldError(
                f"host {self.name} has crashed; call restart() before it runs anything"
            )
        if self._loop is None or self._loop.is_closed():
            self._loop = self.new_loop()
            self._loop.let_world_drive()
        return self._loop

    @property
    def kernel(self) -> HostLoop:
        """The loop of what a machine does whatever its programs do: it carries the bytes of
        blocking sockets while the host's own loops stand still."""
        if self._kernel is None or self._kernel.is_closed():
            self._kernel = self.new_loop()
            self._kernel.never_stands = True
            self._kernel.let_world_drive()
        return self._kernel

    def new_loop(self) -> HostLoop:
        """A further loop of this host, as `asyncio.run` asks for one."""
        loop = HostLoop(self)
        self.world.add_loop(loop)
        return loop

    def start(self, coro: Coroutine[Any, Any, T], *, name: str | None = None) -> asyncio.Task[T]:
        """Begins a coroutine on this host's loop; it runs whenever the world does."""
        with self.world.at(self):
            return self.loop.create_task(coro, name=name)

    def run(self, script: Callable[..., T], *args: Any) -> T:
        """Runs a plain function as this host's main program; it may call `asyncio.run`."""
        try:
            with self.world.at(self):
                return script(*args)
        except HostCrashed:
            self.world.patience.check()
            raise

    def start_program(self, script: Callable[[], object]) -> None:
        """Begins a plain function as this host's main program, on a thread of its own: it runs
        whenever the world does, beside other programs."""
        with self.world.at(self):
            threading.Thread(target=script, name="MainThread", daemon=True).start()
            self.main_strand = self.world.strands.alive[-1]

    def signal(self, number: int) -> None:
        """Sends its program a POSIX signal; without a handler most end it, as `crash` does. Raises
        what a handler of the program's raises."""
        send(self, number)

    def end_program(self) -> None:
        """Called where the code of its main program is over: as Python does at its end, waits for
        the threads that are no daemons and calls what was registered with `atexit`."""
        endings.come(self)

    # crashing

    def crash(self, why: str = "", *, code: int = -SIGKILL) -> None:
        """Ends everything on this host at once, as SIGKILL would; a host that is down stays so.
        `code` is what its program ends with.

        No code of it goes on: not from where it awaits, nor in a `finally` with any effect. Its
        connections end as their peers will see it. What remains is on disk: files as far as they
        were written out, databases as committed. It may be called from the host's own code, which
        gets HostCrashed as soon as it turns to the world again.
        """
        if self.dead:
            return
        self.dead, self.ended_with = True, code
        self.world.trace.record("crash", self.name, why=why)
        self.world.graves.kill(self)
        self.signal_handlers.clear()
        self.program_handlers.clear()
        self.last_words.clear()
        self._loop = None
        for told in self.on_crash:
            told()

    def restart(self) -> None:
        """The machine is up again, with nothing running on it: `start` or `run` what should."""
        if not self.dead:
            raise WorldError(f"host {self.name} is up; only one that has crashed can be restarted")
        self.world.graves.bury()
        self.dead = False
        self.ended_at = []
        self.main_strand = None
        self.lives += 1
        self.context = contextvars.Context()
        self.world.trace.record("restart", self.name)

    def must_live(self, life: int | None = None) -> None:
        """Raises HostCrashed where it has crashed, or has since it began this `life`."""
        if self.dead or (life is not None and life != self.lives):
            raise self.crashed()

    def crashed(self) -> HostCrashed:
        """The error for code of it that would go on; none of that code sees it."""
        why = f"host {self.name} has crashed"
        unwind(why)
        return HostCrashed(why)

    def take_port(self) -> int:
        """The next ephemeral port: in order, so that the same run has the same ports."""
        port = self._next_port
        self._next_port = port + 1 if port < 65_535 else 49_152
        return port
