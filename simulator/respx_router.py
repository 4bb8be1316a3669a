"""A venue behind a respx router: httpx clients are answered straight from the model.

No world, no event loop, no network: for unit tests of a bot's REST side, with `httpx.Client` and
`httpx.AsyncClient` alike. The venue reads, checks and answers a request as it does on the wire,
by the same code; unknown paths get the venue's own 404. Its delays pass at once, and a fault that
resets or never answers is the exception that httpx would raise. Needs `respx`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from email.utils import formatdate
from typing import Protocol

import httpx
import respx

from simulator.clock import NS_PER_S
from simulator.wire.calls import Answer
from simulator.wire.carrier import NoAnswer
from simulator.wire.http_connection import content_type
from simulator.wire.venue import Venue

_CLIENT_IP = "127.0.0.1"


class Time(Protocol):
    """The clock that the venue lives by."""

    def now_ns(self) -> int:
        """Nanoseconds since the epoch."""

    def pass_ns(self, duration_ns: int) -> None:
        """Lets time pass."""


def mount(router: respx.MockRouter, venue: Venue, hosts: Sequence[str], time: Time) -> respx.Route:
    """Has `router` answer for a venue at these host names.

    The route is named like the venue (`router["binance"].calls`) and takes everything that no
    route before it matched.
    """
    route = router.route(host__in=list(hosts), name=venue.name)
    return route.mock(side_effect=_answering(venue, time))


def _answering(venue: Venue, time: Time) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        time.pass_ns(0)  # whoever moved the clock himself has it catch up first
        call = venue.read(
            method=request.method,
            path=request.url.path,
            query=request.url.query.decode(),
            body=request.content.decode(),
            headers={name.lower(): value for name, value in request.headers.items()},
            ip=_CLIENT_IP,
        )
        course = venue.course(call)
        while True:
            try:
                time.pass_ns(next(course))
            except StopIteration as end:
                return _response(end.value, request, time)

    return answer


def _response(outcome: Answer | NoAnswer, request: httpx.Request, time: Time) -> httpx.Response:
    """Raises what httpx would, for no answer."""
    match outcome:
        case Answer():
            headers = {
                "content-type": content_type(outcome),
                "date": formatdate(time.now_ns() // NS_PER_S, usegmt=True),
                **outcome.headers,
            }
            return httpx.Response(outcome.status, text=outcome.text, headers=headers)
        case NoAnswer.RESET:
            raise httpx.ReadError("the venue reset the connection", request=request)
        case NoAnswer.NEVER:
            patience_s = request.extensions.get("timeout", {}).get("read")
            if patience_s is None:
                raise httpx.ReadTimeout(
                    "the venue never answers, and the client sets no time-out", request=request
                )
            time.pass_ns(round(patience_s * NS_PER_S))
            raise httpx.ReadTimeout("the venue never answered", request=request)
