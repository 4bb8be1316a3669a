"""The pytest plugin: a bot of one's own, tested in a simulated world.

Installing the package is enough. What a test does not ask for costs it nothing: everything but
this module is imported when the first test needs it. docs/pytest.md is the manual.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from replay.pytest_plugin.staging import StagedScenario
    from replay.pytest_plugin.venue import SimulatedVenue
    from replay.pytest_plugin.whole_runs import RunScenario
    from simulator import World

_MARKER = (
    "scenario(name_or_path, *, version=None, seed=None): run the test inside that scenario: its "
    "venues, links, faults and stalls. Its stimulus and its expectations do not run by themselves."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("world", "simulated worlds").addoption(
        "--world-seed",
        type=int,
        metavar="N",
        help="The seed of every world, instead of those that tests and scenarios name.",
    )
    parser.addini("world_seed", "The seed of worlds that no scenario sets up; by default 1.")
    parser.addini(
        "world_start",
        "When worlds begin that no scenario sets up, with a UTC offset; by default "
        "2026-01-01T00:00:00+00:00.",
    )
    parser.addini(
        "world_time_limit",
        "How much virtual time one test may take, such as `90 s`; by default 6 h.",
    )
    parser.addini(
        "scenario_folders",
        "Folders whose scenario files are tests; by default only what the command line names.",
        type="paths",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)
    if any(config.getini(f"world_{name}") for name in ("seed", "start", "time_limit")):
        from replay.pytest_plugin import options

        options.read(config)
    if config.getini("scenario_folders"):
        from replay.pytest_plugin.items import add_folders

        add_folders(config)
    from replay.pytest_plugin import hooks

    # Last, so that it comes before the plugins that run coroutines with loops of their own.
    config.pluginmanager.register(hooks, "replay-worlds")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    from replay.pytest_plugin.items import scenario_file

    return scenario_file(file_path, parent)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when != "teardown" and report.failed:  # by then the world is closed
        from replay.pytest_plugin.failures import tell

        tell(item, report)
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist starts a worker: it must know what was named here, not what it is handed."""
    from replay.pytest_plugin.items import WORKER_KEY, named

    node.workerinput[WORKER_KEY] = [str(each) for each in named(node.config)]


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """An entered `simulator.World`, of the test's scenario if it is marked with one."""
    from replay.pytest_plugin import staging

    with staging.entered(request) as world:
        yield world


@pytest.fixture
def binance(request: pytest.FixtureRequest, world: World) -> SimulatedVenue:
    """Binance USD-M futures, serving at its production host names in `world`."""
    from replay.pytest_plugin import staging

    return staging.venue(request, world, "binance")


@pytest.fixture
def bybit(request: pytest.FixtureRequest, world: World) -> SimulatedVenue:
    """Bybit v5, serving at its production host names in `world`."""
    from replay.pytest_plugin import staging

    return staging.venue(request, world, "bybit")


@pytest.fixture
def scenario(request: pytest.FixtureRequest, world: World) -> StagedScenario:
    """The scenario that the test is marked with: what its bot is told, and its signals."""
    from replay.pytest_plugin import staging

    return staging.staged(request)


@pytest.fixture
def binance_router(request: pytest.FixtureRequest) -> Iterator[SimulatedVenue]:
    """Binance behind a respx router, for httpx clients: no world, no event loop, no network."""
    with _routing().routed(request, "binance") as venue:
        yield venue


@pytest.fixture
def bybit_router(request: pytest.FixtureRequest) -> Iterator[SimulatedVenue]:
    """Bybit behind a respx router, for httpx clients: no world, no event loop, no network."""
    with _routing().routed(request, "bybit") as venue:
        yield venue


@pytest.fixture
def run_scenario(request: pytest.FixtureRequest) -> RunScenario:
    """A function that takes a bot through a whole scenario, as `replay run` and `replay exec`."""
    from replay.pytest_plugin import whole_runs

    return whole_runs.RunScenario(request)


def _routing() -> ModuleType:
    try:
        from replay.pytest_plugin import routing
    except ModuleNotFoundError as error:
        cure = "pip install 'trading-bot-simulator[respx]'"
        pytest.fail(f"routers need respx and httpx: {error}; {cure}", pytrace=False)
    return routing
