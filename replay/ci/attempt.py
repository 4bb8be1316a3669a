"""One scenario tried with one version of a bot: what came of it, or why nothing did."""

from __future__ import annotations

from dataclasses import dataclass

from replay import exit_codes
from replay.exit_codes import ExitCode
from replay.result import RunResult
from simulator.errors import SimulatorError


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Either a result or the error that left none.

    `scenario` is the name or path it was asked for by, `version` empty where a scenario could not
    even be read, and `deterministic` None where it was run once.
    """

    scenario: str
    version: str
    result: RunResult | None = None
    error: SimulatorError | None = None
    deterministic: bool | None = None
    differences: tuple[str, ...] = ()
    """Where it was run twice: the first difference, in lines."""

    @property
    def code(self) -> ExitCode:
        """What the command would end with if this were all."""
        if self.error is not None:
            return exit_codes.of_error(self.error)
        assert self.result is not None  # an attempt has one of both
        return exit_codes.of_result(self.result, deterministic=self.deterministic)

    @property
    def ok(self) -> bool:
        """Whether everything was as expected."""
        return self.code is ExitCode.AS_EXPECTED

    @property
    def outcome(self) -> str:
        """How it ended, in a few words."""
        if self.error is not None and self.code is ExitCode.BROKEN:
            return f"ended by {type(self.error).__name__}"
        return _OUTCOMES[self.code]

    @property
    def repeat(self) -> str:
        """The command that does it again, wherever `replay` lies on the reader's machine; empty
        of what left no result."""
        if self.result is None:
            return ""
        twice = " --twice" if self.deterministic is False else ""
        return f"{self.result.command_anywhere}{twice}"

    @property
    def complaints(self) -> tuple[str, ...]:
        """Everything that is not as expected, a line or more for each."""
        if self.error is not None:
            return (str(self.error),)
        assert self.result is not None
        told = [
            f"{finding.name}: {finding.outcome}: {finding.evidence}"
            for finding in self.result.verdict.surprises
        ]
        told += [f"real connection refused: {each}" for each in self.result.refusals]
        told += [f"over budget: {each}" for each in self.result.over_budget]
        if self.deterministic is False:
            told.append("not deterministic: the second run was another one")
        return tuple(told)


_OUTCOMES = {
    ExitCode.AS_EXPECTED: "as expected",
    ExitCode.BROKEN: "UNEXPECTED",
    ExitCode.UNUSABLE_INPUT: "unusable input",
    ExitCode.NOT_DETERMINISTIC: "not deterministic",
    ExitCode.REAL_CONNECTION: "real connection attempted",
    ExitCode.OVER_BUDGET: "over budget",
}
