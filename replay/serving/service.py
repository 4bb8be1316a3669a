"""The venues of a plan on loopback ports."""

from __future__ import annotations

import os
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from replay.stage import BOT, make_venue
from simulator.errors import InputError
from simulator.randomness import Streams
from simulator.venues import kind

if TYPE_CHECKING:
    from replay.serving.plan import Plan
    from simulator.clock import Clock
    from simulator.trace import Trace
    from simulator.wire.venue import Venue

_PORTS_A_VENUE = 2
"""HTTPS, then HTTP; WebSockets of either kind are on the same ones."""
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Where a venue answers, and to whom."""

    name: str
    profile: str
    instruments: tuple[str, ...]
    address: str
    """As it stands in a URL: an IPv6 one has brackets."""
    https_port: int
    http_port: int
    api_key: str = field(repr=False)
    secret: str = field(repr=False)

    @property
    def https(self) -> str:
        return f"https://{self.address}:{self.https_port}"

    @property
    def http(self) -> str:
        return f"http://{self.address}:{self.http_port}"

    @property
    def wss(self) -> str:
        return f"wss://{self.address}:{self.https_port}"

    @property
    def ws(self) -> str:
        return f"ws://{self.address}:{self.http_port}"


class Service:
    """Serves from `start` to `stop`.

    `tell` gets a line when a fault fires for the first time, the tenth, the hundredth and so on:
    one that hits every message of a stream must not fill a pipe that nobody reads.
    """

    def __init__(self, plan: Plan, clock: Clock, trace: Trace, tell: Callable[[str], None]) -> None:
        self._plan = plan
        self._trace = trace
        self._tell = tell
        self.venues: dict[str, Venue] = {}
        self._keys: dict[str, tuple[str, str]] = {}
        self._requests = dict.fromkeys(plan.venues, 0)
        self._streams = dict.fromkeys(plan.venues, 0)
        self._fired: Counter[tuple[str, str]] = Counter()
        streams = Streams(plan.seed)
        for name, part in plan.venues.items():
            record = partial(self._record, name)
            venue, keys = make_venue(
                name, part, env=clock, streams=streams, record=record, hide=trace.hide
            )
            self.venues[name] = venue
            self._keys[name] = (keys[BOT].api_key, keys[BOT].secret)

    def _record(self, venue: str, event: str, /, **fields: Any) -> None:
        self._trace.record(event, venue, **fields)
        match event:
            case "request":
                self._requests[venue] += 1
            case "stream_open":
                self._streams[venue] += 1
            case "fault":
                self._tell_fault(venue, fields["rule"], fields["endpoint"])

    def _tell_fault(self, venue: str, rule: str, endpoint: str) -> None:
        self._fired[venue, rule] += 1
        count = self._fired[venue, rule]
        if count == 1:
            self._tell(f"{venue}: fault {rule} fired: {endpoint}")
        elif str(count).rstrip("0") == "1":
            self._tell(f"{venue}: fault {rule} fired {count:,} times by now: {endpoint}")

    async def start(
        self, host: str, port: int | None, context: ssl.SSLContext
    ) -> tuple[Served, ...]:
        """Listens at `host`, on ports from `port` on or on free ones.

        Raises InputError for ports that cannot be had; nothing serves then.
        """
        self._check_room(port)
        served: list[Served] = []
        for name, venue in self.venues.items():
            ports: list[int] = []
            for ssl_context in (context, None):
                nth = _PORTS_A_VENUE * len(served) + len(ports)
                ports.append(await self._listen(venue, host, port, nth, ssl_context))
            part, (api_key, secret) = self._plan.venues[name], self._keys[name]
            served.append(
                Served(
                    name=name,
                    profile=part.profile,
                    instruments=tuple(part.instruments),
                    address=f"[{host}]" if ":" in host else host,
                    https_port=ports[0],
                    http_port=ports[1],
                    api_key=api_key,
                    secret=secret,
                )
            )
        return tuple(served)

    def _check_room(self, port: int | None) -> None:
        last = _LAST_PORT + 1 - _PORTS_A_VENUE * len(self.venues)
        if port is not None and not 1 <= port <= last:
            raise InputError(
                f"--port {port}: must be from 1 to {last}, since each venue takes "
                f"{_PORTS_A_VENUE} ports from there on; leave it out for free ones"
            )

    async def _listen(
        self, venue: Venue, host: str, first: int | None, nth: int, context: ssl.SSLContext | None
    ) -> int:
        """The port that it is, the `nth` after the first one."""
        port = 0 if first is None else first + nth
        try:
            await venue.start(host=host, port=port, ssl=context)
        except OSError as error:
            await self.stop()
            where, cure = f"--port {first}", "name another one, or leave it out for free ones"
            if first is None:
                where, cure = f"--host {host}", "leave it out for 127.0.0.1"
            raise InputError(
                f"{where}: cannot listen at {host} on port {port} for {venue.name}: "
                f"{_why(error)}; {cure}"
            ) from error
        return venue.port

    async def stop(self) -> None:
        """Ends every connection and closes every port."""
        for venue in self.venues.values():
            await venue.stop()

    def summary(self) -> list[str]:
        """What was served, a line for each venue and for each of its faults."""
        told = []
        for name, venue in self.venues.items():
            told.append(
                f"{name}: {self._requests[name]:,} requests, {self._streams[name]:,} streams"
            )
            for fault, count in venue.faults.fired.items():
                told.append(f"{name}: fault {fault} fired {count:,} times")
        return told


def certified_names(names: Sequence[str], host: str) -> tuple[str, ...]:
    """What the certificate is for: the machine itself, and the venues' names in production, which
    a client whose URLs cannot be changed may be led here by."""
    hosts = [each for name in names for each in kind(name).hosts]
    return tuple(dict.fromkeys(("localhost", "127.0.0.1", "::1", host, *hosts)))


def _why(error: OSError) -> str:
    """asyncio puts the address into the text, in another way in each Python."""
    return str(error) if error.errno is None else os.strerror(error.errno)
