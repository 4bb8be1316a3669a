"""A study file: what is varied, over which circumstances, and what is wanted of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from typing import Any, Literal

from pydantic import Field, model_validator

from scenarios.types import (
    Count,
    Natural,
    Number,
    Part,
    Scalar,
    Switch,
    Text,
    Whole,
)
from scenarios.units import Unusable

Metric = Literal[
    "success",
    "opened",
    "rolled_back",
    "unprotected_s",
    "time_to_protected_s",
    "requests",
    "weight",
    "waves_over_limit",
    "lost_usdt",
]
"""What a run is measured by; `replay/tuning/measuring.py` says how."""

RATES = ("success", "rolled_back")
"""Those that a single run has or has not: their mean over runs is a rate."""


class Parameter(Part):
    """Something about the bot that can be chosen: by its values, or by a range."""

    setting: Text = Field(description="One of `bot.settings`.")
    values: tuple[Scalar, ...] | None = Field(default=None, min_length=1)
    range: tuple[Number, Number] | None = Field(default=None, description="Least and greatest.")
    steps: Count = Field(default=5, description="How many of a range are on a grid.")
    log: Switch = Field(default=False, description="Steps by a factor, not by a difference.")
    whole: Switch = Field(default=False, description="Whole numbers only.")

    @model_validator(mode="after")
    def _one_way_of_saying_it(self) -> Parameter:
        if (self.values is None) == (self.range is None):
            raise Unusable("needs one of `values` and `range`", "say what is tried")
        if self.range is not None:
            low, high = self.range
            if not low < high:
                raise Unusable("must be least and greatest", f"write [{high}, {low}]", ("range",))
            if self.log and low <= 0:
                raise Unusable("steps by a factor begin above 0", "raise it", ("range",))
        return self

    def grid(self) -> tuple[Any, ...]:
        """The values of a grid, each once."""
        if self.values is not None:
            return tuple(plain_value(each) for each in self.values)
        assert self.range is not None
        low, high = (float(each) for each in self.range)
        shares = [step / max(1, self.steps - 1) for step in range(self.steps)]
        return tuple(dict.fromkeys(self.between(low, high, share) for share in shares))

    def between(self, low: float, high: float, share: float) -> float | int:
        """The value at a share of the way, 0 to 1, rounded to six digits."""
        if self.log:
            value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            value = low + share * (high - low)
        return round(value) if self.whole else float(f"{value:.6g}")


class Axis(Part):
    """Something about the world: a place in the scenario, and what stands there in turn."""

    path: Text = Field(description="As `venues.bybit.behaviour.visibility[0].lag`.")
    values: tuple[Any, ...] = Field(min_length=1)


class Objective(Part):
    """What is to be small, or great: the mean over all runs, or a quantile."""

    minimise: Metric | None = None
    maximise: Metric | None = None
    quantile: Number | None = Field(default=None, description="As 0.99; by default the mean.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Objective:
        if (self.minimise is None) == (self.maximise is None):
            raise Unusable("needs one of `minimise` and `maximise`", "write one entry for each")
        _check_quantile(self.metric, self.quantile)
        return self

    @property
    def metric(self) -> Metric:
        found = self.minimise or self.maximise
        assert found is not None
        return found

    @property
    def sign(self) -> int:
        """1 where less is better, -1 where more is."""
        return 1 if self.minimise is not None else -1


class Constraint(Part):
    """What a setting must not fall short of: the mean over all runs, or a quantile."""

    metric: Metric
    quantile: Number | None = None
    at_least: Number | None = None
    at_most: Number | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Constraint:
        if (self.at_least is None) == (self.at_most is None):
            raise Unusable("needs one of `at_least` and `at_most`", "write one entry for each")
        _check_quantile(self.metric, self.quantile)
        return self

    @property
    def limit(self) -> float:
        found = self.at_least if self.at_least is not None else self.at_most
        assert found is not None
        return float(found)

    @property
    def sign(self) -> int:
        """1 where the limit is an upper one, -1 where it is a lower one."""
        return 1 if self.at_most is not None else -1


def _check_quantile(metric: str, quantile: Decimal | None) -> None:
    if quantile is not None and (metric in RATES or not 0 < quantile < 1):
        rule = "is for measured times and amounts, between 0 and 1"
        raise Unusable(rule, "leave it out of a rate", ("quantile",))


class Search(Part):
    """Which candidates are tried."""

    method: Literal["grid", "random", "optuna"] = "grid"
    candidates: Count = Field(default=50, description="How many, where it is no grid.")
    generation: Count = Field(default=8, description="How many at a time learn from the others.")
    seed: Whole = 1


class Runs(Part):
    """How often each candidate is run, in each of the circumstances, with the same seeds."""

    at_least: Count = 20
    at_most: Count = 200
    first_seed: Natural = 1

    @model_validator(mode="after")
    def _in_order(self) -> Runs:
        if self.at_least > self.at_most:
            raise Unusable("is more than `at_most`", "lower it", ("at_least",))
        return self


class Study(Part):
    """One file."""

    name: Text
    title: Text
    description: Text = ""
    scenarios: tuple[Text, ...] = Field(
        min_length=1, description="Names, or paths from the study's folder."
    )
    profiles: tuple[Text, ...] = Field(
        default=(), description="Behaviour profiles that every scenario is run under in turn."
    )
    bot: Text = Field(default="current", description="A version, or `module:function`.")
    settings: dict[str, Scalar] = Field(
        default_factory=dict, description="The same for all candidates, over the scenario's own."
    )
    parameters: dict[Text, Parameter] = Field(min_length=1)
    compare: tuple[dict[Text, Scalar], ...] = Field(
        default=(),
        description="Values of all parameters: settings that are told beside the recommended one.",
    )
    circumstances: dict[Text, Axis] = Field(default_factory=dict)
    runs: Runs = Runs()
    search: Search = Search()
    objectives: tuple[Objective, ...] = Field(min_length=1, description="The most important first.")
    constraints: tuple[Constraint, ...] = ()
    confidence: Number = Decimal("0.95")

    @model_validator(mode="after")
    def _names_of_their_own(self) -> Study:
        for name in self.circumstances:
            if name in self.parameters:
                raise Unusable("is a parameter as well", "rename it", ("circumstances", name))
        for index, values in enumerate(self.compare):
            if set(values) != set(self.parameters):
                cure = f"give {', '.join(self.parameters)}"
                raise Unusable("needs a value for each parameter", cure, ("compare", index))
        self._check_what_is_left_out()
        if not 0 < self.confidence < 1:
            raise Unusable("must be between 0 and 1", "write 0.95", ("confidence",))
        return self

    def _check_what_is_left_out(self) -> None:
        """Who fails whenever it is slow would be the fastest, if nobody asked for success."""
        demanded = any(each.metric == "success" for each in self.constraints)
        rule = "leaves out the runs that never got there"
        cure = "demand `success` in a constraint, or have it as an objective before this one"
        for index, objective in enumerate(self.objectives):
            demanded = demanded or objective.metric == "success"
            if objective.metric == "time_to_protected_s" and not demanded:
                raise Unusable(rule, cure, ("objectives", index))
        for index, constraint in enumerate(self.constraints):
            if constraint.metric == "time_to_protected_s" and not demanded:
                raise Unusable(rule, cure, ("constraints", index))

    @property
    def compared(self) -> tuple[dict[str, Any], ...]:
        """Those of `compare`, as plain values in the parameters' order."""
        return tuple(
            {name: plain_value(values[name]) for name in self.parameters} for values in self.compare
        )

    def grid(self) -> Iterator[dict[str, Any]]:
        """Every combination of the parameters' values, the last one moving fastest."""
        for values in product(*(each.grid() for each in self.parameters.values())):
            yield dict(zip(self.parameters, values, strict=True))

    def box(self) -> Iterator[dict[str, Any]]:
        """Every combination of the circumstances, with `scenario` and, if there are, `profile`."""
        axes: dict[str, tuple[Any, ...]] = {"scenario": self.scenarios}
        if self.profiles:
            axes["profile"] = self.profiles
        axes |= {name: axis.values for name, axis in self.circumstances.items()}
        for values in product(*axes.values()):
            yield dict(zip(axes, values, strict=True))


def plain_value(value: Any) -> Any:
    """Settings know floats."""
    return float(value) if isinstance(value, Decimal) else value
