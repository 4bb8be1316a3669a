"""What a test in a world costs beyond an empty test: the plugin, the world and one venue."""

from __future__ import annotations

import io
import statistics
import tempfile
from collections.abc import Generator, Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from tests.bench.figures import Figure, real_clock

TESTS = 200
WARM_UP = 20
_PARAMETRIZED = f"@pytest.mark.parametrize('number', range({TESTS}))"
_PLAIN = f"import pytest\n{_PARAMETRIZED}\ndef test_plain(number): ...\n"
_SIMULATED = (  # among the many modules of a client, which a world looks through
    f"import ccxt, pytest\n{_PARAMETRIZED}\nasync def test_simulated(number, world, binance): ...\n"
)


class _Stopwatch:
    """Real seconds of each test, from before its setup until after its teardown."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {"test_plain": [], "test_simulated": []}
        self.failed = 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Function) -> Generator[None, object, object]:
        before = real_clock.read()
        try:
            return (yield)
        finally:
            self.seconds[item.originalname].append(real_clock.read() - before)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed += report.failed


def _measured() -> float:
    """Milliseconds that a simulated test takes longer, at the median."""
    watch = _Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pytest.ini").write_text("[pytest]\n")
        Path(folder, "test_plain.py").write_text(_PLAIN)
        Path(folder, "test_simulated.py").write_text(_SIMULATED)
        options = ["-p", "no:cacheprovider", "-p", "no:asyncio", f"--rootdir={folder}"]
        with redirect_stdout(io.StringIO()):
            ended = pytest.main([*options, folder], plugins=[watch])
    if ended or watch.failed:
        raise RuntimeError(f"the measured tests failed: pytest ended with {ended}")
    plain, simulated = (statistics.median(each[WARM_UP:]) for each in watch.seconds.values())
    return (simulated - plain) * 1_000


def figures() -> Iterator[Figure]:
    yield Figure(
        name="plugin_overhead_ms",
        value=_measured(),
        unit="ms",
        target=15.0,
        better="lower",
    )
