"""Whole replays: SKLUSDT and all scenarios, warm against their virtual time, and a cold start."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator

from replay import runner
from scenarios import catalogue
from tests.bench.figures import Figure, median_ratio, seconds

VERSION = "2025-10-28"
WARM_UP = 3
ROUNDS = 15
SUITE_ROUNDS = 3

_REPLAY = (
    sys.executable,
    "-c",
    f"from replay.cli import main; import sys; sys.argv[1:] = "
    f"['run', 'sklusdt', '--bot', '{VERSION}']; main()",
)
_IMPORTS = (sys.executable, "-c", "import ccxt.async_support, aiohttp, simpy, pandas")


def _speed_up() -> float:
    """Virtual over real time of the version that takes the incident's whole course."""
    scenario = catalogue.open_scenario("sklusdt")
    for _ in range(WARM_UP):
        runner.play(scenario, "sklusdt", version=VERSION)
    measured = []
    for _ in range(ROUNDS):
        results = []
        took = seconds(
            lambda: results.append(runner.play(scenario, "sklusdt", version=VERSION))  # noqa: B023
        )
        measured.append(results[0].virtual_ns / 1e9 / took)
    return statistics.median(measured)


def _suite() -> Iterator[Figure]:
    """Every scenario with every version, one after the other in this process, warm."""
    runs = [
        (name, version)
        for name in catalogue.names()
        for version in catalogue.open_scenario(name).versions
    ]
    loaded = {name: catalogue.open_scenario(name) for name in catalogue.names()}
    virtual_ns = 0

    def play_all() -> None:
        nonlocal virtual_ns
        virtual_ns = sum(
            runner.play(loaded[name], name, version=version).virtual_ns for name, version in runs
        )

    play_all()
    took = min(seconds(play_all) for _ in range(SUITE_ROUNDS))
    told = f"s: {len(runs)} runs, {virtual_ns / 1e9:,.0f} s virtual"
    yield Figure(name="incident_suite_s", value=took, unit=told, target=None, better="lower")
    yield Figure(
        name="suite_compression",
        value=virtual_ns / 1e9 / took,
        unit="x",
        target=300,
        better="higher",
    )


def _process(command: tuple[str, ...]) -> float:
    return seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))


def figures() -> Iterator[Figure]:
    yield Figure(name="sklusdt_speedup", value=_speed_up(), unit="x", target=400, better="higher")
    yield from _suite()
    _process(_REPLAY)  # once, so that the byte code is there
    yield Figure(
        name="cold_start_ratio",
        value=median_ratio(lambda: _process(_REPLAY), lambda: _process(_IMPORTS)),
        unit="x",
        target=1.4,
        better="lower",
    )
