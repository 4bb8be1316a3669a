"""Suites of users, run by pytest inside this one."""

from __future__ import annotations

# Loaded here, so that the runs inside this process find them and need not load them again.
import ccxt.async_support  # noqa: F401
import hypothesis.internal.observability  # noqa: F401
import pytest

from replay.pytest_plugin import failures, routing, staging  # noqa: F401
from simulator.venues import NAMES, kind

for _name in NAMES:
    kind(_name)

INI = """
    [pytest]
    asyncio_default_fixture_loop_scope = function
    # Here alone our modules are loaded before pytest is.
    filterwarnings = ignore:Module already imported so cannot be rewritten
    {lines}
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """An empty suite with a `pytest.ini`."""
    pytester.makeini(INI.format(lines=""))
    return pytester
