"""Takes the network away from a process, for code that no fence of Python's can see.

A bot's C extension with sockets of its own knows nothing of the world. In a network namespace of
its own (Linux) it finds no network at all, not even loopback.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

from simulator.errors import SimulatorError
from simulator.neighbours import Address

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET, CLONE_NEWUSER: <sched.h>
_NEW_USERS = 0x10000000


def cut_off() -> str | None:
    """For good, and for all threads and processes that this one starts; None, or why it cannot be.

    Without privileges it takes a user namespace, which a process with threads cannot get any more:
    call it early.
    """
    if sys.platform != "linux":
        return "only Linux can"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK) == 0:
        return None
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_NEW_USERS | _NEW_NETWORK) != 0:
        return os.strerror(ctypes.get_errno())
    # Who it was before, it is still; without that it only has another name for itself.
    with suppress(OSError):
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            Path("/proc/self", name).write_text(text, encoding="ascii")
    return None


def needs_network(scenario: str) -> bool:
    """Whether a scenario, by name or path, has a neighbour that is reached over TCP. One that
    cannot be read has none: whoever runs it will say what is wrong with it."""
    from scenarios.catalogue import find
    from scenarios.document import read_document

    try:
        path = find(scenario)
        data = read_document(path.read_text(encoding="utf-8"), str(path)).data
        found = data.get("neighbours", {}).values()
        return any(not Address.parse(str(each["address"])).path for each in found)
    except (SimulatorError, OSError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
        return False
