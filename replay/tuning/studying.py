"""Carries a study out: generations of candidates, each in rounds of more and more runs.

All candidates of a round have the same circumstances and the same seeds. After each round, who
certainly keeps no constraint, and who is certainly beaten, is run no more; when one is left, or the
runs are used up, the generation is over. Decisions are made when a round is complete, so that they
do not depend on who was faster.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from replay.tuning.crew import Done
from replay.tuning.decision import Candidate, Decision, Judge, circumstances_of, label
from replay.tuning.items import Item, Source, prepared
from replay.tuning.profiles import digest_of, likes_of, told_after, told_before
from replay.tuning.search import search_of
from replay.tuning.values import in_table, packed
from scenarios import catalogue
from scenarios.document import read_document
from scenarios.study import Study, plain_value

_SEEDS_AT_ONCE = 25
"""In one item: half a second of work or so."""


CarryOut = Callable[[Sequence[Item]], Iterable[Done]]
"""As `crew.carry_out` of a crew and a store: what became of each item, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a study came to."""

    study: Study
    sources: Mapping[str, Source]
    """Its scenarios, by the names that it has for them."""
    rows: pd.DataFrame
    """A line for each run: `candidate`, the circumstances, `seed`, and the metrics."""
    decision: Decision
    rounds: int
    set_aside: tuple[str, ...]
    """Items that could not be worked on."""
    likes: Mapping[str, str] = field(default_factory=dict)
    """The study's profiles as a scenario names them, where that is another name: a path."""
    notes: tuple[str, ...] = ()
    """What of its profiles was overruled, or made no difference."""


class Studying:
    """See the module. `folder` is where the study's own scenarios are looked for."""

    def __init__(self, study: Study, folder: Path) -> None:
        self._study = study
        self._carry_out: CarryOut  # who runs it says
        self._sources = {name: _source(name, folder) for name in study.scenarios}
        self._likes = likes_of(study, folder)
        self._digests = {
            (name, profile): digest_of(source, profile and self._likes[profile])
            for name, source in self._sources.items()
            for profile in (None, *study.profiles)
        }
        self._box = list(study.box())
        self._search = search_of(study)
        self._values: list[dict[str, Any]] = []
        self._rows: list[dict[str, Any]] = []
        self._done: dict[int, int] = {}
        self._set_aside: list[str] = []
        self._rounds = 0
        self.notes: tuple[str, ...] = ()
        """What is to be known of the circumstances, once they are checked."""
        self._judge = Judge(study, looks=len(list(_targets(study))))

    def check(self) -> tuple[str, ...]:
        """Makes every one of the circumstances, and finds out what a person should know of them
        before (`notes`). Raises InputError for one that cannot be, before anybody works for
        nothing. The factories of all bots in them."""
        study = self._study
        made = [prepared(item) for item in self._first_round()]
        self.notes = tuple(told_before(study, self._sources, zip(self._box, made, strict=True)))
        found: dict[str, None] = {}
        for scenario in made:
            found[study.bot if ":" in study.bot else scenario.bot.factory] = None
            found |= {each.factory: None for each in scenario.hosts.values() if each.factory}
        return tuple(found)

    @property
    def first(self) -> Item:
        """A single run: by it one sees whether others can be."""
        return next(self._first_round())

    def _first_round(self) -> Iterator[Item]:
        values = next(iter(self._study.grid()))
        return (self._item(values, cell, (self._study.runs.first_seed,)) for cell in self._box)

    def run(
        self, carry_out: CarryOut, on_round: Callable[[Decision], object] = lambda _: None
    ) -> Findings:
        """To its end; `on_round` is told after each round how things stand."""
        self._carry_out = carry_out
        decision = Decision(candidates=(), recommended=None)
        while proposed := self._search.propose():
            first = len(self._values)
            self._values += proposed
            decision = self._generation(range(first, len(self._values)), on_round)
            standing = {each.number: each for each in decision.candidates}
            self._search.learn([self._cost(standing.get(first + i)) for i in range(len(proposed))])
        rows = self._table()
        return Findings(
            study=self._study,
            sources=self._sources,
            rows=rows,
            decision=decision,
            rounds=self._rounds,
            set_aside=tuple(self._set_aside),
            likes=self._likes,
            notes=(*self.notes, *told_after(self._study, rows)),
        )

    def _generation(self, numbers: range, on_round: Callable[[Decision], object]) -> Decision:
        decision = Decision(candidates=(), recommended=None)
        active: Sequence[int] = numbers
        for target in _targets(self._study):
            # Whoever was given up for one that is given up itself by now has to catch up.
            while behind := [number for number in active if self._done.get(number, 0) < target]:
                self._round(behind, target)
                decision = self._judge.decide(self._table(), self._values)
                on_round(decision)
                kept = {each.number for each in decision.candidates if each.standing == "kept"}
                active = [number for number in numbers if number in kept]
            if not active or decision.clear:
                break
        return decision

    def _round(self, numbers: Sequence[int], target: int) -> None:
        """Each candidate's runs up to so many seeds, in each of the circumstances."""
        self._rounds += 1
        items: list[Item] = []
        places: list[tuple[int, dict[str, Any]]] = []
        for number in numbers:
            done = self._done.get(number, 0)
            self._done[number] = target
            for cell in self._box:
                for seeds in _chunks(self._study.runs.first_seed + done, target - done):
                    items.append(self._item(self._values[number], cell, seeds))
                    places.append((number, cell))
        for (number, cell), each in zip(places, self._carry_out(items), strict=True):
            if each.set_aside is not None:
                self._set_aside.append(f"{each.item.title}: {each.set_aside}")
            shown = {name: in_table(value) for name, value in cell.items()}
            self._rows += ({"candidate": number, **shown, **row} for row in each.rows)

    def _item(
        self, values: Mapping[str, Any], cell: Mapping[str, Any], seeds: tuple[int, ...]
    ) -> Item:
        study, source = self._study, self._sources[cell["scenario"]]
        return Item(
            source=source,
            changes=packed(changes_of(study, cell, source, self._likes)),
            bot=study.bot,
            settings=packed(settings_of(study, values)),
            seeds=seeds,
            profiles=self._digests[cell["scenario"], cell.get("profile")],
        )

    def _cost(self, candidate: Candidate | None) -> list[float] | None:
        if candidate is None or candidate.standing == "violates":
            return None
        objectives = self._study.objectives
        costs = [each.sign * candidate.estimates[label(each)].value for each in objectives]
        return costs if all(math.isfinite(each) for each in costs) else None

    def _table(self) -> pd.DataFrame:
        columns = ["candidate", *circumstances_of(self._study), "seed"]
        table = pd.DataFrame(self._rows)
        for name in table.columns.intersection(columns):
            if table[name].dtype == object:  # texts, or texts among numbers: a column has one kind
                table[name] = table[name].astype(str)
        rest = [name for name in table.columns if name not in columns]
        return table[[*columns, *rest]] if len(table) else table


def settings_of(study: Study, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a candidate sets of the bot's settings, over what the study sets for all of them."""
    own = {study.parameters[name].setting: value for name, value in values.items()}
    return {**{name: plain_value(value) for name, value in study.settings.items()}, **own}


def changes_of(
    study: Study, cell: Mapping[str, Any], source: Source, likes: Mapping[str, str]
) -> dict[str, Any]:
    """What of the scenario is another in these circumstances, by its place in the file; `likes` are
    those of the study's profiles, see `Findings`."""
    changes = {axis.path: cell[name] for name, axis in study.circumstances.items()}
    if "profile" in cell:
        like = likes.get(cell["profile"], cell["profile"])
        for venue, has_behaviour in _venues(source):
            where = f"venues.{venue}.behaviour"
            whole = has_behaviour or where in changes  # which a circumstance may say, too
            changes |= {f"{where}.like": like} if whole else {where: {"like": like}}
    return changes


@lru_cache(maxsize=64)
def _venues(source: Source) -> tuple[tuple[str, bool], ...]:
    """Those of a scenario's file, and whether it says how they behave; what is no mapping, its
    loading tells."""
    data = read_document(source.text, source.file).data
    venues = data.get("venues") if isinstance(data, dict) else None
    parts = venues.items() if isinstance(venues, dict) else ()
    return tuple((name, bool(of.get("behaviour"))) for name, of in parts if isinstance(of, dict))


def _targets(study: Study) -> Iterator[int]:
    """How many runs each candidate has after each round: the least that the study wants, and then
    twice as many as before."""
    target = study.runs.at_least
    while target < study.runs.at_most:
        yield target
        target *= 2
    yield study.runs.at_most


def _chunks(begin: int, size: int) -> Iterator[tuple[int, ...]]:
    for start in range(begin, begin + size, _SEEDS_AT_ONCE):
        yield tuple(range(start, min(start + _SEEDS_AT_ONCE, begin + size)))


def _source(name: str, folder: Path) -> Source:
    beside = folder / name
    path = beside if beside.is_file() else catalogue.find(name)
    return Source(
        file=str(path) if beside.is_file() else name,
        text=path.read_text(encoding="utf-8"),
        folder=str(path.resolve().parent),
    )
