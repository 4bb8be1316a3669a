"""Code that blocks: its host stands still, and the world goes on around it."""

from __future__ import annotations

import sys
from asyncio import events
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.caller import own_place
from simulator.errors import WorldError
from simulator.stall import stalled

if TYPE_CHECKING:
    from simulator.host import Host
    from simulator.world import World


def stand_still(
    world: World,
    ready: Callable[[], bool] | None,
    duration_ns: int | None,
    *,
    told: bool = False,
) -> bool:
    """See `World.block_until`. A thread of the bot's gives the baton back instead. With `told` the
    trace says already that the host stands still."""
    if not world.owns_this_thread():
        raise WorldError(
            f"a thread that the world did not start blocks at {own_place()}; it cannot take "
            f"part in a run: start threads from code on a host, inside the run"
        )
    host = world.current
    until_ns: int | None = None
    if duration_ns is not None:
        if host is not None and host.drift:
            duration_ns = round(duration_ns / (1 + host.drift))
        until_ns = world.env.now + duration_ns
    strand = world.strands.current
    if strand is not None:
        return strand.wait(ready, until_ns)
    if host is None:
        world._run(ready, until_ns)
        return ready is not None and ready()
    return _stand(world, host, ready, until_ns, told=told)


def _stand(
    world: World,
    host: Host,
    ready: Callable[[], bool] | None,
    until_ns: int | None,
    *,
    told: bool,
) -> bool:
    host.must_live()
    before_ns = world.env.now
    before_loop = events._get_running_loop()
    standing = [loop for loop in world.loops_of(host) if not loop.never_stands]
    for loop in standing:
        loop.standing += 1
    events._set_running_loop(None)
    handled = sys.exception()  # for simulator/unwinding.py, which finds it in this frame
    host.blocked.append(sys._getframe())
    try:
        return _run_around(world, host, ready, until_ns)
    finally:
        del handled
        host.blocked.pop()
        events._set_running_loop(before_loop)
        for loop in standing:
            loop.standing -= 1
        if not told and before_loop in standing and world.env.now > before_ns:
            took_ns = world.env.now - before_ns
            world.trace.record("stood_still", host.name, for_ns=took_ns, at=own_place())


def _run_around(
    world: World, host: Host, ready: Callable[[], bool] | None, until_ns: int | None
) -> bool:
    life = host.lives
    while ready is None or not ready():
        if world._take_turns():
            host.must_live(life)
        elif not world._move_on(until_ns):
            if until_ns is None:
                blocked = f"{host.name} blocks at {own_place()}"
                raise world.fatal(stalled(world._loops, world.strands.places(), blocked))
            return False
    return True
