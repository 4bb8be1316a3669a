"""Recognises milestones in log lines; the patterns are data, in `milestones.yaml`."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scenarios.document import Document, read_document
from scenarios.errors import Problem
from scenarios.loader import shown_path
from scenarios.types import nearest
from simulator.errors import InputError

_PATTERNS_FILE = Path(__file__).with_name("milestones.yaml")
_KEYS = ("name", "title", "patterns", "logger")
_EXAMPLE = "write `- {name: order_sent, patterns: ['order sent: (?P<symbol>\\w+)']}`"


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


class MilestonePatterns:
    """An ordered list of patterns; the first that finds something names the milestone."""

    def __init__(self, patterns: Iterable[MilestonePattern]) -> None:
        self._patterns = tuple(patterns)
        self._titles: dict[str, str] = {}
        for pattern in self._patterns:
            # Of a name that several files use, the first one's title holds, as its patterns do.
            self._titles.setdefault(pattern.name, pattern.title)
        self._searches = [
            (expression.search, pattern.logger, pattern.name)
            for pattern in self._patterns
            for expression in pattern.patterns
        ]

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
        # Called for every line of a log, and most lines match nothing.
        for search, wanted, name in self._searches:
            found = search(text)
            if found is not None and (wanted is None or not logger or wanted.search(logger)):
                read = {group: value for group, value in found.groupdict().items() if value}
                return MilestoneMatch(name=name, groups=read)
        return None


def load(path: Path = _PATTERNS_FILE) -> MilestonePatterns:
    """Reads a pattern file. Raises `InputError` with every problem of it: file, line, milestone,
    value, rule and cure."""
    file = shown_path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read: {error}") from None
    document = read_document(text, file)
    problems = list(document.problems)
    patterns = _patterns(document, problems)
    if problems:
        raise InputError("\n".join(str(each) for each in sorted(problems, key=lambda p: p.line)))
    return MilestonePatterns(patterns)


def _patterns(document: Document, problems: list[Problem]) -> list[MilestonePattern]:
    if not isinstance(document.data, list):
        _blame(problems, document, (), document.data, "must be a list of milestones", _EXAMPLE)
        return []
    found: list[MilestonePattern] = []
    named: dict[str, int] = {}
    for index, entry in enumerate(document.data):
        pattern = _pattern(document, index, entry, problems)
        if pattern is None:
            continue
        if pattern.name in named:
            rule = f"is named twice, first in line {named[pattern.name]}"
            cure = "put all patterns of a milestone below one name"
            _blame(problems, document, (index, "name"), pattern.name, rule, cure)
        named.setdefault(pattern.name, document.line((index, "name")))
        found.append(pattern)
    return found


def _pattern(
    document: Document, index: int, entry: Any, problems: list[Problem]
) -> MilestonePattern | None:
    match entry:
        case {"name": str(name), "patterns": [*texts]} if name and texts:
            pass
        case _:
            rule = "a milestone needs `name` and a list `patterns`"
            _blame(problems, document, (index,), entry, rule, _EXAMPLE)
            return None
    for key in entry:
        if key not in _KEYS:
            _blame(problems, document, (index, key), "", "no such key", nearest(key, _KEYS), name)
    compiled = [
        _compiled(document, (index, "patterns", place), text, problems, name)
        for place, text in enumerate(texts)
    ]
    logger = entry.get("logger")
    if logger is not None:
        logger = _compiled(document, (index, "logger"), logger, problems, name)
    return MilestonePattern(
        name=name,
        title=str(entry.get("title") or name.replace("_", " ")),
        patterns=tuple(each for each in compiled if each is not None),
        logger=logger,
    )


def _compiled(
    document: Document,
    path: tuple[str | int, ...],
    text: Any,
    problems: list[Problem],
    name: str,
) -> re.Pattern[str] | None:
    if not isinstance(text, str):
        _blame(problems, document, path, text, "must be a text", "put it in single quotes", name)
        return None
    try:
        return re.compile(text)
    except re.error as error:
        rule = f"is no regular expression: {error}"
        _blame(problems, document, path, text, rule, "escape special signs with \\", name)
        return None


def _blame(
    problems: list[Problem],
    document: Document,
    path: tuple[str | int, ...],
    value: Any,
    rule: str,
    cure: str,
    name: str = "",
) -> None:
    key = ".".join(str(each) for each in path[1:] if isinstance(each, str))
    problems.append(
        Problem(
            file=document.file,
            line=document.line(path),
            key=": ".join(part for part in (name, key) if part),
            value="" if value is None else str(value),
            rule=rule,
            cure=cure,
        )
    )


@cache
def known() -> MilestonePatterns:
    """The patterns that come with this package, read once."""
    return load()


def find(text: str, logger: str = "") -> MilestoneMatch | None:
    """The milestone that `text` speaks of by the patterns of this package, or None."""
    return known().find(text, logger)


def with_patterns(
    further: Mapping[str, tuple[str, str]], files: Iterable[Path] = ()
) -> MilestonePatterns:
    """The patterns of this package, and before them `further`, a logger (a shell-style pattern) and
    a regular expression by name, and those of the files. Raises `InputError`, as `load`."""
    own = [
        MilestonePattern(
            name=name,
            title=name.replace("_", " "),
            patterns=(re.compile(message),),
            logger=re.compile(fnmatch.translate(logger)),
        )
        for name, (logger, message) in further.items()
    ]
    own += [pattern for file in files for pattern in load(file).all()]
    return MilestonePatterns([*own, *known().all()]) if own else known()
