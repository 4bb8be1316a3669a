"""The end of a world: what still runs is cancelled and cleans up, and no time passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.unwinding import close

if TYPE_CHECKING:
    from simulator.world import World

_TURNS = 1_000
"""How many turns cancelled tasks get to clean up; whoever needs more is cut off."""


def close_world(world: World) -> None:
    """Cancels what still runs, lets it clean up without time passing, and closes the loops.

    What happens here is no part of the run: the trace is closed first.
    """
    world.trace.enabled = False
    world.graves.bury()
    world._turns = 0
    world.strands.unwind()
    for loop in world._loops:
        loop.cancel_tasks()
    _clean_up(world)
    world.network.cut_all()
    world.neighbours.cut_all()
    _clean_up(world)
    world.neighbours.cut_all()  # those that somebody opened on being cut off
    for loop in tuple(world._loops):
        for task in loop.tasks():  # who has swallowed that it is over would go on for ever
            close(task.get_coro())
        loop.abandon()


def _clean_up(world: World) -> None:
    for _ in range(_TURNS):
        if not world._take_turns():
            return
