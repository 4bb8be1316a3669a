"""Recognises milestones in log lines; the patterns are data, in `milestones.yaml`."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from simulator.errors import InputError

PATTERNS_FILE = Path(__file__).with_name("milestones.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneMatch:
    """A milestone found in a text, with what its pattern could read there."""

    name: str
    groups: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestonePattern:
    """The ways in which one milestone is written in logs."""

    name: str
    title: str
    patterns: tuple[re.Pattern[str], ...]
    logger: re.Pattern[str] | None = None

    def match(self, text: str, logger: str) -> MilestoneMatch | None:
        """The match in `text`, unless the line comes from another logger than this one wants."""
        if self.logger is not None and logger and not self.logger.search(logger):
            return None
        for pattern in self.patterns:
            found = pattern.search(text)
            if found is not None:
                read = {name: value for name, value in found.groupdict().items() if value}
                return MilestoneMatch(name=self.name, groups=read)
        return None


class MilestonePatterns:
    """An ordered list of patterns; the first that finds something names the milestone."""

    def __init__(self, patterns: Iterable[MilestonePattern]) -> None:
        self._patterns = tuple(patterns)
        self._titles = {pattern.name: pattern.title for pattern in self._patterns}

    @property
    def names(self) -> tuple[str, ...]:
        """Every name there is, in the file's order."""
        return tuple(self._titles)

    def all(self) -> tuple[MilestonePattern, ...]:
        """Every pattern, in the order in which they are tried."""
        return self._patterns

    def title(self, name: str) -> str:
        """What a report calls the milestone; the name in words if no file knows it."""
        return self._titles.get(name, name.replace("_", " "))

    def find(self, text: str, logger: str = "") -> MilestoneMatch | None:
        """The milestone that `text` (with its continuation lines) speaks of, or None."""
        for pattern in self._patterns:
            match = pattern.match(text, logger)
            if match is not None:
                return match
        return None


def load(path: Path = PATTERNS_FILE) -> MilestonePatterns:
    """Reads a pattern file. Raises `InputError` naming file, milestone and what is wrong."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where it exists
    try:
        entries = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except (OSError, yaml.YAMLError) as error:
        raise InputError(f"{path.name}: cannot be read: {error}") from error
    if not isinstance(entries, list):
        raise InputError(f"{path.name}: must be a list of milestones, was {type(entries).__name__}")
    return MilestonePatterns(_pattern(entry, path) for entry in entries)


def _pattern(entry: Any, path: Path) -> MilestonePattern:
    match entry:
        case {"name": str(name), "patterns": [*texts]} if texts:
            pass
        case _:
            raise InputError(
                f"{path.name}: a milestone needs `name` and a list `patterns`, was {entry!r}"
            )
    unknown = [key for key in entry if key not in ("name", "title", "patterns", "logger")]
    if unknown:
        raise InputError(
            f"{path.name}: {name}: unknown key {unknown[0]!r}; known: name, title, patterns, logger"
        )
    logger = entry.get("logger")
    return MilestonePattern(
        name=name,
        title=str(entry.get("title", name.replace("_", " "))),
        patterns=tuple(_compiled(text, name, path) for text in texts),
        logger=None if logger is None else _compiled(logger, name, path),
    )


def _compiled(text: Any, name: str, path: Path) -> re.Pattern[str]:
    try:
        return re.compile(str(text))
    except re.error as error:
        raise InputError(
            f"{path.name}: {name}: pattern {text!r} is no regular expression: {error}"
        ) from error


@cache
def known() -> MilestonePatterns:
    """The patterns that come with this package, read once."""
    return load()


def find(text: str, logger: str = "") -> MilestoneMatch | None:
    """The milestone that `text` speaks of by the patterns of this package, or None."""
    return known().find(text, logger)


def with_patterns(further: Mapping[str, tuple[str, str]]) -> MilestonePatterns:
    """The patterns of this package, and before them `further`: a logger (a shell-style pattern)
    and a regular expression by name."""
    if not further:
        return known()
    own = (
        MilestonePattern(
            name=name,
            title=name.replace("_", " "),
            patterns=(re.compile(message),),
            logger=re.compile(fnmatch.translate(logger)),
        )
        for name, (logger, message) in further.items()
    )
    return MilestonePatterns([*own, *known().all()])
