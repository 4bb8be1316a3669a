"""The lock of code on a host: whoever has to wait for it lets the world go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.clock import NS_PER_S

if TYPE_CHECKING:
    from simulator.world import World


class WorldLock:
    """What `threading.Lock` gives during a run."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._locked = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        if self._locked:
            if not blocking:
                return False
            limit_ns = None if timeout == -1 else round(timeout * NS_PER_S)
            if not self._world.block_until(lambda: not self._locked, limit_ns):
                return False
        self._locked = True
        return True

    def release(self) -> None:
        if not self._locked:
            raise RuntimeError("release unlocked lock")
        self._locked = False

    def locked(self) -> bool:
        return self._locked

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._locked = False
