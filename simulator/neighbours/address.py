"""Where a neighbour listens: a port of this machine, or a Unix socket."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from simulator.errors import InputError

_LOCAL = "localhost"
_HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Address:
    """A loopback `host` and `port`, or the `path` of a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Of `127.0.0.1:5432`, `localhost:5432`, `[::1]:5432` or `/run/postgresql/.s.PGSQL.5432`.

        Raises InputError for any other text, and for a machine that is not this one.
        """
        if text.startswith("/"):
            return cls(path=text)
        host, colon, number = text.rpartition(":")
        if not colon or not number.isdecimal() or not 0 < int(number) <= _HIGHEST_PORT:
            raise InputError(
                f"a neighbour's address must be host:port or the path of a Unix socket, was "
                f"{text!r}; write 127.0.0.1:5432 or /run/postgresql/.s.PGSQL.5432"
            )
        host = host.strip("[]")
        if not _is_loopback(host):
            raise InputError(
                f"a neighbour must be on this machine, was {text!r}; write 127.0.0.1:{number}, and "
                f"bring what runs elsewhere here first"
            )
        return cls(host="127.0.0.1" if host == _LOCAL else host, port=int(number))

    def __str__(self) -> str:
        if self.path:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def matches(self, address: object) -> bool:
        """Whether a socket's address, as Python gives and takes it, is this one."""
        if self.path:
            text = address.decode() if isinstance(address, bytes) else address
            return text == self.path
        if not isinstance(address, tuple) or len(address) < 2:
            return False
        host = address[0].decode() if isinstance(address[0], bytes) else str(address[0])
        return str(address[1]) == str(self.port) and (host == self.host or host == _LOCAL)

    def connect(self, timeout_s: float) -> socket.socket:
        """A connected socket that does not block. Raises OSError where nobody listens."""
        target: str | tuple[str, int]
        if self.path:
            family, target = socket.AF_UNIX, self.path
        elif ":" in self.host:
            family, target = socket.AF_INET6, (self.host, self.port)
        else:
            family, target = socket.AF_INET, (self.host, self.port)
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(timeout_s)
            sock.connect(target)
            if not self.path:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            sock.close()
            raise
        sock.setblocking(False)
        return sock


def _is_loopback(host: str) -> bool:
    """Whether a name or a literal is this machine's own."""
    if host == _LOCAL:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
