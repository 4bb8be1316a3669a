"""What a world takes over in the process while it is entered, and gives back afterwards.

Time (`wallclock`), randomness (`entropy`), blocking calls and threads (`sockets`, `look_ups`,
`waits`, `threads`), the choice of event loop (`loops`), the way out (`fence`), log records (`logs`)
and TLS. Each part is a context manager that restores what it found.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from simulator.errors import WorldError
from simulator.network.tls import PlainTls
from simulator.takeover.captures import Captures, replaced
from simulator.takeover.endings import endings_of_the_hosts
from simulator.takeover.entropy import REAL_URANDOM, entropy_replacements, seeded_entropy
from simulator.takeover.fence import fenced
from simulator.takeover.garbage import collections_at_fixed_points
from simulator.takeover.generators import generators_of_the_hosts
from simulator.takeover.logs import captured_logs
from simulator.takeover.look_ups import LOOK_UPS, look_up_replacements
from simulator.takeover.loops import (
    LOOPS,
    loop_replacements,
    loops_of_the_host,
    wanted_loops,
)
from simulator.takeover.signals import signals_of_the_hosts
from simulator.takeover.sockets import blocking_sockets
from simulator.takeover.threads import THREADS, Threads, thread_replacements, threads_hand_over
from simulator.takeover.waits import WAITS, wait_replacements, waits_in_selectors
from simulator.takeover.wallclock import FROZEN, REAL, clock_replacements, virtual_time

if TYPE_CHECKING:
    from simulator.world import World


_WANTED = (
    *REAL,
    *(each for each in FROZEN if each is not None),
    REAL_URANDOM,
    *LOOK_UPS,
    *WAITS,
    *THREADS,
    *LOOPS,
)
_CAPTURES = Captures({id(each): each for each in _WANTED})  # det-ok: identities


class _Holder:
    """Which world is entered, if any. There is one process, so there can be one."""

    world: World | None = None


@contextmanager
def takeover(world: World) -> Iterator[None]:
    """Puts a world in charge of the process. Raises WorldError when another one is."""
    if _Holder.world is not None:
        raise WorldError("another world is entered; leave it first: worlds can't be nested")
    _Holder.world = world
    try:
        with ExitStack() as stack:
            stack.enter_context(collections_at_fixed_points())
            stack.enter_context(generators_of_the_hosts())
            stack.enter_context(virtual_time(world))
            stack.enter_context(seeded_entropy(world))
            threads = Threads(world)
            replacements = {
                **clock_replacements(world),
                **entropy_replacements(world),
                **look_up_replacements(world),
                **wait_replacements(world),
                **thread_replacements(threads),
                **loop_replacements(world),
            }
            _CAPTURES.want(wanted_loops())
            stack.enter_context(replaced(_CAPTURES, replacements))
            stack.enter_context(captured_logs(world))
            stack.enter_context(_tls_ends_in_the_network())
            stack.enter_context(blocking_sockets(world))
            stack.enter_context(waits_in_selectors(world))
            stack.enter_context(threads_hand_over(threads, replacements))
            stack.enter_context(loops_of_the_host(world, replacements))
            stack.enter_context(signals_of_the_hosts(world))
            stack.enter_context(endings_of_the_hosts(world))
            stack.enter_context(fenced(world))
            yield
    finally:
        _Holder.world = None


@contextmanager
def _tls_ends_in_the_network() -> Iterator[None]:
    """No context made during a run ever sees a certificate: none has to be loaded.

    Reading the usual bundle takes 15 ms, a third of a whole replay.
    """
    context: Any = ssl.SSLContext
    before = context.sslobject_class

    def load_nothing(self: ssl.SSLContext, *args: object, **kwargs: object) -> None:
        """Certificates are not looked at."""

    context.sslobject_class = PlainTls
    context.load_verify_locations = load_nothing
    context.set_default_verify_paths = load_nothing
    try:
        yield
    finally:
        del context.load_verify_locations  # the C methods they covered
        del context.set_default_verify_paths
        context.sslobject_class = before
