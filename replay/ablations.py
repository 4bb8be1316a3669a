"""Which of a bot's defects make an incident, and which do not: each taken away, each put in alone.

For every scenario that tells of an incident: the version that it happened to; that version with
one defect less, for each of its defects; with its sources asked in the other order; and `current`
with one defect more, for each that there is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bot_under_test.reference import VERSIONS, Defect
from bot_under_test.reference.settings import WAYS
from replay import runner
from replay.result import RunResult
from scenarios.schema import CURRENT, Bot, BotVersion, Scenario
from simulator.errors import InputError

_LONGEST_SETTLE_NS = 5_000_000_000
"""A symptom shows as soon as the last signal is dealt with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One departure from a version of the bot."""

    base: str
    name: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ablation:
    """What became of an incident under a change."""

    incident: str
    change: Change
    outcome: str
    appears: bool


def incidents() -> list[str]:
    """The scenarios that tell of an incident."""
    names = [name for name, _ in runner.scenarios()]
    return [name for name in names if runner.load(name).incident is not None]


def _changes(version: str) -> Iterator[Change]:
    """Those to try on an incident that happened to `version`."""
    yield Change(base=version, name="as it was", settings={})
    for defect in _sorted(VERSIONS[version]):
        yield Change(base=version, name=f"- {defect}", settings={"remove_defects": [defect]})
    if WAYS[version].get("follows_entry", True):
        first = bool(WAYS[version].get("order_status_first", True))
        order = "sources in another order"
        yield Change(base=version, name=order, settings={"order_status_first": not first})
    yield Change(base=CURRENT, name="as it is", settings={})
    for defect in _sorted(Defect):
        yield Change(base=CURRENT, name=f"+ {defect}", settings={"add_defects": [defect]})


def _sorted(defects: Any) -> list[str]:
    return sorted(defect.value for defect in defects)


def ablate(name: str) -> list[Ablation]:
    """Every change tried on one incident. Raises InputError for a scenario that tells of none."""
    scenario = runner.load(name)
    if scenario.incident is None:
        raise InputError(f"{name}: tells of no incident; those that do: {', '.join(incidents())}")
    return [_tried(name, scenario, change) for change in _changes(scenario.incident.version)]


def _tried(name: str, scenario: Scenario, change: Change) -> Ablation:
    bot = scenario.bot
    own = bot.versions.get(change.base, BotVersion()).settings
    changed = scenario.model_copy(
        update={
            "bot": Bot.model_construct(
                settings=bot.settings,
                versions={
                    change.base: BotVersion.model_construct(settings={**own, **change.settings})
                },
            ),
            "settle": min(scenario.settle, _LONGEST_SETTLE_NS),
        }
    )
    result = runner.play(changed, name, version=change.base)
    over = result.waves_over_limit
    assert scenario.incident is not None
    if scenario.incident.symptom == "over_limit":
        appears = over > 0
    else:
        appears = scenario.incident.symptom in result.outcomes.values()
    return Ablation(incident=name, change=change, outcome=_told(result, over), appears=appears)


def _told(result: RunResult, over: int) -> str:
    """`opened` where all did, else how many ended how."""
    counted = Counter(result.outcomes.values())
    if len(counted) == 1:
        (told,) = counted
    else:
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counted.items()))
    return f"{told}; limit exceeded" if over else told


def table(ablations: Sequence[Ablation]) -> pd.DataFrame:
    """Columns `incident`, `bot`, `change`, `outcome`, `appears` (yes or no), one row for each."""
    return pd.DataFrame(
        [
            {
                "incident": each.incident,
                "bot": each.change.base,
                "change": each.change.name,
                "outcome": each.outcome,
                "appears": "yes" if each.appears else "no",
            }
            for each in ablations
        ]
    )
