"""Host names and addresses. The addresses are of 198.18.0.0/15, which no real network routes."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any

from simulator.caller import calling_place
from simulator.errors import UnknownHostError, WorldError

if TYPE_CHECKING:
    from simulator.host import Host
    from simulator.world import World

_FIRST_ADDRESS = int(ipaddress.IPv4Address("198.18.0.1"))
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_ANY = ("0.0.0.0", "::", "")


class Names:
    """The world's name service."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_name: dict[str, tuple[Host, str]] = {}
        self._by_address: dict[str, tuple[Host, str]] = {}
        self._count = 0

    def new_address(self) -> str:
        """The next free address."""
        address = str(ipaddress.IPv4Address(_FIRST_ADDRESS + self._count))
        self._count += 1
        return address

    def add(self, host: Host) -> None:
        """Makes a host known by its names. Each has an address of its own, so that a connection
        knows which name it was meant for."""
        for name in host.names:
            if name.lower() in self._by_name:
                raise WorldError(f"{name!r} is a name of {self._by_name[name.lower()][0]} already")
            address = host.address if name == host.name else self.new_address()
            self._by_name[name.lower()] = (host, address)
            self._by_address[address] = (host, name)

    def remove(self, name: str) -> None:
        """Forgets one name: look-ups fail from now on, as if the zone were gone."""
        del self._by_name[name.lower()]

    def owner(self, address: str, asker: Host) -> Host | None:
        """The host with this address; loopback is the asker itself; None outside the world."""
        if address in _LOCAL_NAMES or address.startswith("127."):
            return asker
        owner = self._by_address.get(address)
        return owner[0] if owner else None

    def name_of(self, address: str) -> str:
        """The name that has this address, or the address itself."""
        owner = self._by_address.get(address)
        return owner[1] if owner else address

    def resolve(self, asker: Host, name: str, port: object) -> str:
        """An address for a name or a literal. Raises UnknownHostError."""
        name = name.rstrip(".")
        if name in _ANY:
            return asker.address
        if name.lower() in _LOCAL_NAMES:
            return "127.0.0.1"
        owner = self._by_name.get(name.lower())
        if owner is not None:
            return owner[1]
        if (real := self._world.neighbours.real_host(name)) is not None:
            return real
        try:
            return str(ipaddress.ip_address(name))
        except ValueError:
            pass
        error = UnknownHostError(name, port, calling_place(), sorted(self._by_name))
        self._world.trace.record("unknown_host", asker.name, name=name, at=calling_place())
        raise error

    def look_up(
        self,
        asker: Host,
        name: bytes | str | None,
        port: bytes | str | int | None,
        family: int,
        type_: int,
        proto: int,
    ) -> list[tuple[Any, ...]]:
        """What `getaddrinfo` would answer: one IPv4 stream address."""
        text = name.decode("idna") if isinstance(name, bytes) else (name or "")
        number = int(port) if port else 0
        address = self.resolve(asker, text, number)
        if ":" in address:
            return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, number, 0, 0))]
        if family == socket.AF_INET6:
            raise socket.gaierror(
                socket.EAI_NONAME, f"{text}: the simulated network has IPv4 addresses only"
            )
        return [(socket.AF_INET, type_ or socket.SOCK_STREAM, proto or 6, "", (address, number))]
