"""What is drawn: a number with its interval for some of the runs, and the worst of these runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from replay.tuning import decision
from replay.tuning.commands import Commands, worst
from replay.tuning.page.axes import Axis, Levels, axis_of
from replay.tuning.page.compared import costs
from replay.tuning.statistics import Estimate, Numbers
from replay.tuning.studying import Findings
from replay.tuning.values import same
from scenarios.study import RATES, Constraint, Objective

BOOTSTRAPPED = 20_000
"""Above so many runs the bootstrap takes seconds, and says what the normal distribution does."""
_STEPS = 100
"""Of a curve, and about as many again towards its end."""

Asked = Objective | Constraint


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A point of a plot."""

    place: int
    """On the axis."""
    estimate: Estimate
    command: str
    """Of its worst run."""
    of: str = ""
    """What it is an estimate of, where the axes do not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """A cell of a heat map."""

    column: int
    row: int
    spot: Spot
    violates: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Of a curve: by this time, so many of the runs; and the run that it was."""

    seconds: float
    share: float
    run: str
    command: str


class Spots:
    """Sums of the runs of one study."""

    def __init__(self, findings: Findings) -> None:
        self._study = findings.study
        self._candidates = findings.decision.candidates
        self._rows = findings.rows
        self._commands = Commands(findings)
        self._confidence = float(findings.study.confidence)
        self._varied = list(self.circumstances())
        self._groups = {
            int(str(number)): of for number, of in findings.rows.groupby("candidate", sort=True)
        }

    def circumstances(self) -> dict[str, Axis]:
        """Those with more than one value by their column, `scenario` and `profile` among them."""
        study = self._study
        values = {"scenario": study.scenarios, "profile": study.profiles}
        values |= {name: axis.values for name, axis in study.circumstances.items()}
        return {name: axis_of(name, of) for name, of in values.items() if len(of) > 1}

    def by_circumstance(self, number: int, name: str, axis: Axis, asked: Asked) -> list[Spot]:
        """Of one candidate: a spot for each value, over all other circumstances."""
        places = {same(label): place for place, label in enumerate(axis.labels)}
        spots = [
            self._spot(places[same(value)], of, asked)
            for value, of in self._groups[number].groupby(name, sort=False)
        ]
        return sorted((each for each in spots if each is not None), key=lambda each: each.place)

    def levels(self, name: str) -> Levels:
        """The values of a parameter."""
        values = [each.values[name] for each in self._candidates]
        return Levels(name, self._study.parameters[name], values)

    def by_parameter(self, name: str, levels: Levels, asked: Asked) -> list[Spot]:
        """Over all candidates with a value, each with the runs that all of them have."""
        places = {each.number: levels.place(each.values[name]) for each in self._candidates}
        common = self._common()
        spots: list[Spot] = []
        for place, label in enumerate(levels.axis.labels):
            numbers = [number for number, at in places.items() if at == place]
            of = common[common["candidate"].isin(numbers)]
            count = f"{len(numbers)} candidate{'s' * (len(numbers) != 1)} with {name}={label}"
            if len(of) and (spot := self._spot(place, of, asked, count)) is not None:
                spots.append(spot)
        return spots

    def squares(
        self, across: str, columns: Levels, up: str, rows: Levels, asked: Asked
    ) -> list[Square]:
        """For each pair of values the candidate that is best over all other parameters: one that
        violates a constraint only where all do."""
        best: dict[tuple[int, int], tuple[Any, ...]] = {}
        for each in self._candidates:
            at = columns.place(each.values[across]), rows.place(each.values[up])
            found = (each.standing == "violates", costs(self._study, each), each.number, each)
            if at not in best or found[:3] < best[at][:3]:
                best[at] = found
        return [
            Square(
                column=at[0],
                row=at[1],
                spot=Spot(
                    place=at[0],
                    estimate=each.estimates[decision.label(asked)],
                    command=self.worst_of(each.number),
                    of=f"#{each.number} "
                    + ", ".join(f"{name}={value}" for name, value in each.values.items()),
                ),
                violates=each.standing == "violates",
            )
            for at, (*_, each) in sorted(best.items(), key=lambda pair: pair[0])
        ]

    def steps(self, number: int) -> Iterator[Step]:
        """How the time to protected is distributed over a candidate's runs; those that never were
        are missing from its end."""
        rows = self._groups[number]
        protected = rows.dropna(subset=["time_to_protected_s"])
        protected = protected.sort_values(["time_to_protected_s", "seed"], kind="stable")
        for rank in _ranks(len(protected)):
            row: dict[Any, Any] = protected.iloc[rank].to_dict()
            where = ", ".join(f"{name}={row[name]}" for name in self._varied)
            yield Step(
                seconds=float(row["time_to_protected_s"]),
                share=(rank + 1) / len(rows),
                run=", ".join(filter(None, (where, f"seed {int(row['seed'])}"))),
                command=self._commands.of_row(row),
            )

    def times(self, number: int) -> Numbers:
        """To protected, in seconds, sorted; infinite where a run never was."""
        times: Numbers = self._groups[number]["time_to_protected_s"].to_numpy(dtype=np.float64)
        return np.sort(np.where(np.isnan(times), np.inf, times))

    def worst_of(self, number: int) -> str:
        """The command of a candidate's worst run."""
        return self._commands.of_row(worst(self._groups[number]))

    def worst_in(self, number: int, cell: dict[str, Any]) -> str:
        """The command of its worst run in circumstances, given by the table's columns."""
        rows = self._groups[number]
        for name, value in cell.items():
            rows = rows[rows[name] == value]
        return self._commands.of_row(worst(rows))

    def _common(self) -> pd.DataFrame:
        """Of every candidate the runs of the first round, which those that lost early have too."""
        runs = self._study.runs
        return self._rows[self._rows["seed"] < runs.first_seed + runs.at_least]

    def _spot(self, place: int, rows: pd.DataFrame, asked: Asked, of: str = "") -> Spot | None:
        values: Numbers = rows[asked.metric].to_numpy(dtype=np.float64)
        values = values[~np.isnan(values)]
        if not len(values):
            return None
        found = estimated(values, asked, self._confidence)
        return Spot(place=place, estimate=found, command=self._commands.of_row(worst(rows)), of=of)


def estimated(values: Numbers, asked: Asked, confidence: float) -> Estimate:
    """As the decision estimates; for very many runs by the normal distribution."""
    runs = len(values)
    if asked.metric in RATES or runs <= BOOTSTRAPPED:
        return decision.estimate(values, asked, confidence)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    if asked.quantile is None:
        value, half = float(values.mean()), z * float(values.std()) / sqrt(runs)
        return Estimate(value, value - half, value + half, runs)
    share = float(asked.quantile)
    half = z * sqrt(share * (1 - share) / runs)
    shares = np.clip([share - half, share, share + half], 0.0, 1.0)
    low, value, high = (float(each) for each in np.quantile(values, shares))
    return Estimate(value, low, high, runs)


def _ranks(count: int) -> Sequence[int]:
    """Evenly, and ever closer to the last, where the rare ones are."""
    if not count:
        return ()
    evenly = np.linspace(0, count - 1, min(count, _STEPS)).round()
    last = count - np.geomspace(1, count, min(count, _STEPS // 2)).round()
    return [int(rank) for rank in np.unique(np.concatenate([evenly, last]))]
