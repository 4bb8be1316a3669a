"""YAML as data with line numbers, read without the traps of YAML 1.1.

A scalar is what it looks like: `22:34:11` and `2025-10-28` stay text (YAML 1.1 would make a
base-60 number and a date of them), `0.01946` becomes a Decimal of exactly these digits, and only
`true` and `false` are truth values.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from scenarios.errors import Problem, ScenarioError

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?")
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None, "~": None, "": None}
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Document:
    """The content of a file, and the line of each key and value in it."""

    file: str
    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of the key at `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_document(text: str, file: str) -> Document:
    """Raises ScenarioError for a text that is no YAML; a key given twice is a problem in it."""
    document = Document(file)
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ScenarioError([_syntax_problem(error, file)]) from None
    if root is not None:
        document.data = _Reader(document).value(root, ())
    return document


class _Reader:
    """Turns nodes into data, remembering where each came from."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: list[yaml.Node] = []

    def value(self, node: yaml.Node, path: Path) -> Any:
        self._document.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if any(node is outer for outer in self._open):
            self._problem(node, path, "", "an anchor cannot contain itself", "write it out")
            return None
        self._open.append(node)
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.value(child, (*path, i)) for i, child in enumerate(node.value)]
            assert isinstance(node, yaml.MappingNode)
            return self._mapping(node, path)
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        first_lines: dict[str, int] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(key_node, path, "", "a key must be a word", "write `key: value`")
                continue
            key = key_node.value
            if key == "<<" and not key_node.style:
                many = isinstance(value_node, yaml.SequenceNode)
                merged += value_node.value if many else [value_node]
                continue
            key_path = (*path, key)
            if key in first_lines:
                rule = f"is given twice, first in line {first_lines[key]}"
                self._problem(key_node, key_path, "", rule, "keep one of the two")
                continue
            first_lines[key] = line
            self._document.lines[key_path] = line
            found[key] = self.value(value_node, key_path)
        for other in merged:
            if isinstance(other, yaml.MappingNode):
                for key, value in self.value(other, path).items():
                    found.setdefault(key, value)
            else:
                self._problem(other, path, "<<", "only a mapping can be merged", "name an anchor")
        return found

    def _problem(self, node: yaml.Node, path: Path, value: str, rule: str, cure: str) -> None:
        self._document.problems.append(
            Problem(
                file=self._document.file,
                line=node.start_mark.line + 1,
                key=key_text(path),
                value=value,
                rule=rule,
                cure=cure,
            )
        )


def key_text(path: tuple[Hashable, ...]) -> str:
    """`venues.binance.positions[0].symbol`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _scalar(node: yaml.ScalarNode) -> object:
    text: str = node.value
    if node.style:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    return text


def _syntax_problem(error: yaml.YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or str(error)
    cure = "look for a missing colon, quote or indent here or in the line before"
    if "'\\t'" in said or "character that cannot start any token" in said:
        cure = "indent with spaces, and put text with special signs in quotes"
    return Problem(
        file=file,
        line=1 if mark is None else mark.line + 1,
        key="",
        value="",
        rule=f"is no YAML: {said}",
        cure=cure,
    )
