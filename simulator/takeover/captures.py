"""Puts functions in the place of real ones wherever a module has them, for the length of a run.

Replacing `time.sleep` in `time` does not reach a module that said `from time import sleep`. This
finds every module-level name that is bound to one of the real objects and binds it to the other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
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

    Looking through every name of 1,500 modules takes 10 ms; looking only where something was
    found before, and at modules that changed, takes a tenth of it.
    """

    def __init__(self, wanted: Mapping[int, Any]) -> None:
        self._wanted = dict(wanted)
        self._known: dict[str, tuple[int, int, tuple[str, ...]]] = {}

    def want(self, objects: Iterable[Any]) -> None:
        """Looks for these as well from now on."""
        new = {id(each): each for each in objects}  # det-ok: identities
        if not new.keys() <= self._wanted.keys():
            self._wanted.update(new)
            self._known.clear()

    def find(self) -> Iterator[tuple[dict[str, Any], str]]:
        """Every place: the module's names, and the name in question."""
        wanted, known = self._wanted, self._known
        for name, module in list(sys.modules.items()):
            if not isinstance(module, ModuleType):
                continue
            names = module.__dict__
            before = known.get(name)
            identity = id(module)  # det-ok: tells a reloaded module from the old one
            if before is None or before[0] != identity or before[1] != len(names):
                keys: tuple[str, ...] = ()
                if not name.startswith(HARNESS):
                    keys = tuple(
                        key
                        for key, value in list(names.items())
                        if id(value) in wanted  # det-ok: an identity is what is looked for
                    )
                known[name] = (identity, len(names), keys)
            else:
                keys = before[2]
            for key in keys:
                yield names, key


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
