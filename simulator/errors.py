"""Everything this project raises on purpose.

SimulatorError
 ├─ WorldError             a world is used in a way it does not allow
 │   ├─ StalledError       nothing is ready, nothing is scheduled, and somebody still waits
 │   ├─ SpinningError      a host is busy without letting time pass
 │   ├─ OverBudgetError    a run took more virtual or real time than it was given
 │   └─ NeighbourError     a real server beside the world does not reply, or cannot be used so
 ├─ RealConnectionError    something tried to leave the world (also an OSError)
 ├─ UnknownHostError       a name that no host of the world has (also a socket.gaierror)
 └─ InputError             a file or a setting that cannot be used

HostCrashed                a BaseException of its own: unwinds the code of a host that has crashed
"""

from __future__ import annotations

import errno
import socket
from typing import Any


class SimulatorError(Exception):
    """The root of the family."""


class WorldError(SimulatorError):
    """A world is used in a way it does not allow."""


class StalledError(WorldError):
    """Nothing is ready, nothing is scheduled, and somebody still waits."""


class SpinningError(WorldError):
    """A host is busy without letting time pass."""


class OverBudgetError(WorldError):
    """A run took more virtual or real time than it was given."""


class NeighbourError(WorldError):
    """A real server beside the world does not reply, or cannot be used in this way."""


class RealConnectionError(SimulatorError, OSError):
    """Something inside a run tried to reach the real network or start a process."""

    def __init__(self, what: str, target: str, caller: str) -> None:
        OSError.__init__(
            self,
            errno.ENETUNREACH,
            f"{what} to {target} refused: a run must not reach anything real; called at {caller}; "
            f"give the world a host of that name, name a server on this machine as a neighbour, or "
            f"run this part outside the world",
        )
        self.what = what
        self.target = target
        self.caller = caller

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.what, self.target, self.caller)


class UnknownHostError(SimulatorError, socket.gaierror):
    """A look-up of a name that no host of the world has."""

    def __init__(self, name: str, port: object, caller: str, known: list[str]) -> None:
        socket.gaierror.__init__(
            self,
            socket.EAI_NONAME,
            f"Name or service not known: {name!r} (port {port}) is no host of this world, looked "
            f"up at {caller}; hosts: {', '.join(known) or 'none'}; "
            f"give the world a host of that name",
        )
        self._asked = (name, port, caller, known)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._asked


class HostCrashed(BaseException):
    """Raised in code of a host that has crashed, wherever it turns to the world again.

    Nothing of the guest's catches it: see `simulator.unwinding`. Whoever drives a crashed host
    gets it.
    """


class InputError(SimulatorError):
    """A file or a setting that cannot be used."""
