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

from simulator.takeover.captures import replaced

if TYPE_CHECKING:
    from simulator.world import World

_REAL_URANDOM = os.urandom
_REAL_SEED = random.Random.seed
_NODE = 0x0242C6120001  # locally administered: a MAC address that no card has


@contextmanager
def seeded_entropy(world: World) -> Iterator[None]:
    """All randomness is drawn from the world's streams `guest.*`."""
    bytes_stream = world.streams["guest.bytes"]
    seeds_stream = world.streams["guest.seeds"]

    def urandom(size: int, /) -> bytes:
        return bytes_stream.randbytes(size)

    def seed(generator: random.Random, a: Any = None, version: int = 2) -> None:
        if a is None:
            a = seeds_stream.getrandbits(128)
        _REAL_SEED(generator, a, version)

    state = random.getstate()  # det-ok: put back afterwards
    random_class: Any = random.Random
    uuid_module: Any = uuid
    node = uuid_module._node
    # The streams themselves must exist before the seeding of generators is replaced.
    module_seed = world.streams["guest.module"].getrandbits(128)
    random.seed(module_seed)  # det-ok: this is the seeding
    random_class.seed = seed
    uuid_module._node = _NODE
    try:
        with replaced({_REAL_URANDOM: urandom}):
            yield
    finally:
        uuid_module._node = node
        random_class.seed = _REAL_SEED
        random.setstate(state)  # det-ok: what was there before the run
