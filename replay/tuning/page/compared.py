"""Whom a reader would lay side by side: the recommended candidate, its equals, the next best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from replay.tuning.decision import Candidate, Decision, label
from replay.tuning.telling import recommended, values_told
from scenarios.study import Study

EQUALS = 5
"""Of those not distinguishable from the recommended one; more lines than that hide each other."""
OTHERS = 5
"""Those that the study wants compared, those on the front, then the best of the rest."""

RECOMMENDED, EQUAL = "→", "≈"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A candidate with a colour of its own, the same in all plots."""

    candidate: Candidate
    mark: str
    colour: int
    """0 is the recommended one's."""

    @property
    def number(self) -> int:
        return self.candidate.number

    @property
    def name(self) -> str:
        return f"{self.mark} {told(self.candidate)}".strip()


def told(candidate: Candidate) -> str:
    """`#7 tries=5, delay=0.5`."""
    return f"#{candidate.number} {values_told(candidate.values)}"


def compared(study: Study, decision: Decision) -> list[Compared]:
    """Those that are drawn one by one, the recommended one first."""
    order = in_order(study, decision)
    best = recommended(decision)
    chosen = [] if best is None else [best]
    equals = [each for each in order if each.number in decision.equals]
    rest = [each for each in order if each not in chosen and each not in equals]
    wanted = study.compared
    rest.sort(key=lambda each: (each.values not in wanted, each.number not in decision.front))
    marked = [(each, RECOMMENDED) for each in chosen]
    marked += [(each, EQUAL) for each in equals[:EQUALS]]
    marked += [(each, "") for each in rest[:OTHERS]]
    first = 0 if chosen else 1
    return [
        Compared(candidate=each, mark=mark, colour=first + place)
        for place, (each, mark) in enumerate(marked)
    ]


def in_order(study: Study, decision: Decision) -> list[Candidate]:
    """All of them: the recommended one, its equals, those that are kept, beaten, and those that
    violate a constraint; each of these by the objectives."""
    ranks = {"kept": 2, "beaten": 3, "violates": 4}

    def rank(each: Candidate) -> tuple[int, Sequence[float], int]:
        standing = ranks[each.standing]
        if each.number == decision.recommended:
            standing = 0
        elif each.number in decision.equals:
            standing = 1
        return standing, costs(study, each), each.number

    return sorted(decision.candidates, key=rank)


def costs(study: Study, candidate: Candidate) -> tuple[float, ...]:
    """By objective, less is better; what was never measured is worse than anything."""
    found = (each.sign * candidate.estimates[label(each)].value for each in study.objectives)
    return tuple(math.inf if math.isnan(each) else each for each in found)
