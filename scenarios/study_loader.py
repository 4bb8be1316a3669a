"""Study files in, studies out: all that is wrong with a file is said at once."""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import ValidationError

from scenarios.document import read_document
from scenarios.errors import Problem, ScenarioError
from scenarios.loader import shown_path
from scenarios.problems import problems_of
from scenarios.published import schema_text
from scenarios.study import Study
from scenarios.types import Frame, nearest

_FOLDER = Path(__file__).resolve().parent / "studies"
_SCHEMA_ID = "study.schema.json"


def names() -> list[str]:
    """Those of the studies that come along, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def find(name: str) -> Path:
    """The file of a study: by its name, or by a path. Raises ScenarioError."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        if path.is_file():
            return path
        rule, cure = "no such file", f"studies by name: {', '.join(names())}"
    elif name in names():
        return _FOLDER / f"{name}.yaml"
    else:
        rule, cure = "no such study", nearest(name, names())
    raise ScenarioError([Problem(file=str(path), line=1, key="", value=name, rule=rule, cure=cure)])


def load(path: Path) -> Study:
    """The study in a file. Raises ScenarioError, with every problem in the order of the lines."""
    file = shown_path(path)
    try:
        document = read_document(path.read_text(encoding="utf-8"), file)
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError([Problem.of_file(file, f"cannot be read: {error}", "")]) from None
    problems = list(document.problems)
    try:
        study = Study.model_validate(document.data, context=Frame())
    except ValidationError as error:
        problems += problems_of(error, document, Study)
    if problems:
        raise ScenarioError(sorted(problems, key=lambda problem: (problem.line, problem.key)))
    return study


def json_schema_text() -> str:
    """As it is published in `scenarios/study_schema.json`."""
    return schema_text(Study, _SCHEMA_ID)


if __name__ == "__main__":
    sys.stdout.write(json_schema_text())
