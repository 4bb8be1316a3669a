"""Puts functions in the place of real ones wherever a module has them, for the length of a run.

Replacing `time.sleep` in `time` does not reach a module that said `from time import sleep`. This
finds every module-level name that is bound to one of the real objects and binds it to the other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import is_
from types import ModuleType
from typing import Any

HARNESS = (
    "_pytest",
    "pluggy",
    "xdist",
    "execnet",
    "hypothesis",
    "threading",
    "queue",
    "freezegun",
    "simulator.",
)
"""Modules around a run or below it: they keep the real functions they took by name."""


class Captures:
    """Which module-level names are bound to one of the wanted objects, remembered by module.

    Looking through every name of 1,500 modules takes 10 ms, which is half of a short run; where
    nothing changed since, the same places are found again in a tenth of a millisecond.
    """

    def __init__(self, wanted: Mapping[int, Any]) -> None:
        self._wanted = dict(wanted)
        self._known: dict[str, _Looked] = {}
        self._modules: list[Any] = []
        self._names: list[dict[str, Any]] = []
        self._sizes: list[int] = []
        self._found: list[tuple[dict[str, Any], str]] = []

    def want(self, objects: Iterable[Any]) -> None:
        """Looks for these as well from now on."""
        new = {id(each): each for each in objects}  # det-ok: identities
        if not new.keys() <= self._wanted.keys():
            self._wanted.update(new)
            self._known.clear()
            self._modules = []

    def find(self) -> Sequence[tuple[dict[str, Any], str]]:
        """Every place: the module's names, and the name in question."""
        if not self._as_before():
            self._look()
        return self._found

    def _as_before(self) -> bool:
        """Whether there are the same modules, each with as many names."""
        modules = sys.modules.values()
        return (
            len(modules) == len(self._modules)
            and all(map(is_, modules, self._modules))
            and list(map(len, self._names)) == self._sizes
        )

    def _look(self) -> None:
        self._modules = list(sys.modules.values())
        self._names, self._sizes, self._found = [], [], []
        for name, module in list(sys.modules.items()):
            if not isinstance(module, ModuleType) or name.startswith(HARNESS):
                continue
            names = module.__dict__
            before = self._known.get(name)
            if before is None or before.module is not module or before.size != len(names):
                before = self._known[name] = _Looked(module, len(names), self._captured(names))
            self._names.append(names)
            self._sizes.append(before.size)
            self._found += ((names, key) for key in before.keys)

    def _captured(self, names: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(
            key
            for key, value in list(names.items())
            if id(value) in self._wanted  # det-ok: an identity is what is looked for
        )


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found in a module when it had so many names."""

    module: ModuleType
    size: int
    keys: tuple[str, ...]


@contextmanager
def replaced(captures: Captures, replacements: Mapping[Any, Any]) -> Iterator[None]:
    """Binds every captured name of a key of `replacements` to its value; modules that are loaded
    meanwhile get the real ones back as well."""
    fakes = {id(real): fake for real, fake in replacements.items()}  # det-ok: identities
    changes: list[tuple[dict[str, Any], str, Any]] = []
    for names, key in captures.find():
        value = names.get(key)
        fake = fakes.get(id(value))  # det-ok: an identity is what is looked for
        if fake is not None:
            names[key] = fake
            changes.append((names, key, value))
    loaded = len(sys.modules)
    try:
        yield
    finally:
        for names, key, value in changes:
            names[key] = value
        if len(sys.modules) != loaded:
            _give_back(replacements)


def _give_back(replacements: Mapping[Any, Any]) -> None:
    """Modules that were loaded during the run took the replacements by name."""
    reals = {id(fake): real for real, fake in replacements.items()}  # det-ok: identities
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and not name.startswith(HARNESS):
            names = module.__dict__
            for key, value in list(names.items()):
                real = reals.get(id(value))  # det-ok: an identity is what is looked for
                if real is not None:
                    names[key] = real
