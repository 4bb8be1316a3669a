"""Blocking name look-ups are answered by the world's name service."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.host import Host
    from simulator.world import World

LOOK_UPS: tuple[Any, ...] = (
    socket.getaddrinfo,
    socket.gethostbyname,
    socket.gethostbyname_ex,
    socket.gethostbyaddr,
    socket.getnameinfo,
    socket.getfqdn,
    socket.gethostname,
)
"""What is replaced wherever a module has it."""


class _LookUps:
    """The functions that stand for those of `socket`; each takes the host that asks."""

    def __init__(self, world: World) -> None:
        self._names = world.network.names

    def getaddrinfo(
        self,
        asker: Host,
        host: Any,
        port: Any,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> list[tuple[Any, ...]]:
        found = self._names.look_up(asker, host, port, family, type, proto)
        return [
            (socket.AddressFamily(each[0]), socket.SocketKind(each[1]), *each[2:]) for each in found
        ]

    def gethostbyname(self, asker: Host, hostname: str) -> str:
        return self._names.resolve(asker, hostname, None)

    def gethostbyname_ex(self, asker: Host, hostname: str) -> tuple[str, list[str], list[str]]:
        return hostname, [], [self._names.resolve(asker, hostname, None)]

    def gethostbyaddr(self, asker: Host, name: str) -> tuple[str, list[str], list[str]]:
        address = self._names.resolve(asker, name, None)
        return self._names.name_of(address), [], [address]

    def getnameinfo(self, asker: Host, address: Any, flags: int) -> tuple[str, str]:
        return self._names.name_of(str(address[0])), str(address[1])

    def getfqdn(self, asker: Host, name: str = "") -> str:
        return name or asker.name

    def gethostname(self, asker: Host) -> str:
        return asker.name


def look_up_replacements(world: World) -> dict[Any, Any]:
    """For each of `LOOK_UPS` what stands for it during a run. Outside any host the real ones
    answer, which the fence refuses."""
    ours = _LookUps(world)

    def answered(real: Any, look_up: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any, **kwargs: Any) -> Any:
            asker = world.current
            if asker is None:
                return real(*args, **kwargs)
            return look_up(asker, *args, **kwargs)

        return ask

    return {real: answered(real, getattr(ours, real.__name__)) for real in LOOK_UPS}
