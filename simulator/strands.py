"""Threads of the code under test, one at a time: each runs to its next blocking point, then hands
over.

A `Strand` is a real thread that runs only while it holds the baton. It gets the baton from the
world, when what it waits for has come, in the order in which threads were started, and gives it
back where it waits: a sleep, a socket, a lock, a queue, a join. So nothing depends on the
operating system's scheduler.
"""

from __future__ import annotations

import _thread
import sys
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.caller import place_of
from simulator.errors import WorldError
from simulator.unwinding import PATIENCE, unwind

if TYPE_CHECKING:
    import threading

    from simulator.host import Host
    from simulator.world import World

STUCK_S = 60
"""Real seconds without a blocking point after which a thread is said to be stuck."""

_UNWINDINGS = 100
"""How often a thread is told that its world is over before it is left standing."""

_new_lock = _thread.allocate_lock


def _nothing() -> None:
    """What is to be done before most threads are unwound."""


class Strand:
    """See the module. Made when code on a host starts a thread."""

    def __init__(self, world: World, host: Host, number: int) -> None:
        self.world = world
        self.host = host
        self.number = number
        self.over = False
        self.ident = 0
        self.thread: threading.Thread | None = None
        """What `threading` calls it; None for one that was started below that."""
        self._ready: Callable[[], bool] | None = lambda: True
        self.until_ns: int | None = None
        self.before_unwinding: Callable[[], None] = _nothing
        self._interruptions: deque[Callable[[], object]] = deque()
        self._cancelled = 0
        self.dead = False
        """Its host has crashed."""
        self.lost = False
        """It was given up: it stands where the world does not see it."""
        self._go = _new_lock()
        self._go.acquire()
        self._back = _new_lock()
        self._back.acquire()

    # on the world's side

    def is_due(self, now_ns: int) -> bool:
        """Whether what it waits for has come, or the time for it is over."""
        if self.over or self.dead:
            return False
        if self._interruptions or (self._ready is not None and self._ready()):
            return True
        return self.until_ns is not None and self.until_ns <= now_ns

    def step(self) -> None:
        """Hands the baton over; returns when the thread waits again or has ended.

        Raises WorldError when it does neither for a minute of real time.
        """
        world = self.world
        strands = world.strands
        before, strands.current = strands.current, self
        try:
            with self.host.around(), world.at(self.host):
                self._go.release()
                if not self._back.acquire(timeout=STUCK_S):
                    self.over = self.lost = True
                    raise WorldError(
                        f"a thread of {self.host.name} has neither ended nor waited for "
                        f"{STUCK_S} s of real time, at {self.place()}; what it waits for there is "
                        f"not simulated (a lock made before the run, C code), or it never waits"
                    )
        finally:
            strands.current = before

    def interrupt(self, handler: Callable[[], object]) -> None:
        """Has the thread call something where it waits, as a signal does, and wait on."""
        self._interruptions.append(handler)

    def place(self) -> str:
        """Where its code stands."""
        return place_of(sys._current_frames().get(self.ident))

    def die(self) -> None:
        """Nothing of it goes on from here."""
        self.dead = True
        self.before_unwinding()

    def unwind(self) -> None:
        """Ends the thread: its world is over, or its host has crashed."""
        self.before_unwinding()
        while not self.over and self._cancelled < _UNWINDINGS:
            self._cancelled += 1
            self.step()

    # on the thread's side

    def run(self, function: Callable[..., object], args: tuple[object, ...]) -> None:
        """The body of the thread."""
        self._go.acquire()
        self.ident = _thread.get_ident()
        try:
            if not self._cancelled:
                function(*args)
        finally:
            self.over = True
            self._back.release()

    def wait(self, ready: Callable[[], bool] | None, until_ns: int | None) -> bool:
        """Gives the baton back until `ready`, at most until a moment; whether it became ready.

        Raises SystemExit where its world is over, HostCrashed where its host is, and what a handler
        of a signal raises that comes meanwhile.
        """
        while True:
            if self.lost:
                raise SystemExit  # the world has gone on without it
            if self.dead:  # it has brought the crash about itself
                raise self.host.crashed()
            self._ready, self.until_ns = ready, until_ns
            self._back.release()
            self._go.acquire()
            if self._cancelled:
                if self.dead or self._cancelled > PATIENCE:
                    unwind("its world is over")
                raise SystemExit  # no `except Exception` of the guest's keeps it
            if not self._interruptions:
                return ready is not None and ready()
            while self._interruptions:
                self._interruptions.popleft()()
            if ready is not None and ready():
                return True
            if until_ns is not None and until_ns <= self.world.env.now:
                return False


class Strands:
    """The threads of a world, in the order in which they were started."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.alive: list[Strand] = []
        """Those that have not ended, in that order."""
        self._count = 0
        self.current: Strand | None = None
        """The one that has the baton; None while the world's own thread runs."""

    def add(self, host: Host) -> Strand:
        """A new thread of this host, which has not begun."""
        self._count += 1
        strand = Strand(self._world, host, self._count)
        self.alive.append(strand)
        return strand

    def take_turns(self) -> bool:
        """Each that is due runs to its next blocking point; whether any did."""
        ran = False
        for strand in tuple(self.alive):
            if strand.is_due(self._world.env.now):
                ran = True
                strand.step()
        if ran:
            self.alive = [strand for strand in self.alive if not strand.over]
            self._world.count_turn()
        return ran

    def next_ns(self) -> int | None:
        """When the earliest of their waits is over, or None."""
        ends = [strand.until_ns for strand in self.alive if strand.until_ns is not None]
        return min(ends, default=None)

    def kill(self, host: Host) -> list[Strand]:
        """Those of a host that has crashed stay where they are; returns them, to be unwound."""
        dead = [strand for strand in self.alive if strand.host is host]
        self.alive = [strand for strand in self.alive if strand.host is not host]
        for strand in dead:
            strand.die()
        return dead

    def unwind(self) -> None:
        """The world is over: they end."""
        for strand in tuple(self.alive):
            strand.unwind()
        self.alive.clear()

    def places(self, host: Host | None = None) -> list[str]:
        """Where each one stands, or each of one host's, for a person to read."""
        return [
            f"{strand.host.name}: thread {strand.number} at {strand.place()}"
            for strand in self.alive
            if host is None or strand.host is host
        ]
