"""The randomness of the code under test comes from the run's seed.

Covers `random` (module functions and generators made without a seed), `os.urandom`, `secrets`,
`uuid`. The state of the module's own generator is put back afterwards.
"""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.world import World

REAL_URANDOM = os.urandom
_REAL_SEED = random.Random.seed
_NODE = 0x0242C6120001  # locally administered: a MAC address that no card has


def entropy_replacements(world: World) -> dict[Any, Any]:
    """What stands for `os.urandom` during a run."""
    stream = world.streams["guest.bytes"]

    def urandom(size: int, /) -> bytes:
        return stream.randbytes(size)

    return {REAL_URANDOM: urandom}


@contextmanager
def seeded_entropy(world: World) -> Iterator[None]:
    """`random`, generators made without a seed, and `uuid` draw from streams `guest.*`."""
    seeds = world.streams["guest.seeds"]
    # Streams are generators too: this one must exist before unseeded ones are caught.
    module_seed = world.streams["guest.module"].getrandbits(128)

    def seed(generator: random.Random, a: Any = None, version: int = 2) -> None:
        _REAL_SEED(generator, seeds.getrandbits(128) if a is None else a, version)

    state = random.getstate()  # det-ok: put back afterwards
    random_class: Any = random.Random
    uuid_module: Any = uuid
    node = uuid_module._node
    random.seed(module_seed)  # det-ok: this is the seeding
    random_class.seed = seed
    uuid_module._node = _NODE
    try:
        yield
    finally:
        uuid_module._node = node
        random_class.seed = _REAL_SEED
        random.setstate(state)  # det-ok: what was there before the run
