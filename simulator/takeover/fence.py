"""Nothing real is reachable: the interpreter's audit events are watched while a world is entered.

An audit hook sees every socket operation of Python code, whoever calls it: asyncio, blocking
sockets, `http.client`, datagrams, the resolver. It cannot be taken out again, so there is one for
the process, which does nothing outside a run. What C code does on its own is out of its sight.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from simulator.caller import calling_place
from simulator.crash import note_opened
from simulator.errors import RealConnectionError

if TYPE_CHECKING:
    from simulator.world import World

_REFUSED = {
    "socket.connect": "a connection",
    "socket.sendto": "a datagram",
    "socket.sendmsg": "a datagram",
    "socket.bind": "listening",
    "socket.getaddrinfo": "a DNS look-up",
    "socket.gethostbyname": "a DNS look-up",
    "socket.gethostbyaddr": "a DNS look-up",
    "socket.getnameinfo": "a DNS look-up",
    "subprocess.Popen": "starting a process",
    "os.system": "starting a process",
    "os.exec": "starting a process",
    "os.posix_spawn": "starting a process",
    "os.fork": "starting a process",
    "os.forkpty": "starting a process",
}


_OPENING = ("open", "sqlite3.connect")


class _Guard:
    """The hook and the world it guards, if any."""

    installed = False
    world: World | None = None

    @classmethod
    def hook(cls, event: str, args: tuple[Any, ...]) -> None:
        world = cls.world
        if world is None:
            return
        what = _REFUSED.get(event)
        if what is None:
            if event in _OPENING and world.current is not None:
                note_opened(world.current, event, args)
            return
        if _is_neighbour(world, event, args):
            return
        if event == "socket.bind" and getattr(args[0], "family", None) == socket.AF_INET6:
            # urllib3 tries it at its import, to see whether there is IPv6. There is none.
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        error = RealConnectionError(what, _target(event, args), calling_place())
        world.note_refusal(error)
        raise error


def _is_neighbour(world: World, event: str, args: tuple[Any, ...]) -> bool:
    """Whether a connection, the world's or a blocking one of a guest, leads to a real server that
    was named on purpose."""
    match event, args:
        case "socket.connect", (_, address):
            return world.neighbours.connecting or world.neighbours.at(address) is not None
        case "socket.getaddrinfo", (host, port, *_):
            return world.neighbours.at((host, port)) is not None
    return False


def _target(event: str, args: tuple[Any, ...]) -> str:
    """Host and port, as far as the event tells them."""
    match event, args:
        case (
            ("socket.connect" | "socket.sendto" | "socket.sendmsg" | "socket.bind"),
            (_, address),
        ):
            return _address(address)
        case "socket.getaddrinfo", (host, port, *_):
            return f"{_text(host)}:{port}"
        case "socket.getnameinfo", (address,):
            return _address(address)
        case (("socket.gethostbyname" | "socket.gethostbyaddr"), (host,)):
            return _text(host)
        case "subprocess.Popen", (executable, command, *_):
            return _program(executable or command)
        case _, (first, *_):
            return _program(first)
    return "an unknown target"


def _address(address: Any) -> str:
    if isinstance(address, tuple) and len(address) >= 2:
        return f"{address[0]}:{address[1]}"
    return _text(address)


def _program(command: Any) -> str:
    """Only the program's name: its arguments may hold secrets."""
    if isinstance(command, (list, tuple)):
        command = command[0] if command else ""
    return _text(command).split(" ")[0]


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


@contextmanager
def fenced(world: World) -> Iterator[None]:
    """Within it, an attempt to reach anything real raises RealConnectionError and is kept."""
    if not _Guard.installed:
        sys.addaudithook(_Guard.hook)
        _Guard.installed = True
    _Guard.world = world
    try:
        yield
    finally:
        _Guard.world = None
