"""What the rows of a study say: estimates, who cannot win any more, the front, the choice."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from replay.tuning import statistics
from replay.tuning.statistics import Estimate, Numbers
from scenarios.study import RATES, Constraint, Objective, Study

Standing = Literal["kept", "violates", "beaten"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A setting, and where it stands."""

    number: int
    values: dict[str, Any]
    runs: int
    estimates: dict[str, Estimate]
    """By what is asked: `success`, `unprotected_s at 0.99`."""
    standing: Standing = "kept"
    why: str = ""
    """What it violates, or by whom it is beaten."""


def label(asked: Objective | Constraint) -> str:
    """What an objective or a constraint asks for, as a column's name."""
    return asked.metric if asked.quantile is None else f"{asked.metric} at {asked.quantile}"


def asked_of(study: Study) -> dict[str, Objective | Constraint]:
    """What is estimated, each once: objectives, then constraints."""
    asked: list[Objective | Constraint] = [*study.objectives, *study.constraints]
    return {label(each): each for each in asked}


def estimate(values: Numbers, asked: Objective | Constraint, confidence: float) -> Estimate:
    """Of one candidate's runs."""
    if asked.metric in RATES:
        return statistics.rate(int(values.sum()), len(values), confidence)
    if asked.quantile is not None:
        return statistics.quantile(values, float(asked.quantile), confidence)
    return statistics.mean(values, confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """See `decide`."""

    candidates: tuple[Candidate, ...]
    recommended: int | None
    """Its number; None where none keeps the constraints."""
    equals: tuple[int, ...] = ()
    """Those that cannot be told from it by the objectives, with so many runs."""
    front: tuple[int, ...] = ()
    """Those that no other is better than in one objective and as good in all, by their means."""
    clear: bool = False
    """Whether more runs would not change the choice, as far as the confidence goes."""
    broken_share: float | None = None
    """The share of the circumstances in which the recommended one does not keep a constraint."""
    broken: pd.DataFrame = field(default_factory=pd.DataFrame)
    """The circumstances, with what was found of the recommended one there."""


class Judge:
    """Looks at the rows of a study so far. `looks` is how often it will, over all candidates: each
    single interval is the wider, so that all of them together keep the study's confidence."""

    def __init__(self, study: Study, looks: int = 1) -> None:
        self._study = study
        self._asked = asked_of(study)
        self._confidence = float(study.confidence)
        self._strict = 1 - (1 - self._confidence) / max(1, looks)

    def decide(self, rows: pd.DataFrame, values: Sequence[dict[str, Any]]) -> Decision:
        """`rows` has a line for each run, with `candidate`, the circumstances and the metrics;
        `values` are the candidates' settings, by number."""
        numbers: list[int] = rows["candidate"].unique().tolist()
        groups = {number: rows[rows["candidate"] == number] for number in numbers}
        candidates = [self._candidate(number, values[number], of) for number, of in groups.items()]
        kept = [each for each in candidates if each.standing == "kept"]
        best = self._best(kept)
        if best is None:
            return Decision(candidates=tuple(candidates), recommended=None, clear=not kept)
        standing = {each.number: each for each in candidates}
        alike = [best]
        for each in kept:
            if each.number == best.number:
                continue
            if self._against(groups[each.number], groups[best.number]) == "beaten":
                standing[each.number] = _beaten(each, best)
            else:
                alike.append(each)
        chosen = self._sturdiest(alike, groups)
        front = self._front([each for each in standing.values() if each.standing != "violates"])
        share, broken = self._fragility(groups[chosen.number])
        return Decision(
            candidates=tuple(standing.values()),
            recommended=chosen.number,
            equals=tuple(sorted(each.number for each in alike if each is not chosen)),
            front=front,
            clear=len(alike) == 1 and self._certain(chosen),
            broken_share=share,
            broken=broken,
        )

    # one candidate

    def _candidate(self, number: int, values: dict[str, Any], rows: pd.DataFrame) -> Candidate:
        estimates = {
            name: estimate(_numbers(rows, asked.metric), asked, self._confidence)
            for name, asked in self._asked.items()
        }
        why = next(self._violations(rows), "")
        return Candidate(
            number=number,
            values=values,
            runs=len(rows),
            estimates=estimates,
            standing="violates" if why else "kept",
            why=why,
        )

    def _violations(self, rows: pd.DataFrame) -> Any:
        """What it certainly does not keep, whatever further runs bring."""
        for each in self._study.constraints:
            found = estimate(_numbers(rows, each.metric), each, self._strict)
            certain = found.low > each.limit if each.sign > 0 else found.high < each.limit
            if certain:
                bound = "at most" if each.sign > 0 else "at least"
                yield f"{label(each)} is {found.value:.4g}, {bound} {each.limit:g} is wanted"

    def _certain(self, best: Candidate) -> bool:
        """Whether it keeps every constraint with its whole interval."""
        for each in self._study.constraints:
            found = best.estimates[label(each)]
            if (found.high > each.limit) if each.sign > 0 else (found.low < each.limit):
                return False
        return True

    # between candidates

    def _best(self, kept: Sequence[Candidate]) -> Candidate | None:
        """Of those that keep every constraint by their estimates: the best by the objectives, the
        first one first; of equals, the first."""
        keeping = [each for each in kept if self._keeps(each)]
        if not keeping:
            return None
        return min(keeping, key=lambda each: (*self._costs(each), each.number))

    def _keeps(self, candidate: Candidate) -> bool:
        return all(
            (candidate.estimates[label(each)].value - each.limit) * each.sign <= 0
            for each in self._study.constraints
        )

    def _costs(self, candidate: Candidate) -> list[float]:
        found = [(each.sign, candidate.estimates[label(each)]) for each in self._study.objectives]
        return [sign * each.value if each.runs else math.inf for sign, each in found]

    def _against(self, ours: pd.DataFrame, best: pd.DataFrame) -> Literal["beaten", "equal"]:
        """By the first objective that tells them apart, pair by pair of runs."""
        on = [name for name in ours.columns if name in self._pairing(ours)]
        pairs = ours.merge(best, on=on, suffixes=("", "_best"))
        for each in self._study.objectives:
            found = statistics.difference(
                _numbers(pairs, each.metric),
                _numbers(pairs, f"{each.metric}_best"),
                self._strict,
            )
            if not found.runs:
                continue
            if found.low * each.sign > 0 and found.high * each.sign > 0:
                return "beaten"
            if found.excludes(0.0):
                return "equal"  # better in this one, but not the best by its mean: goes on
        return "equal"

    def _pairing(self, rows: pd.DataFrame) -> list[str]:
        return [*circumstances_of(self._study), "seed"]

    def _front(self, candidates: Sequence[Candidate]) -> tuple[int, ...]:
        costs = {each.number: np.array(self._costs(each)) for each in candidates}
        return tuple(
            number
            for number, own in costs.items()
            if not any(
                bool((other <= own).all() and (other < own).any()) for other in costs.values()
            )
        )

    # the chosen one

    def _sturdiest(
        self, equals: Sequence[Candidate], groups: Mapping[int, pd.DataFrame]
    ) -> Candidate:
        """Of those that cannot be told apart and keep the constraints: the one that breaks in the
        fewest circumstances; of these the first."""
        keeping = [each for each in equals if self._keeps(each)]
        return min(keeping, key=lambda each: self._fragility(groups[each.number])[0] or 0.0)

    def _fragility(self, rows: pd.DataFrame) -> tuple[float | None, pd.DataFrame]:
        """In which of the circumstances the constraints do not hold."""
        names = circumstances_of(self._study)
        if not self._study.constraints:
            return None, pd.DataFrame()
        found: list[dict[str, Any]] = []
        for where, of in rows.groupby(names, sort=False):
            kept = True
            cell: dict[str, Any] = dict(zip(names, where, strict=True))
            for each in self._study.constraints:
                here = estimate(_numbers(of, each.metric), each, self._confidence)
                cell[label(each)] = here.value
                kept = kept and (here.value - each.limit) * each.sign <= 0
            found.append({**cell, "runs": len(of), "kept": kept})
        table = pd.DataFrame(found)
        return float(1 - table["kept"].mean()), table


def circumstances_of(study: Study) -> list[str]:
    """The columns that tell the circumstances."""
    return ["scenario", *(["profile"] if study.profiles else []), *study.circumstances]


def _numbers(rows: pd.DataFrame, column: str) -> Numbers:
    return rows[column].to_numpy(dtype=np.float64)


def _beaten(candidate: Candidate, best: Candidate) -> Candidate:
    told = ", ".join(f"{name}={value}" for name, value in best.values.items())
    return Candidate(
        number=candidate.number,
        values=candidate.values,
        runs=candidate.runs,
        estimates=candidate.estimates,
        standing="beaten",
        why=f"beaten by {told}",
    )
