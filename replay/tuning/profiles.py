"""The profiles that a study's scenarios are run under: which files they are, and what takes effect.

What a scenario says itself wins over a profile, so that two profiles may come to the same: that is
told before the first run as far as the files show it, and after the last by the runs themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replay.tuning.items import Source
from scenarios.document import read_document
from scenarios.including import SUFFIXES, names_in, texts_of
from scenarios.schema import Scenario
from scenarios.study import Study
from simulator.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def likes_of(study: Study, folder: Path) -> dict[str, str]:
    """What `behaviour.like` has to say for each of the study's profiles: the path of one that lies
    beside the study, else what the study says."""
    beside = {name: folder / name for name in study.profiles if name.endswith(SUFFIXES)}
    found = {name: str(path) for name, path in beside.items() if path.is_file()}
    return {name: found.get(name, name) for name in study.profiles}


def digest_of(source: Source, like: str | None) -> str:
    """Of the texts of the profiles that a scenario is run under: `like`, or those that it names
    itself. Empty where there are none, or where they cannot be found, which its loading tells."""
    texts = texts_of(_own(source) if like is None else [like], Path(source.folder))
    return hashlib.sha256("\0".join(texts).encode()).hexdigest() if texts else ""


def told_before(
    study: Study,
    sources: Mapping[str, Source],
    made: Iterable[tuple[Mapping[str, Any], Scenario]],
) -> Iterator[str]:
    """What of the profiles is overruled, by scenario. `made` has for each of the circumstances the
    scenario as it is run.

    Raises InputError for a profile of the study that has no effect in any of them.
    """
    for name, source in sources.items():
        if study.profiles and (own := _own(source)):
            yield f"{name}: the study's profiles take the place of its own, {', '.join(own)}"
    told: dict[tuple[str | None, str], None] = {}
    effective: dict[str, bool] = dict.fromkeys(study.profiles, False)
    for cell, scenario in made:
        for each in scenario.likenesses:
            if each.overruled or not each.effective:
                told[cell.get("profile"), f"{cell['scenario']}: {each.told}"] = None
            if "profile" in cell:
                effective[cell["profile"]] |= each.effective
    for name, any_effect in effective.items():
        if not any_effect:
            why = "; ".join(text for profile, text in told if profile == name)
            raise InputError(
                f"{study.name}: profiles: {name} has no effect on any scenario of the study "
                f"({why}); leave out of the scenario what overrules it, as by a circumstance "
                "{path: links, values: [[]]}"
            )
    yield from (text for _, text in told)


def _own(source: Source) -> tuple[str, ...]:
    return names_in(read_document(source.text, source.file))


def told_after(study: Study, rows: pd.DataFrame) -> Iterator[str]:
    """Which profiles gave the same runs, each with the same metrics."""
    if len(study.profiles) < 2 or not len(rows):
        return
    keys = ["candidate", "scenario", *study.circumstances, "seed"]
    tables = {
        name: rows[rows["profile"] == name]
        .drop(columns="profile")
        .sort_values(keys, ignore_index=True)
        for name in study.profiles
    }
    for one, other in combinations(study.profiles, 2):
        if len(tables[one]) and tables[one].equals(tables[other]):
            yield f"profiles {one} and {other} made no difference: all of their runs are equal"
