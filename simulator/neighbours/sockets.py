"""The open sockets of this process that lead to a neighbour, whether Python or C opened them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

_OPEN = "/dev/fd"


def inode_of(fd: int) -> int:
    """What tells a socket from a later one that has its number."""
    return os.fstat(fd).st_ino


def peer_of(fd: int, find: Callable[[object], T | None]) -> T | None:
    """What `find` makes of the address that a descriptor is connected to, if it is."""
    try:
        own = os.dup(fd)
    except OSError:
        return None
    try:
        sock = socket.socket(fileno=own)
    except OSError:  # it is no socket
        os.close(own)
        return None
    with sock:
        try:
            return find(sock.getpeername())
        except OSError:
            return None


def sockets_to(find: Callable[[object], object]) -> Iterator[tuple[int, int]]:
    """Descriptor and inode of each socket that is connected to what `find` finds."""
    for name in sorted(os.listdir(_OPEN), key=int):
        fd = int(name)
        if peer_of(fd, find):
            yield fd, inode_of(fd)


def shut(find: Callable[[object], object], kept: Collection[int]) -> None:
    """Ends the connections to what `find` finds, as the end of a process does, but for those kept,
    by inode. The descriptors are their owners' to close."""
    for fd, inode in tuple(sockets_to(find)):
        if inode not in kept:
            with suppress(OSError), socket.socket(fileno=os.dup(fd)) as sock:
                sock.shutdown(socket.SHUT_RDWR)
