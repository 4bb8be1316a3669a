"""Functions that modules took by name before the run: `from time import sleep`.

Replacing `time.sleep` does not reach them. This finds every module-level name that is bound to one
of the real functions, remembers where, and replaces it for the length of a run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import BuiltinFunctionType, ModuleType
from typing import Any

HARNESS = (
    "_pytest",
    "pluggy",
    "xdist",
    "execnet",
    "hypothesis",
    "threading",
    "queue",
    "simulator.",
)
"""Modules around a run or below it: they keep the real functions they took by name."""

_seen: dict[str, tuple[int, int, tuple[str, ...]]] = {}
"""By module name: identity, number of names, and the names bound to built-in functions. A cache of
what is on disk, not state of a run; looking through 2,000 modules anew would cost 10 ms."""


def _built_in_names(name: str, module: ModuleType) -> tuple[str, ...]:
    names = module.__dict__
    known = _seen.get(name)
    if known is not None and known[0] == id(module) and known[1] == len(names):  # det-ok: cache key
        return known[2]
    found = tuple(
        key for key, value in list(names.items()) if isinstance(value, BuiltinFunctionType)
    )
    _seen[name] = (id(module), len(names), found)  # det-ok: cache key
    return found


@contextmanager
def replaced(replacements: Mapping[Any, Any]) -> Iterator[None]:
    """Binds every module-level name of a real (built-in) function to its replacement."""
    changes: list[tuple[dict[str, Any], str, Any]] = []
    for name, module in list(sys.modules.items()):
        if not isinstance(module, ModuleType) or name.startswith((*HARNESS, "freezegun")):
            continue
        names = module.__dict__
        for key in _built_in_names(name, module):
            value = names.get(key)
            try:
                replacement = replacements.get(value)
            except TypeError:  # not hashable, so none of ours
                continue
            if replacement is not None:
                names[key] = replacement
                changes.append((names, key, value))
    try:
        yield
    finally:
        for names, key, value in changes:
            names[key] = value
        _put_back(replacements)


def _put_back(replacements: Mapping[Any, Any]) -> None:
    """Modules loaded during the run took the replacements; they get the real ones."""
    originals = {fake: real for real, fake in replacements.items()}
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and name not in _seen:
            names = module.__dict__
            for key, value in list(names.items()):
                if callable(value) and getattr(value, "__hash__", None) is not None:
                    real = originals.get(value)
                    if real is not None:
                        names[key] = real
