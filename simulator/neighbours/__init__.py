"""Real servers beside a world: a database, a cache, named on purpose and on this machine only.

`address` says which may be named, `line` and `watched` are connections to one, `postgres`, `redis`
and `other` know when a reply is owed, `neighbours` lets no virtual time pass meanwhile.
"""

from simulator.neighbours.address import Address
from simulator.neighbours.neighbours import Neighbour, Neighbours

__all__ = ["Address", "Neighbour", "Neighbours"]
