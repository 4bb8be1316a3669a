"""The neighbours of one world, and the pause that it makes while one of them owes a reply.

Virtual time would pass only where nothing is ready. `answer` is asked right before: it waits for
real as long as a reply is owed, and hands what has come to the guests in the order in which they
asked. So all that a neighbour says belongs to the moment at which it was asked.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from simulator.errors import InputError, NeighbourError, WorldError
from simulator.neighbours.address import Address
from simulator.neighbours.line import Line
from simulator.neighbours.sockets import peer_of, shut, sockets_to
from simulator.neighbours.watched import Watched, is_dead

if TYPE_CHECKING:
    from simulator.host import Host
    from simulator.loop import HostLoop
    from simulator.world import World

_real_monotonic = time.monotonic  # this package keeps the real clock: it waits for real servers

_TIMEOUT_S = 30.0
_SETTLE_S = 0.02
_GLANCE_S = 0.000_5
"""How often a reply that has begun to arrive is looked at."""
_LOOKS = 100
"""How often, at one moment, to look for what nobody asked for."""


class _RealSelector(selectors.DefaultSelector):
    """Keeps waiting for real where all other selectors of a run wait in virtual time."""

    if hasattr(selectors.DefaultSelector, "_selector_cls"):
        _selector_cls: Any = selectors.DefaultSelector._selector_cls


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A real server. `timeout_s` (real time) is how long a reply may take; `settle_s` how long to
    look out for what nobody asked for, and for replies that come later than others."""

    name: str
    address: Address
    timeout_s: float = _TIMEOUT_S
    settle_s: float = _SETTLE_S


class Waiting(Protocol):
    """A connection to a neighbour, as the pause sees it: a `Line` or a `Watched`."""

    neighbour: Neighbour
    loop: HostLoop
    asked: int
    partly: bool

    @property
    def owed(self) -> bool: ...
    @property
    def listening(self) -> bool: ...
    @property
    def has_news(self) -> bool: ...
    def quiet(self) -> bool: ...
    def ready(self, mask: int) -> None: ...
    def look_again(self) -> bool: ...
    def hand_over(self) -> None: ...
    def cut(self) -> None: ...


def no_tls(neighbour: Neighbour) -> NeighbourError:
    """The error for who asks for an encrypted connection."""
    return NeighbourError(
        f"TLS to neighbour {neighbour.name} at {neighbour.address} is not spoken, its bytes never "
        f"leave this machine; connect without: sslmode=disable, redis://"
    )


def _number(one: Waiting) -> int:
    return one.asked


class Neighbours:
    """See the module. One per world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._named: dict[str, Neighbour] = {}
        self.waiting: dict[Waiting, None] = {}
        """The open connections, in the order in which they were made."""
        self.connecting = False
        """Whether the world itself is connecting to one: the fence lets that pass."""
        self._watched: dict[int, Watched] = {}
        self._from_before: set[int] = set()
        """Sockets that were connected to them before the run: the harness's own, by inode."""
        self._selector: selectors.BaseSelector | None = None
        self._numbers = 0
        self._asked = False
        """Whether anything was asked since time last passed."""
        self._looked_ns = -1
        self._looks = 0

    # who there is

    def add(self, neighbour: Neighbour) -> None:
        """Names one. Raises WorldError for a name that is taken."""
        if neighbour.name in self._named:
            raise WorldError(f"a neighbour named {neighbour.name!r} exists already")
        self._named[neighbour.name] = neighbour
        self._from_before |= {inode for _, inode in sockets_to(neighbour.address.matches)}

    @property
    def named(self) -> tuple[Neighbour, ...]:
        """All of them."""
        return tuple(self._named.values())

    def at(self, address: object) -> Neighbour | None:
        """The one that listens at a socket's address, if any."""
        for each in self._named.values():
            if each.address.matches(address):
                return each
        return None

    def find(self, host: object, port: object) -> Neighbour | None:
        """The one that a guest means by a host, its own name or a real one, and a port."""
        if not self._named:
            return None
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        return self._named.get(name) or self.at((name, port))

    def real_host(self, name: str) -> str | None:
        """The real address behind a neighbour's name."""
        found = self._named.get(name)
        return found.address.host or None if found else None

    def check(self) -> None:
        """Looks whether all are there. Raises InputError for one that is not."""
        for each in self._named.values():
            try:
                self._socket_to(each).close()
            except OSError as error:
                raise InputError(
                    f"neighbour {each.name}: nobody answers at {each.address} "
                    f"({error.strerror or error}); start the server, or say where it listens"
                ) from error

    # connections

    def _socket_to(self, neighbour: Neighbour) -> socket.socket:
        self.connecting = True
        try:
            return neighbour.address.connect(neighbour.timeout_s)
        finally:
            self.connecting = False

    def connect(self, loop: HostLoop, neighbour: Neighbour) -> Line:
        """A real connection, for a guest on `loop`. Raises OSError where nobody listens."""
        self._world.trace.record("neighbour", loop.host.name, name=neighbour.name)
        line = Line(self, neighbour, loop, self._socket_to(neighbour))
        self.waiting[line] = None
        return line

    def add_watch(self, loop: HostLoop, fd: int, mask: int, handle: asyncio.Handle) -> bool:
        """A guest waits for a socket that C code has opened; whether that is allowed: it leads to
        a neighbour, or to nobody, as where the connection was refused."""
        if not self._named:
            return False
        watched = self._watched.get(fd)
        if watched is None or not watched.is_still(fd):
            neighbour = peer_of(fd, self.at)
            if neighbour is None:
                if is_dead(fd):
                    loop.call_soon(handle._run)
                    return True
                return False
            self.drop_watch(fd)
            watched = self._watched[fd] = Watched(self, neighbour, loop, fd)
        watched.add(mask, handle)
        return True

    def remove_watch(self, fd: int, mask: int) -> bool:
        """As `loop.remove_reader` and `remove_writer`: whether there was one."""
        watched = self._watched.get(fd)
        return watched is not None and watched.remove(mask)

    def drop_watch(self, fd: int) -> None:
        """Forgets a descriptor that was closed."""
        watched = self._watched.pop(fd, None)
        if watched is not None:
            watched.cut()

    def behind(self, waited_for: Iterable[Any]) -> Neighbour | None:
        """The first that one of these sockets or descriptors leads to."""
        if not self._named:
            return None
        for each in waited_for:
            fd = each if isinstance(each, int) else each.fileno()
            found = peer_of(fd, self.at) if fd >= 0 else None
            if found is not None:
                return found
        return None

    def next_number(self) -> int:
        """Counts a question."""
        self._numbers += 1
        self._asked = True
        return self._numbers

    def watch(self, sock: Any, mask: int, data: Waiting) -> None:
        """Has the real selector look at a socket, for nothing any more with mask 0."""
        if self._selector is None:
            self._selector = _RealSelector()
        key = self._selector.get_map().get(sock)
        if key is None:
            if mask:
                self._selector.register(sock, mask, data)
        elif not mask:
            self._selector.unregister(sock)
        elif key.events != mask or key.data is not data:
            self._selector.modify(sock, mask, data)

    def forget(self, one: Waiting, sock: Any) -> None:
        """A connection is over."""
        self.watch(sock, 0, one)
        self.waiting.pop(one, None)

    def note_hang_up(self, line: Line) -> None:
        """Keeps that a neighbour has ended a connection by itself."""
        self._world.trace.record("neighbour_hung_up", line.loop.host.name, name=line.neighbour.name)

    def cut(self, host: Host) -> None:
        """Ends every connection of one machine, as its crash does.

        Whose those are that C code or a blocking client has opened is not known, where no loop
        waits for them: they end with the first machine that crashes.
        """
        for each in tuple(self.waiting):
            if each.loop.host is host:
                each.cut()
        if self._named:
            others = [each for each in self.waiting if isinstance(each, Line)]
            kept = {each.inode for each in others} | self._from_before
            kept |= {each.inode for each in self._watched.values() if each.loop.host is not host}
            shut(self.at, kept)

    def cut_all(self) -> None:
        """Ends every connection: the world is over."""
        for each in tuple(self.waiting):
            each.cut()
        self._watched.clear()
        if self._selector is not None:
            self._selector.close()
            self._selector = None

    # the pause

    def answer(self) -> bool:
        """Waits for what is owed and has it handed over; whether anything came or left.

        Called when nothing is ready in the world. Raises NeighbourError when a reply takes longer
        than its neighbour's `timeout_s`.
        """
        waiting = self.waiting
        moved = False
        if [each for each in waiting if each.owed]:
            self._wait_for_replies()
            moved = True
        elif self._may_look():
            settle_s = 0.0
            if self._asked and any(each.listening for each in waiting):
                self._asked = False
                settle_s = max(each.neighbour.settle_s for each in waiting)
            moved = self._look(settle_s)
            while settle_s and self._may_look() and self._look(settle_s):
                pass
        news = [each for each in waiting if each.has_news and not each.owed]
        if len(news) > 1:
            news.sort(key=_number)
        for each in news:
            each.hand_over()
        return moved or bool(news)

    def _may_look(self) -> bool:
        """Whether to look for what nobody asked for: who never stops talking must not keep time
        from passing."""
        now = self._world.env.now
        if now != self._looked_ns:
            self._looked_ns, self._looks = now, 0
        self._looks += 1
        return self._looks <= _LOOKS

    def _look(self, timeout_s: float) -> bool:
        """Takes what arrives first within a time; whether anything did."""
        assert self._selector is not None
        while True:
            partly = [each for each in self.waiting if each.partly]
            step_s = min(timeout_s, _GLANCE_S) if partly else timeout_s
            found = self._selector.select(step_s)
            for key, mask in found:
                key.data.ready(mask)
            grown = [each for each in partly if each.look_again()]
            timeout_s -= step_s
            if found or grown or timeout_s <= 0:
                return bool(found or grown)

    def _wait_for_replies(self) -> None:
        """Until everything owed is there, or what is missing comes late beside what is there."""
        began = _real_monotonic()
        if len(self.waiting) == 1:
            # The usual case, and what a statement costs is measured.
            (only,) = self.waiting
            if self._look(only.neighbour.settle_s) and not only.owed:
                return
        while True:
            owing = [each for each in self.waiting if each.owed]
            if not owing:
                return
            answered = [each for each in self.waiting if not each.owed and each.has_news]
            slowest = max(owing, key=lambda each: each.neighbour.timeout_s).neighbour
            left_s = began + slowest.timeout_s - _real_monotonic()
            if left_s <= 0:
                raise self._world.fatal(self._late(owing[0].neighbour))
            if self._look(min(left_s, slowest.settle_s)):
                continue
            if [each for each in owing if each.quiet()]:
                continue
            if answered:
                return

    def _late(self, neighbour: Neighbour) -> NeighbourError:
        return NeighbourError(
            f"neighbour {neighbour.name} at {neighbour.address} has not replied within "
            f"{neighbour.timeout_s:g} s of real time, and no virtual time passes meanwhile; raise "
            f"its timeout, or look for a lock that another connection holds while it sleeps"
        )
