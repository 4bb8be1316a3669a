"""What all results of a study depend on besides its items: the code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

_OURS = ("simulator", "scenarios", "replay", "bot_under_test")


def code_digest(bot: str) -> str:
    """Of our own code, and of the top-level package or module of `bot`, if it is a factory."""
    sha = hashlib.sha256()
    factory = [bot.partition(":")[0].partition(".")[0]] if ":" in bot else []
    for name in dict.fromkeys((*_OURS, *factory)):
        for file, path in _files(name):
            sha.update(f"{name}/{file}\n".encode())
            sha.update(path.read_bytes())
    return sha.hexdigest()


def _files(name: str) -> Iterator[tuple[str, Path]]:
    """Python files and data, by their path in the package."""
    spec = find_spec(name)
    if spec is None:
        return
    if not spec.submodule_search_locations:
        if spec.origin is not None:
            yield Path(spec.origin).name, Path(spec.origin)
        return
    for place in spec.submodule_search_locations:
        for path in sorted(Path(place).rglob("*")):
            if path.suffix in (".py", ".yaml", ".sql") and path.is_file():
                yield path.relative_to(place).as_posix(), path
