"""What is wrong with a scenario: every problem of a file, with its place and its cure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulator.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in a file.

    `key` is the path to it (`network[0].latency`), `value` what was found there, as shown.
    """

    file: str
    line: int
    key: str
    value: str
    rule: str
    cure: str

    @classmethod
    def of_file(cls, file: str, rule: str, cure: str) -> Problem:
        """With the whole file."""
        return cls(file=file, line=1, key="", value="", rule=rule, cure=cure)

    def __str__(self) -> str:
        subject = ": ".join(part for part in (self.key, self.value) if part)
        said = f"{self.rule}; {self.cure}" if self.cure else self.rule
        place = f"{self.file}:{self.line}"
        return f"{place}: {subject} — {said}" if subject else f"{place}: {said}"


class ScenarioError(InputError):
    """A scenario that cannot be used. `problems` holds all of them, in the order of the lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems,)
