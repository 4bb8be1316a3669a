"""What a program has to itself, although several run in this one process: its arguments, its
environment, its directory, its import path, the root logger, and the modules that are its own.

What is installed is shared between programs, as far as it has state too: loggers by name above all.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

_ROOT = logging.getLogger()
_set_variable: Any = type(os.environ).__setitem__
"""As it is without the guard over variables that a program cannot change."""


class Process:
    """One life of one program."""

    def __init__(
        self,
        *,
        arguments: Sequence[str],
        path: Sequence[str],
        directory: Path,
        environment: Mapping[str, str],
    ) -> None:
        self._inside = _State(
            arguments=list(arguments),
            path=list(path),
            directory=str(directory),
            environment=dict(environment),
        )
        self._outside_modules = _OwnModules()
        self._inside_modules = _OwnModules()

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Within it, code finds what is this program's; whatever it changes of that is kept for
        the next time."""
        outside = _State.found(self._outside_modules)
        self._inside.take_the_place_of(outside)
        try:
            yield
        finally:
            self._inside = _State.found(self._inside_modules)
            outside.take_the_place_of(self._inside)


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    arguments: list[str]
    path: list[str]
    directory: str
    environment: dict[str, str]
    log_level: int = logging.WARNING
    log_handlers: tuple[logging.Handler, ...] = ()
    modules: dict[str, ModuleType] = field(default_factory=dict)

    @classmethod
    def found(cls, modules: _OwnModules) -> _State:
        return cls(
            arguments=sys.argv,
            path=sys.path,
            directory=str(Path.cwd()),
            environment=dict(os.environ),
            log_level=_ROOT.level,
            log_handlers=tuple(_ROOT.handlers),
            modules=modules.found(),
        )

    def take_the_place_of(self, before: _State) -> None:
        sys.argv, sys.path = self.arguments, self.path
        if self.directory != before.directory:
            os.chdir(self.directory)
        for name in before.environment.keys() - self.environment.keys():
            del os.environ[name]
        for name, value in self.environment.items():
            if before.environment.get(name) != value:
                _set_variable(os.environ, name, value)
        _ROOT.handlers[:] = self.log_handlers
        if self.log_level != before.log_level:
            _ROOT.setLevel(self.log_level)
        for name in before.modules:
            del sys.modules[name]
        sys.modules.update(self.modules)


class _OwnModules:
    """Finds the modules that are somebody's own; looks anew only where some were added."""

    def __init__(self) -> None:
        self._count = 0
        self._names: list[str] = []

    def found(self) -> dict[str, ModuleType]:
        if len(sys.modules) != self._count:
            self._count = len(sys.modules)
            self._names = [name for name, each in sys.modules.items() if _is_own(name, each)]
        return {name: sys.modules[name] for name in self._names}


def _is_own(name: str, module: ModuleType) -> bool:
    if name == "__main__":
        return True
    if name.partition(".")[0] in _STAYING:
        return False
    file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
    return file is not None and not _is_installed(file)


def _is_installed(file: str) -> bool:
    return "site-packages" in file or "dist-packages" in file or file.startswith(sys.base_prefix)


_STAYING = ("simulator", "scenarios", "replay", "bot_under_test")
