"""Which candidates are tried next: all of a grid, some at random, or what Optuna proposes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from simulator.errors import InputError

if TYPE_CHECKING:
    from scenarios.study import Parameter, Study


class Search(Protocol):
    """Proposes candidates a generation at a time, and learns what came of them."""

    def propose(self) -> list[dict[str, Any]]:
        """The next ones; none when it is at its end."""

    def learn(self, costs: Sequence[Sequence[float] | None]) -> None:
        """What the objectives of those proposed last came to, less being better; None for one
        that keeps no constraint or was given up."""


def search_of(study: Study) -> Search:
    """As the study asks for. Raises InputError where Optuna is asked for and not installed."""
    match study.search.method:
        case "grid":
            return _Once(_with_compared(study, list(study.grid())))
        case "random":
            return _Once(_with_compared(study, _at_random(study)))
        case "optuna":
            return _Optuna(study)


def _with_compared(study: Study, candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that are to be compared come first, where they are none of the others."""
    return [*(each for each in study.compared if each not in candidates), *candidates]


class _Once:
    """All in one generation."""

    def __init__(self, candidates: list[dict[str, Any]]) -> None:
        self._candidates = candidates

    def propose(self) -> list[dict[str, Any]]:
        proposed, self._candidates = self._candidates, []
        return proposed

    def learn(self, costs: Sequence[Sequence[float] | None]) -> None:
        """There is nothing left to propose."""


def _at_random(study: Study) -> list[dict[str, Any]]:
    """So many different ones as there are, at most as many as are asked for."""
    source = random.Random(study.search.seed)  # det-ok: seeded by the study
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    tries = 100 * study.search.candidates
    draws = ({n: _drawn(p, source) for n, p in study.parameters.items()} for _ in range(tries))
    for values in draws:
        found.setdefault(tuple(values.values()), values)
        if len(found) == study.search.candidates:
            break
    return list(islice(found.values(), study.search.candidates))


def _drawn(parameter: Parameter, source: random.Random) -> Any:
    if parameter.range is None:
        return source.choice(parameter.grid())
    low, high = (float(each) for each in parameter.range)
    return parameter.between(low, high, source.random())


class _Optuna:
    """A multi-objective sampler of Optuna's, asked for a generation at a time: what it proposes
    depends on what it was told, and not on who was faster."""

    def __init__(self, study: Study) -> None:
        try:
            import optuna
        except ImportError as error:
            raise InputError(
                f"{study.name}: search.method: optuna is not installed; "
                "pip install 'trading-bot-simulator[tune]', or use grid or random"
            ) from error
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._optuna = optuna
        self._study = study
        self._left = study.search.candidates
        self._compared = list(study.compared)
        self._asked: list[Any] = []
        sampler = optuna.samplers.TPESampler(
            seed=study.search.seed, n_startup_trials=min(10, study.search.candidates)
        )
        self._trials = optuna.create_study(
            directions=["minimize"] * len(study.objectives), sampler=sampler
        )

    def propose(self) -> list[dict[str, Any]]:
        if self._compared:
            proposed, self._compared = self._compared, []
            return proposed
        count = min(self._study.search.generation, self._left)
        self._left -= count
        self._asked = [self._trials.ask() for _ in range(count)]
        return [
            {name: self._suggested(trial, name, of) for name, of in self._study.parameters.items()}
            for trial in self._asked
        ]

    def _suggested(self, trial: Any, name: str, parameter: Parameter) -> Any:
        if parameter.range is None:
            values = parameter.grid()
            return values[trial.suggest_categorical(name, list(range(len(values))))]
        low, high = (float(each) for each in parameter.range)
        return parameter.between(low, high, trial.suggest_float(name, 0.0, 1.0))

    def learn(self, costs: Sequence[Sequence[float] | None]) -> None:
        states = self._optuna.trial.TrialState
        for trial, cost in zip(self._asked, costs, strict=bool(self._asked)):
            if cost is None:
                self._trials.tell(trial, state=states.FAIL)
            else:
                self._trials.tell(trial, list(cost))
        self._asked = []
