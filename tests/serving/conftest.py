"""`replay serve` in a process of its own, and client programs in a third."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from replay.serving.told import READY

PROGRAMS = Path(__file__).parent / "programs"
REPLAY = Path(sys.executable).with_name("replay")
LONGEST_S = 240
"""Nothing takes so long; what does is stuck."""


def environment() -> dict[str, str]:
    """Without what pytest puts in, and without proxies on the way to loopback."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTEST") and not name.lower().endswith("_proxy")
    }


@dataclass
class Serving:
    """Venues that serve."""

    process: subprocess.Popen[str]
    file: Path
    """What `--json` wrote."""
    lines: list[str]
    """What it printed up to and with the line that tells it is ready."""

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        return found

    def client(self, program: str, *arguments: str) -> Any:
        """What a program of `programs/` prints, run against the venues to its end."""
        command = [sys.executable, str(PROGRAMS / program), str(self.file), *arguments]
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST_S, env=environment()
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def end(self, sign: signal.Signals) -> tuple[int, list[str], str]:
        """Sends it a signal; then as `ended`."""
        self.process.send_signal(sign)
        return self.ended()

    def ended(self) -> tuple[int, list[str], str]:
        """The exit code, the lines printed since it was ready, and the standard error."""
        printed, errors = self.process.communicate(timeout=LONGEST_S)
        return self.process.returncode, printed.splitlines(), errors


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Serving]:
    """`replay serve` with these arguments; whatever it is at, it is gone at the end."""
    file = folder / "serve.json"
    command = [str(REPLAY), "serve", *arguments, "--json", str(file)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        try:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                if lines[-1] == READY:
                    break
            assert lines[-1:] == [READY], process.communicate(timeout=LONGEST_S)[1]
            yield Serving(process, file, lines)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Both venues as they are without a scenario; a test leaves no position behind."""
    with serving(tmp_path_factory.mktemp("served")) as found:
        yield found
