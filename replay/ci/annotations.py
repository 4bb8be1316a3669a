"""Workflow commands of GitHub Actions: lines of output that become annotations of a file.

    ::error file=scenarios/a.yaml,line=14,title=a%2C bot current::what is wrong

GitHub shows ten of each kind for a step, and all of them in its log.
Source: GitHub's documentation, "Workflow commands for GitHub Actions", and the toolkit's
`command.ts` for what has to be escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from replay.ci.attempt import Attempt
from replay.result import RunResult
from scenarios import catalogue
from scenarios.document import Document, read_document
from scenarios.errors import ScenarioError
from scenarios.types import BOT

Level = Literal["error", "warning"]


def asked_for(environment: Mapping[str, str]) -> bool:
    """Whether this runs in GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


def commands(attempts: Iterable[Attempt], root: Path) -> Iterator[str]:
    """An error for everything that is not as expected, a warning for every fault that never
    fired. `root` is the repository's, from which GitHub names files."""
    for attempt in attempts:
        yield from _of_attempt(attempt, root)


def command(level: Level, message: str, *, file: str, line: int, title: str) -> str:
    """One command. Without a `file`, the annotation belongs to the job alone."""
    place = {"file": file, "line": str(line)} if file else {}
    properties = ",".join(
        f"{name}={_property(value)}" for name, value in {**place, "title": title}.items()
    )
    return f"::{level} {properties}::{_data(message)}"


def repository_root(environment: Mapping[str, str], here: Path) -> Path:
    """The checkout that GitHub names, else the nearest folder around `here` with a `.git`."""
    if named := environment.get("GITHUB_WORKSPACE"):
        return Path(named)
    return next((each for each in (here, *here.parents) if (each / ".git").exists()), here)


def _of_attempt(attempt: Attempt, root: Path) -> Iterator[str]:
    title = ", ".join(
        filter(None, (attempt.scenario, attempt.version and f"bot {attempt.version}"))
    )
    if isinstance(attempt.error, ScenarioError):
        for problem in attempt.error.problems:
            file = _shown(_resolved(problem.file), root)
            yield command("error", str(problem), file=file, line=problem.line, title=title)
        return
    document = _document(attempt)
    file = _shown(Path(document.file), root) if document.file else ""
    if attempt.result is None:
        yield command("error", attempt.complaints[0], file=file, line=1, title=title)
        return
    result = attempt.result
    surprises = result.verdict.surprises
    for number, complaint in enumerate(attempt.complaints):
        # The surprises come first, one complaint each.
        key = surprises[number].key if number < len(surprises) else ()
        line = document.line(key) if key else 1
        told = f"{complaint}\nrepeat with: {attempt.repeat}"
        yield command("error", told, file=file, line=line, title=title)
    for rule, key in _silent_faults(result, document):
        told = f"fault {rule} never fired: this run says nothing about it"
        yield command("warning", told, file=file, line=document.line(key), title=title)


def _document(attempt: Attempt) -> Document:
    """The scenario's file with its lines; nameless where there is no such file."""
    try:
        path = catalogue.find(attempt.scenario)
        return read_document(path.read_text(encoding="utf-8"), str(path))
    except (ScenarioError, OSError, UnicodeDecodeError):
        return Document("")


def _silent_faults(
    result: RunResult, document: Document
) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """The rules that never fired, as `venue: rule`, and where the file makes them."""
    for told, times in result.faults_fired.items():
        if not times:
            venue, _, rule = told.partition(": ")
            if venue == BOT:  # its crashes are numbered
                yield told, ("crash", int(rule.split()[1]) - 1)
                continue
            place = ("venues", venue, "behaviour", "faults")
            names = _names(document.data, place)
            yield told, (*place, names.index(rule)) if rule in names else place


def _names(data: object, place: tuple[str, ...]) -> list[object]:
    for part in place:
        data = data.get(part) if isinstance(data, dict) else None
    return [each.get("name") for each in data] if isinstance(data, list) else []


def _resolved(file: str) -> Path:
    """A problem's file: as it was given, or from the project's root."""
    path = Path(file)
    return path if path.exists() else catalogue.FOLDER.parent / path


def _shown(file: Path, root: Path) -> str:
    """From the repository's root with slashes; as it is where it lies elsewhere."""
    resolved = file.resolve()
    if resolved.is_relative_to(root.resolve()):
        return resolved.relative_to(root.resolve()).as_posix()
    return file.as_posix()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
