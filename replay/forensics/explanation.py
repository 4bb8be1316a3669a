"""Explains a log: runs its scenario under every candidate cause, and ranks them.

Fewest contradictions first, then most facts explained; what is equal in both is a tie. In three
rounds, for the reference bot:

1. as it is, every version with its defects, every defect alone, every theory;
2. the best version, with all defects taken away that the log does not need;
3. every behaviour of a venue, under the version without defects, and under the best version
   without those that the log needs: would the venue alone have left this log?

For another bot: as it is, and every behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from replay import runner
from replay.forensics import candidates as all_candidates
from replay.forensics.candidates import Candidate
from replay.forensics.comparison import compare
from replay.forensics.findings import Fact, facts
from replay.logs.production_log import ProductionLog
from replay.parallel import Mapped
from replay.result import HiddenException
from scenarios import catalogue
from scenarios.schema import CURRENT, REFERENCE_BOT, Scenario
from simulator.errors import InputError, SimulatorError


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How well one candidate explains the log."""

    candidate: Candidate
    facts: tuple[Fact, ...] = ()
    hidden: tuple[HiddenException, ...] = ()
    """Exceptions that its bot logged below the level it prints."""
    failure: str = ""
    """Why there is no run of it."""

    @property
    def explained(self) -> tuple[Fact, ...]:
        return tuple(fact for fact in self.facts if fact.explained)

    @property
    def contradictions(self) -> tuple[Fact, ...]:
        return tuple(fact for fact in self.facts if fact.contradiction)

    @property
    def score(self) -> tuple[int, int]:
        """Lower is better."""
        return len(self.contradictions), -len(self.explained)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """All explanations, the best first."""

    scenario: Scenario
    explanations: tuple[Explanation, ...]
    failed: tuple[Explanation, ...]
    """Candidates whose run came to nothing."""

    def ranks(self) -> list[tuple[int, bool, Explanation]]:
        """Rank, from 1, whether others share it, and the explanation."""
        scores = [each.score for each in self.explanations]
        return [
            (scores.index(each.score) + 1, scores.count(each.score) > 1, each)
            for each in self.explanations
        ]

    @property
    def best(self) -> Explanation | None:
        return self.explanations[0] if self.explanations else None


class Inquiry:
    """A log, the scenario that may have left it, and what has been tried."""

    def __init__(
        self,
        log: ProductionLog,
        scenario: Scenario,
        *,
        behaviours: Sequence[Scenario] | None = None,
        theories: Sequence[Scenario] | None = None,
        mapped: Mapped = map,
    ) -> None:
        """Behaviours and theories are by default those that come with the project. Runs that do not
        depend on each other are made by `mapped`."""
        if not log.named:
            raise InputError(
                "the log has no milestone that is known; add patterns of your own (docs/logs.md)"
            )
        self._scenario = scenario
        self._behaviours = group("behaviours") if behaviours is None else behaviours
        self._theories = group("theories") if theories is None else theories
        self._explain = partial(explain, log, scenario)
        self._mapped = mapped

    def run(self) -> Ranking:
        """Tries everything. Raises SimulatorError for a scenario that is of no use at all."""
        if self._scenario.bot.factory == REFERENCE_BOT:
            tried = list(self._reference_bot())
        else:
            own = all_candidates.as_it_is(self._scenario.versions[0])
            laid = all_candidates.behaviours(self._behaviours, self._scenario, [own])
            tried = self._all([own, *laid])
        ran = [each for each in tried if not each.failure]
        ran.sort(key=lambda each: each.score)
        return Ranking(
            scenario=self._scenario,
            explanations=tuple(ran),
            failed=tuple(each for each in tried if each.failure),
        )

    def _reference_bot(self) -> Iterator[Explanation]:
        current = all_candidates.as_it_is(CURRENT)
        yield from self._all(
            [
                current,
                *all_candidates.single_defects(),
                *all_candidates.theories(self._theories, self._scenario),
            ]
        )
        releases = sorted(self._all(list(all_candidates.releases())), key=lambda each: each.score)
        best = [each for each in releases if each.score == releases[0].score]
        yield from releases[len(best) :]
        needed = _merged(list(self._mapped(partial(_reduced, self._explain), best)))
        yield from needed
        healed = [_without(each.candidate) for each in needed]
        laid = all_candidates.behaviours(
            self._behaviours, self._scenario, [current, *_distinct(healed)]
        )
        yield from _best_of_each(self._all(list(laid)))

    def _all(self, tried: Sequence[Candidate]) -> list[Explanation]:
        return list(self._mapped(self._explain, tried))


def explain(log: ProductionLog, scenario: Scenario, candidate: Candidate) -> Explanation:
    """One candidate's run beside the log."""
    changed = candidate.applied(scenario)
    try:
        result = runner.play(changed, scenario.name, version=candidate.version)
    except SimulatorError as error:
        return Explanation(candidate=candidate, failure=str(error))
    comparison = compare(log, result, until_ns=scenario.until)
    return Explanation(candidate=candidate, facts=facts(comparison, result), hidden=result.hidden)


def _reduced(explain: Callable[[Candidate], Explanation], explanation: Explanation) -> Explanation:
    """The same with every defect taken away without which the log is explained as well."""
    best = explanation
    whole = explanation.candidate
    for defect in sorted(whole.defects or ()):
        fewer = frozenset((best.candidate.defects or frozenset()) - {defect})
        tried = explain(all_candidates.with_defects(whole.version, fewer, name=whole.name))
        if not tried.failure and tried.score <= best.score:
            best = tried
    kept = len(best.candidate.defects or ())
    name = f"{whole.name}: {kept} of its {len(whole.defects or ())} defects"
    return replace(best, candidate=replace(best.candidate, name=name))


def group(name: str) -> list[Scenario]:
    """The scenarios in that folder of those that come with the project."""
    return [runner.load(each) for each in catalogue.grouped().get(name, ())]


def _without(needed: Candidate) -> Candidate:
    """The bot of a release without the defects that the log needs, and without all others."""
    return all_candidates.with_defects(
        needed.version, frozenset(), name=f"{needed.version} without defects"
    )


def _merged(explanations: Sequence[Explanation]) -> list[Explanation]:
    """Those with the same defects as one, under the names of all."""
    merged: dict[frozenset[str], Explanation] = {}
    for each in explanations:
        defects = each.candidate.defects or frozenset()
        first = merged.get(defects)
        if first is None:
            merged[defects] = each
        else:
            name = f"{first.candidate.name}; {each.candidate.name}"
            merged[defects] = replace(first, candidate=replace(first.candidate, name=name))
    return list(merged.values())


def _distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    return list({each.version: each for each in candidates}.values())


def _best_of_each(explanations: Iterable[Explanation]) -> Iterator[Explanation]:
    """Of several bots under the same behaviour the one that explains most."""
    by_name: dict[str, list[Explanation]] = {}
    for each in explanations:
        by_name.setdefault(each.candidate.name, []).append(each)
    for group in by_name.values():
        yield min(group, key=lambda each: (bool(each.failure), *each.score))
