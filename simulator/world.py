# mypy: disable-error-code="attr-defined"
# It reads the ready queues of its loops, which are asyncio's own and not in typeshed.
"""A world: one virtual clock, its hosts, the network between them, and the seed.

    with World(seed=1, start="2025-10-28T22:34:00+04:00") as world:
        bot = world.host("bot")
        venue = world.host("venue", names=("fapi.binance.com",))
        venue.start(serve())
        world.run_until(bot.start(main()))

Inside the `with`, everything that tells time tells the world's, randomness comes from the seed, and
nothing real can be reached. One world can be entered at a time.
"""

from __future__ import annotations

import _thread
import asyncio
import gc
import math
from asyncio import events
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from logging import LogRecord
from typing import TYPE_CHECKING, Any, TypeVar, overload

from simulator.clock import NS_PER_S, Clock, parse_start
from simulator.closing import close_world
from simulator.crash import Graves
from simulator.errors import (
    OverBudgetError,
    RealConnectionError,
    SimulatorError,
    WorldError,
)
from simulator.host import Host
from simulator.loop import HostLoop
from simulator.neighbours import Address, Neighbour, Neighbours
from simulator.network import Network
from simulator.randomness import Streams
from simulator.stall import spinning, stalled, waiting
from simulator.standing import stand_still
from simulator.strands import Strands
from simulator.takeover import takeover
from simulator.trace import Trace
from simulator.unwinding import Patience

if TYPE_CHECKING:
    from types import TracebackType

T = TypeVar("T")

_STEP_LIMIT = 1_000_000
"""Turns at one instant before a host is said to spin: a second or two of real time."""

COLLECT_EVERY = 50_000
"""Moments between two garbage collections: the same ones in every run."""


class World:
    """See the module. `seed` decides every draw; `start` needs a UTC offset, which becomes the
    local time zone of the run. `step_limit` is how many turns may pass without time passing.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        start: str | datetime | int = "2025-01-01T00:00:00+00:00",
        step_limit: int = _STEP_LIMIT,
    ) -> None:
        start_ns, self.utc_offset_s = parse_start(start)
        self.env = Clock(start_ns)
        self.streams = Streams(seed)
        self.seed = seed
        self.trace = Trace(self.env)
        self.network = Network(self)
        self.neighbours = Neighbours(self)
        self.strands = Strands(self)
        self.hosts: dict[str, Host] = {}
        self.current: Host | None = None
        """The host whose code runs now; its clock is the one that is told."""
        self.refusals: list[RealConnectionError] = []
        """Attempts to leave the world, in order, also those whose error was swallowed."""
        self.log_listeners: list[Callable[[LogRecord], None]] = []
        """Told of every log record, hidden ones too, after it was handled."""
        self.loggers_heard: Sequence[str] | None = None
        """Patterns of loggers whose hidden records somebody waits for; None: all are recorded, as a
        trace that is read has to have them. Set before anything is logged."""
        self.graves = Graves(self)
        self.patience = Patience()
        self.deaf = False
        """What is left of a crashed host is being cleared away: nothing it says is heard."""
        self.wall_shift_ns = 0
        """How far `freeze_time` has set the wall clocks off the world's time."""
        self.limit_ns: float = math.inf
        """The moment beyond which no time may pass: getting there is an OverBudgetError."""
        self.step_limit = step_limit
        self._turns = 0
        self._moments = 0
        self._loops: list[HostLoop] = []
        self._entered: ExitStack | None = None
        self._thread_ident = 0

    # hosts

    def host(
        self,
        name: str,
        *,
        names: tuple[str, ...] = (),
        clock_offset_ns: int = 0,
        drift_ppm: float = 0.0,
    ) -> Host:
        """A new machine, answering at `name` and at the further `names`."""
        if name in self.hosts:
            raise WorldError(f"a host named {name!r} exists already; host names are unique")
        address = self.network.names.new_address()
        host = Host(
            self,
            name,
            address=address,
            names=(name, *names),
            clock_offset_ns=clock_offset_ns,
            drift_ppm=drift_ppm,
        )
        self.network.names.add(host)
        self.hosts[name] = host
        return host

    def neighbour(
        self, name: str, address: str, *, timeout_s: float = 30.0, settle_s: float = 0.02
    ) -> Neighbour:
        """Allows connections to a real server on this machine, at `address` or by `name`.

        `address` is `127.0.0.1:5432` or the path of a Unix socket. No virtual time passes while it
        owes a reply; `timeout_s` and `settle_s` are real time, see `Neighbour`. Raises InputError
        for an address that is not this machine's.
        """
        if name in self.hosts:
            raise WorldError(f"a host named {name!r} exists already; names are unique")
        neighbour = Neighbour(name, Address.parse(address), timeout_s, settle_s)
        self.neighbours.add(neighbour)
        return neighbour

    def add_loop(self, loop: HostLoop) -> None:
        """Has the world drive a loop from now on."""
        self._loops.append(loop)

    def forget_loop(self, loop: HostLoop) -> None:
        """Stops driving a loop that was closed."""
        if loop in self._loops:
            self._loops.remove(loop)

    def loops_of(self, host: Host) -> Iterator[HostLoop]:
        """The open loops of a host, oldest first."""
        return (loop for loop in self._loops if loop.host is host)

    @contextmanager
    def at(self, host: Host) -> Iterator[None]:
        """Within it, `host` is the one whose code runs."""
        before, self.current = self.current, host
        try:
            yield
        finally:
            self.current = before

    @property
    def digest(self) -> str:
        """The digest of everything that has happened so far: `trace.digest()`."""
        return self.trace.digest()

    # entering and leaving

    def __enter__(self) -> World:
        if self._entered is not None:
            raise WorldError("this world is already entered")
        self._thread_ident = _thread.get_ident()
        with ExitStack() as stack:
            stack.enter_context(takeover(self))
            stack.callback(close_world, self)
            self._entered = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        entered, self._entered = self._entered, None
        if entered is not None:
            entered.close()

    # running from outside

    @overload
    def run_until(self, target: asyncio.Future[T]) -> T: ...
    @overload
    def run_until(
        self, target: int | datetime | Callable[[], bool], *, limit_ns: int | None = None
    ) -> None: ...
    def run_until(self, target: Any, *, limit_ns: int | None = None) -> Any:
        """Runs the world until a task is done, a moment has come, or a condition holds.

        A moment is an aware datetime or nanoseconds since the epoch; everything due at it still
        runs. A condition is looked at between turns, up to the moment `limit_ns` where one is
        given. Returns the task's result or raises its exception. Raises StalledError when nothing
        can happen any more, SpinningError when time does not pass.
        """
        if isinstance(target, asyncio.Future):
            self._run(target.done, None)
            return target.result()
        if isinstance(target, (int, datetime)):
            until_ns, _ = parse_start(target)
            if until_ns < self.env.now:
                raise WorldError(f"time can't go backwards: now {self.env.now}, asked {until_ns}")
            self._run(None, until_ns)
            return None
        self._run(target, limit_ns)
        return None

    def run_for(self, seconds: float) -> None:
        """Runs the world for a span of virtual time."""
        self._run(None, self.env.now + round(seconds * NS_PER_S))

    def _run(self, done: Callable[[], bool] | None, until_ns: int | None) -> None:
        if self._entered is None:
            raise WorldError("enter the world first: `with World(...) as world:`")
        running = events._get_running_loop()
        if running is not None:
            raise WorldError("a world cannot be run from inside a coroutine; await instead")
        while done is None or not done():
            if self.graves.are_open:  # here no host's code is in the middle of anything
                self.graves.bury()
            if self._take_turns():
                continue
            if not self._move_on(until_ns):
                if until_ns is None:
                    raise stalled(self._loops, self.strands.places())
                break
        self.patience.check()

    # running: turns at one instant, then on to the next

    def _take_turns(self) -> bool:
        """Gives everything that is due one turn, in a fixed order; whether anything was due."""
        env = self.env
        ran = False
        events_due = env._queue
        if events_due and events_due[0][0] <= env._now:
            env.run_due()
            ran = True
        loops = self._loops
        for loop in tuple(loops) if len(loops) > 1 else loops:
            if not loop._ready:  # `is_due`, without the call: this is the hottest line of all
                timers = loop._timers
                if not timers or timers[0][0] > env._now:
                    continue
            if not loop.may_run:
                continue
            ran = True
            before_loop, before_host = events._get_running_loop(), self.current
            self.current = loop.host
            events._set_running_loop(loop)
            try:
                loop.run_due()
            finally:
                events._set_running_loop(before_loop)
                self.current = before_host
        if self.strands.alive and self.strands.take_turns():
            ran = True
        return ran

    def count_turn(self) -> None:
        """Called by a loop after each of its turns; raises SpinningError past the limit."""
        self._turns += 1
        if self._turns > self.step_limit:
            raise self.fatal(spinning(self._loops, self.step_limit, self.env.elapsed_ns))

    def _move_on(self, until_ns: int | None, driver: HostLoop | None = None) -> bool:
        """Lets time jump to the next event, at most to `until_ns`; whether there is one.

        Only what can run then counts: the loops that may have a turn, and those that wait for
        their own, the `driver` and any on threads.
        """
        if self.neighbours.waiting and self.neighbours.answer():
            return True
        env = self.env
        queue = env._queue
        next_ns: int | None = queue[0][0] if queue else None
        for loop in self._loops:
            if not (loop.may_run or loop is driver or loop.selecting):
                continue
            timers = loop._timers
            if not timers:
                continue
            timer_ns: int | None = timers[0][0]
            if timers[0][2]._cancelled:
                timer_ns = loop.next_timer_ns()
            if timer_ns is not None and (next_ns is None or timer_ns < next_ns):
                next_ns = timer_ns
        if self.strands.alive:
            wake_ns = self.strands.next_ns()
            if wake_ns is not None and (next_ns is None or wake_ns < next_ns):
                next_ns = wake_ns
        if until_ns is not None and (next_ns is None or next_ns > until_ns):
            if until_ns > self.limit_ns:
                env._now = int(self.limit_ns)
                raise self.fatal(self._over_budget())
            if until_ns > env._now:  # a blocking call inside another may have passed it
                env._now = until_ns
            self._turns = 0
            return False
        if next_ns is None:
            return False
        if next_ns > self.limit_ns:
            raise self.fatal(self._over_budget())
        if next_ns > env._now:
            env._now = next_ns
            self._turns = 0
            self._moments += 1
            if self._moments % COLLECT_EVERY == 0:
                gc.collect()
        return True

    # running from inside: a loop that drives, and code that blocks

    def owns_this_thread(self) -> bool:
        """Whether the code that asks is on the world's own thread or on one that it started."""
        strand = self.strands.current
        return _thread.get_ident() == (self._thread_ident if strand is None else strand.ident)

    def take_turns_around(self, driver: HostLoop) -> None:
        """The others have their turn; returns once `driver` has something to do."""
        strand = self.strands.current
        if strand is not None:  # a thread with a loop of its own: the world runs on another one
            driver.selecting = True  # its timers count: others may set earlier ones meanwhile
            try:
                strand.wait(lambda: driver.is_due() or driver.is_stopping(), None)
            finally:
                driver.selecting = False
            return
        events._set_running_loop(None)
        before, self.current = self.current, driver.host
        try:
            self._take_turns()
            driver.must_live()
            while not (driver.is_due() or driver.is_stopping()):
                if not self._take_turns() and not self._move_on(None, driver):
                    raise self.fatal(stalled(self._loops, self.strands.places()))
                driver.must_live()
        finally:
            self.current = before
            events._set_running_loop(driver)

    def block(self, duration_ns: int, *, told: bool = False) -> None:
        """The current host's code stands still for a while, and the world goes on around it.

        `told` where the trace says so already.
        """
        if duration_ns < 0:
            raise ValueError("sleep length must be non-negative")
        stand_still(self, None, duration_ns, told=told)

    def block_until(self, ready: Callable[[], bool] | None, duration_ns: int | None) -> bool:
        """The current host's code stands still until `ready`, at most for a while on its clock.

        Returns whether it became ready in time. Raises StalledError when it never can, and
        WorldError on a thread that the world did not start.
        """
        return stand_still(self, ready, duration_ns)

    # what went wrong

    def fatal(self, error: SimulatorError) -> SimulatorError:
        """An error after which no guest can go on: one that swallows it again and again is made
        to end."""
        self.patience.told(error)
        return error

    def _over_budget(self) -> OverBudgetError:
        return OverBudgetError(
            f"the run's virtual time is used up: it was to end within "
            f"{(self.limit_ns - self.env.start_ns) / NS_PER_S:g} s; raise the limit, or look for "
            f"what never ends{waiting(self._loops)}"
        )

    def note_refusal(self, error: RealConnectionError) -> None:
        """Keeps a refused attempt to leave the world, even if the bot swallows the error."""
        self.refusals.append(error)
        host = self.current.name if self.current else "world"
        self.trace.record("refused", host, what=error.what, target=error.target, at=error.caller)
