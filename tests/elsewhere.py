"""Python, and the command, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_COMMAND = "from replay.cli import main; main()"
_LONGEST_S = 120


def python(
    *arguments: str | Path, cwd: Path | None = None, ends_with: int = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    """What Python says when it is called like this; `environment` comes on top of this process's.

    Fails the test, with what was said, if it ends with another code.
    """
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_S,
    )
    assert done.returncode == ends_with, done.stdout + done.stderr
    return done


def replay(
    *arguments: str | Path, cwd: Path | None = None, ends_with: int = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The same for the command, `replay`."""
    return python("-c", _COMMAND, *arguments, cwd=cwd, ends_with=ends_with, **environment)
