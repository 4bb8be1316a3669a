"""A deterministic world for programs that talk to exchanges: hosts, one clock, a network."""

from simulator.clock import NS_PER_S, Clock
from simulator.errors import (
    InputError,
    NeighbourError,
    OverBudgetError,
    RealConnectionError,
    SimulatorError,
    SpinningError,
    StalledError,
    UnknownHostError,
    WorldError,
)
from simulator.host import Host
from simulator.randomness import Streams
from simulator.trace import Trace
from simulator.world import World

__all__ = [
    "NS_PER_S",
    "Clock",
    "Host",
    "InputError",
    "NeighbourError",
    "OverBudgetError",
    "RealConnectionError",
    "SimulatorError",
    "SpinningError",
    "StalledError",
    "Streams",
    "Trace",
    "UnknownHostError",
    "World",
    "WorldError",
]
