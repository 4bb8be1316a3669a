"""The guest's randomness comes from the seed and nowhere else."""

from __future__ import annotations

import os
import random
import secrets
import uuid
from os import urandom as taken_urandom

from simulator import World


async def draw() -> dict[str, object]:
    return {
        "random": random.random(),
        "uuid4": str(uuid.uuid4()),
        "uuid1": str(uuid.uuid1()),
        "token": secrets.token_hex(8),
        "urandom": os.urandom(8),
        "taken": taken_urandom(8),
        "unseeded": random.Random().random(),
        "system": random.SystemRandom().random(),
    }


def drawn(seed: int) -> dict[str, object]:
    with World(seed=seed) as world:
        return world.run_until(world.host("bot").start(draw()))


def test_the_same_seed_draws_the_same() -> None:
    assert drawn(7) == drawn(7)


def test_another_seed_draws_something_else_everywhere() -> None:
    one, other = drawn(1), drawn(2)
    same = [name for name in one if one[name] == other[name]]
    # uuid1 is made of the clock, the node and a random sequence number of 14 bits
    assert [name for name in same if name != "uuid1"] == []


def test_a_generator_that_was_given_a_seed_keeps_it() -> None:
    async def main() -> float:
        return random.Random(5).random()

    expected = random.Random(5).random()
    with World(seed=1) as world:
        assert world.run_until(world.host("bot").start(main())) == expected


def test_the_processs_own_randomness_is_put_back() -> None:
    random.seed(99)
    expected = [random.random() for _ in range(3)]
    random.seed(99)
    first = random.random()
    drawn(1)
    assert [first, random.random(), random.random()] == expected
    assert os.urandom(16) != os.urandom(16)


def test_streams_are_independent_of_each_other() -> None:
    one, other = World(seed=3).streams, World(seed=3).streams
    other["noise"].random()
    assert one["latency"].random() == other["latency"].random()
