"""The `replay` command; each module adds the commands that its name tells of."""

from replay.cli import calibrate, forensics, logs, programs, run, serve, tables, traces, tune
from replay.cli.shared import ExitCode, app, main

__all__ = [
    "ExitCode",
    "app",
    "calibrate",
    "forensics",
    "logs",
    "main",
    "programs",
    "run",
    "serve",
    "tables",
    "traces",
    "tune",
]
