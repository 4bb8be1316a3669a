"""Async generators belong to whichever loop of the world runs them."""

from __future__ import annotations

import sys
from asyncio import events
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any

from simulator.loop import HostLoop


@contextmanager
def generators_of_the_hosts() -> Iterator[None]:
    """Within it, a loop of a host knows the generators that were begun on it."""
    before = sys.get_asyncgen_hooks()

    def first_iteration(agen: AsyncGenerator[Any, Any]) -> None:
        loop = events._get_running_loop()
        if isinstance(loop, HostLoop):
            loop.adopt_generator(agen)

    def finalize(agen: AsyncGenerator[Any, Any]) -> None:
        loop = events._get_running_loop()
        if isinstance(loop, HostLoop):
            loop.finish_generator(agen)

    sys.set_asyncgen_hooks(firstiter=first_iteration, finalizer=finalize)
    try:
        yield
    finally:
        sys.set_asyncgen_hooks(*before)
