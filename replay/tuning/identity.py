"""What all results of a study depend on besides its items: the code, and what it runs on.

A store keeps it, so that results of other code do not get mixed up with these. Every process that
works compares it with its own before it is given anything: on a cluster, which may have another
version installed, and on this machine, where somebody may edit the code while a study runs.

Of Python it is the minor version: within one, neither syntax nor the library changes. Of the
libraries it is those that a run is made of, to the last digit; a bot's own are not known.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Iterator, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

_OURS = ("simulator", "scenarios", "replay", "bot_under_test")
_LIBRARIES = ("aiohttp", "ccxt", "freezegun", "httptools", "orjson", "pydantic", "simpy")
_SHORT = 12  # digits of a digest, for a person
_NONE = "none"
_CODE = "'s code"


def identity(factories: Iterable[str] = ()) -> dict[str, str]:
    """By name: Python's version, the libraries', and a digest of each of our packages and of those
    that the factories, `module:function`, are from: the top-level package, or all modules beside
    one that is in none. Packages are looked for as Python does, and in the working directory."""
    packages = dict.fromkeys(
        (*_OURS, *(each.partition(":")[0].partition(".")[0] for each in factories))
    )
    return {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        **{name: _version(name) for name in _LIBRARIES},
        **{_code(name): _digest(name) for name in packages},
    }


def differences(there: Mapping[str, str], here: Mapping[str, str]) -> str:
    """For a person; empty where both are the same."""
    names = dict.fromkeys((*here, *there))
    return ", ".join(
        f"{name} is {there.get(name, _NONE)[:_SHORT]} there and {here.get(name, _NONE)[:_SHORT]} "
        f"here"
        for name in names
        if there.get(name) != here.get(name)
    )


def refusal(expected: Mapping[str, str]) -> str | None:
    """Why this process must not work for one that has the expected identity; None if it may. To be
    called before what it tells of is imported."""
    packages = [name.removesuffix(_CODE) for name in expected if name.endswith(_CODE)]
    return differences(identity(f"{name}:" for name in packages), expected) or None


def _code(package: str) -> str:
    return f"{package}{_CODE}"


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return _NONE


def _digest(package: str) -> str:
    sha = hashlib.sha256()
    files = list(_files(package))
    for file, path in files:
        sha.update(f"{package}/{file}\n".encode())
        sha.update(path.read_bytes())
    return sha.hexdigest() if files else _NONE


def _files(package: str) -> Iterator[tuple[str, Path]]:
    """Python files and data, by their path in the package."""
    spec = find_spec(package) or _beside(package)
    if spec is None:
        return
    if not spec.submodule_search_locations:
        if spec.origin is not None:
            for path in sorted(Path(spec.origin).parent.glob("*.py")):
                yield path.name, path
        return
    for place in spec.submodule_search_locations:
        for path in sorted(Path(place).rglob("*")):
            if path.suffix in (".py", ".yaml", ".sql") and path.is_file():
                yield path.relative_to(place).as_posix(), path


def _beside(package: str) -> ModuleSpec | None:
    return PathFinder.find_spec(package, [str(Path.cwd())])
