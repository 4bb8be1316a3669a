"""Scenario files in, scenarios out: all that is wrong with a file is said at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scenarios.changes import change
from scenarios.document import Document, read_document
from scenarios.errors import Problem, ScenarioError
from scenarios.including import included, named_in
from scenarios.problems import problems_of
from scenarios.published import schema_text
from scenarios.schema import ROOT, Scenario, found_beside
from scenarios.types import BOT, SIGNALS, Frame
from scenarios.units import Start, Unusable, parse_start
from scenarios.venues import host_names, problems_of_venues
from simulator.venues import NAMES

_SCHEMA_ID = "scenario.schema.json"


NamesIn = Callable[[Path], Sequence[str]]
"""The names of the milestones in a pattern file; raises InputError for one that cannot be used."""


def load(
    path: Path,
    *,
    milestones: Sequence[str] | None = None,
    names_in: NamesIn | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Scenario:
    """The scenario in a file. `milestones` are the names that are known besides its own, and
    `names_in` tells those of its pattern files; `changes` are values for places in the file.

    Raises ScenarioError, with every problem of the file in the order of the lines, and what
    `names_in` raises.
    """
    file = shown_path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError([Problem.of_file(file, f"cannot be read: {error}", "")]) from None
    return load_text(
        text,
        file,
        milestones=milestones,
        names_in=names_in,
        folder=path.resolve().parent,
        changes=changes,
    )


def load_text(
    text: str,
    file: str,
    *,
    milestones: Sequence[str] | None = None,
    names_in: NamesIn | None = None,
    folder: Path = ROOT,
    changes: Mapping[str, Any] | None = None,
) -> Scenario:
    """As `load`, from a text; `file` is what the problems call it, and `folder` where other files
    are looked for."""
    document = read_document(text, file)
    if not isinstance(document.data, dict):
        raise ScenarioError(
            [Problem.of_file(file, "is no scenario", "begin with `name:`, `title:` and `start:`")]
        )
    problems = [*document.problems, *change(document, changes or {})]
    missing = _missing_pattern_files(document, folder)
    like, unlike = named_in(document, folder)
    problems += [*missing, *_missing_log(document, folder), *unlike]
    if milestones is not None:
        milestones = None if missing else [*milestones, *_own_names(document, folder, names_in)]
    try:
        scenario = Scenario.model_validate(document.data, context=_frame(document, milestones))
    except ValidationError as error:
        problems += problems_of(error, document, Scenario)
    problems += problems_of_venues(document)
    if problems:
        raise ScenarioError(sorted(problems, key=lambda problem: (problem.line, problem.key)))
    return included(scenario, like).placed_in(folder)


def json_schema_text() -> str:
    """As it is published in `scenarios/schema.json`."""
    return schema_text(Scenario, _SCHEMA_ID)


def shown_path(path: Path) -> str:
    """A path as a person would write it: from the project's root where it lies below."""
    resolved = path.resolve()
    return str(resolved.relative_to(ROOT)) if resolved.is_relative_to(ROOT) else str(path)


def _frame(document: Document, milestones: Sequence[str] | None) -> Frame:
    """What the file's values may refer to, as far as it can be made out."""
    data: dict[str, Any] = document.data
    venues = _mapping(data.get("venues"))
    symbols = [
        name
        for venue, part in venues.items()
        for symbol in _mapping(_mapping(part).get("instruments"))
        for name in (symbol, f"{venue}:{symbol}")
    ]
    bots = [BOT, *(name for name in _mapping(data.get("hosts")) if name != BOT)]
    # An unknown venue is a problem of its own; its hosts are not to be told of as well.
    hosts = None
    if all(venue in NAMES for venue in venues):
        of_venues = [name for venue in venues for name in host_names(venue)]
        hosts = [*bots, SIGNALS, *of_venues]
    return Frame(
        start=_start(data.get("start")),
        venues=list(venues),
        symbols=symbols,
        hosts=hosts,
        bots=bots,
        milestones=milestones,
    )


def _own_names(document: Document, folder: Path, names_in: NamesIn | None) -> list[str]:
    """The milestones of the file itself, and those of its pattern files."""
    own = list(_mapping(document.data.get("milestones")))
    if names_in is not None:
        own += [name for _, each in _pattern_files(document) for name in names_in(folder / each)]
    return own


def _missing_pattern_files(document: Document, folder: Path) -> list[Problem]:
    return [
        Problem(
            file=document.file,
            line=document.line(("patterns", index)),
            key=f"patterns[{index}]",
            value=name,
            rule="no such file",
            cure="paths start beside the scenario file",
        )
        for index, name in _pattern_files(document)
        if not (folder / name).is_file()
    ]


def _missing_log(document: Document, folder: Path) -> list[Problem]:
    name = _mapping(document.data.get("log")).get("file")
    if not isinstance(name, str) or found_beside(folder, name).is_file():
        return []
    return [
        Problem(
            file=document.file,
            line=document.line(("log", "file")),
            key="log.file",
            value=name,
            rule="no such file",
            cure="paths start beside the scenario file, or at the project's root",
        )
    ]


def _pattern_files(document: Document) -> list[tuple[int, str]]:
    """Place and path of each; what is no path is a problem of its own."""
    named = document.data.get("patterns")
    return [
        (index, name)
        for index, name in enumerate(named if isinstance(named, list) else ())
        if isinstance(name, str)
    ]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _start(value: object) -> Start | None:
    try:
        return parse_start(value)
    except Unusable:
        return None


def main() -> None:
    """Writes the JSON Schema to the standard output."""
    sys.stdout.write(json_schema_text())


if __name__ == "__main__":
    main()
