"""How a command ends, and what an error or a run ends it with."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from replay.result import RunResult
from simulator.errors import InputError, OverBudgetError, RealConnectionError, SimulatorError


class ExitCode(IntEnum):
    """How a command ended."""

    AS_EXPECTED = 0
    BROKEN = 1
    UNUSABLE_INPUT = 2
    NOT_DETERMINISTIC = 3
    REAL_CONNECTION = 4
    OVER_BUDGET = 5


_BY_GRAVITY = (
    ExitCode.REAL_CONNECTION,  # a bot that reaches out could have sent a real order
    ExitCode.NOT_DETERMINISTIC,  # no other outcome can be relied on
    ExitCode.UNUSABLE_INPUT,  # something was not judged at all
    ExitCode.OVER_BUDGET,  # something was not judged to its end
    ExitCode.BROKEN,
    ExitCode.AS_EXPECTED,
)


def gravest(codes: Iterable[ExitCode]) -> ExitCode:
    """The code that a command ends with when its parts ended with these."""
    return min(codes, key=_BY_GRAVITY.index, default=ExitCode.AS_EXPECTED)


def of_error(error: SimulatorError) -> ExitCode:
    """What a run that could not be finished ends with."""
    match error:
        case InputError():
            return ExitCode.UNUSABLE_INPUT
        case RealConnectionError():
            return ExitCode.REAL_CONNECTION
        case OverBudgetError():
            return ExitCode.OVER_BUDGET
    return ExitCode.BROKEN


def of_result(result: RunResult, *, deterministic: bool | None = None) -> ExitCode:
    """What a run ends with; `deterministic` None if it was run once."""
    codes = [ExitCode.AS_EXPECTED]
    if result.refusals:
        codes.append(ExitCode.REAL_CONNECTION)
    if deterministic is False:
        codes.append(ExitCode.NOT_DETERMINISTIC)
    if result.over_budget:
        codes.append(ExitCode.OVER_BUDGET)
    if not result.verdict.ok:
        codes.append(ExitCode.BROKEN)
    return gravest(codes)
