"""Lays behaviour profiles below the rules of a scenario's venues: `behaviour.like`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

from scenarios import profiles
from scenarios.document import Document
from scenarios.errors import Problem, ScenarioError
from scenarios.likeness import SCENARIO, Likeness, Overruled, of_rules
from scenarios.markets import VenueBehaviour
from scenarios.profiles import Profile
from scenarios.schema import ROOT, Link, Scenario, found_beside
from scenarios.types import BOT, nearest
from scenarios.units import Unusable

SUFFIXES = (".yaml", ".yml")
"""Of a profile that is named by its path."""

ByVenue = Mapping[str, Sequence[Profile]]
"""The profiles that each venue is to be like, later ones winning."""


def open_profile(name: str, folder: Path = ROOT) -> Profile:
    """Finds and loads a profile: by its name, `calm`, or by a path from `folder` or the project's
    root. Raises ScenarioError."""
    try:
        path = _file_of(name, folder)
    except Unusable as error:
        problem = Problem(file=name, line=1, key="", value="", rule=error.rule, cure=error.cure)
        raise ScenarioError([problem]) from None
    return profiles.load(path)


def _file_of(name: str, folder: Path) -> Path:
    if name.endswith(SUFFIXES):
        path = found_beside(folder, name)
        rule, cure = "no such file", "paths start beside the scenario file"
    else:
        path = profiles.FOLDER / f"{name}.yaml"
        rule, cure = "no such profile", nearest(name, profiles.names())
    if not path.is_file():
        raise Unusable(rule, cure)
    return path


def named_in(document: Document, folder: Path) -> tuple[dict[str, list[Profile]], list[Problem]]:
    """The profiles that a scenario's file names, by venue, and what is wrong with them."""
    found: dict[str, list[Profile]] = {}
    problems: list[Problem] = []
    for venue, path, name in _likes(document):
        try:
            profile = profiles.load(_file_of(name, folder))
            if venue not in profile.venues:
                raise Unusable(f"says nothing of {venue}", f"it knows {', '.join(profile.venues)}")
        except ScenarioError as error:
            problems += error.problems
        except Unusable as error:
            problems.append(
                Problem(
                    file=document.file,
                    line=document.line(path),
                    key=f"venues.{venue}.behaviour.like",
                    value=name,
                    rule=error.rule,
                    cure=error.cure,
                )
            )
        else:
            found.setdefault(venue, []).append(profile)
    return found, problems


def texts_of(names: Iterable[str], folder: Path) -> tuple[str, ...]:
    """The texts of profiles; what cannot be found or read is left out."""
    texts: list[str] = []
    for name in names:
        with suppress(Unusable, OSError, UnicodeDecodeError):
            texts.append(_file_of(name, folder).read_text(encoding="utf-8"))
    return tuple(texts)


def names_in(document: Document) -> tuple[str, ...]:
    """The profiles that a scenario's file names, each once."""
    return tuple(dict.fromkeys(name for _, _, name in _likes(document)))


def _likes(document: Document) -> Iterator[tuple[str, tuple[str | int, ...], str]]:
    """Venue, place and name of each; what is no name is a problem of its own."""
    venues = document.data.get("venues") if isinstance(document.data, dict) else None
    for venue, part in (venues if isinstance(venues, dict) else {}).items():
        behaviour = part.get("behaviour") if isinstance(part, dict) else None
        like = behaviour.get("like") if isinstance(behaviour, dict) else None
        path: tuple[str | int, ...] = ("venues", venue, "behaviour", "like")
        for index, name in enumerate(like if isinstance(like, list) else [like]):
            if isinstance(name, str):
                yield venue, (*path, index), name


def included(scenario: Scenario, found: ByVenue) -> Scenario:
    """The scenario with the profiles' rules before its own, and their links where it has none; its
    `likenesses` tell what of them takes effect."""
    if not found:
        return scenario
    venues, links, told = dict(scenario.venues), list(scenario.links), list(scenario.likenesses)
    for name, several in found.items():
        own = venues[name].behaviour
        behaviours = [each.venues[name].behaviour.plain() for each in several]
        venues[name] = venues[name].model_copy(update={"behaviour": _joined([*behaviours, own])})
        layers = [*zip((each.name for each in several), behaviours, strict=True), (SCENARIO, own)]
        pairs = _pairs(scenario)
        of_venue: list[Likeness] = []
        # The later profile wins, so its links are given the free pairs first.
        for index, profile in reversed(list(enumerate(several))):
            free, taken = _links(profile, name, scenario, pairs)
            links += free
            rules = list(of_rules(behaviours[index], layers[index + 1 :]))
            overruled = [*taken, *(each for each in rules if each is not None)]
            in_effect = [*free, *(each for each in rules if each is None or each.partly)]
            of_venue.append(
                Likeness(
                    venue=name,
                    profile=profile.name,
                    effective=bool(in_effect),
                    overruled=tuple(overruled),
                )
            )
        told += reversed(of_venue)
    return scenario.model_copy(update={"venues": venues, "links": tuple(links)}).like(told)


def under(scenario: Scenario, several: Sequence[Profile]) -> Scenario:
    """The scenario with the profiles below the rules of each of its venues that they know.

    Raises Unusable for a profile that knows none of them.
    """
    for profile in several:
        if not scenario.venues.keys() & profile.venues.keys():
            rule = f"profile {profile.name} says nothing of {', '.join(scenario.venues)}"
            raise Unusable(rule, f"it knows {', '.join(profile.venues)}")
    found = {
        venue: [profile for profile in several if venue in profile.venues]
        for venue in scenario.venues
    }
    return included(scenario, {venue: those for venue, those in found.items() if those})


def _joined(several: Sequence[VenueBehaviour]) -> VenueBehaviour:
    """The rules of several behaviours as one: of rules that match, a later behaviour's win.

    A fault takes the place of an earlier one of its name, and limits that of all earlier limits.
    """
    faults = {fault.name: fault for each in several for fault in each.faults}
    limits = [each.limits for each in several if each.limits is not None]
    settings: dict[str, Any] = {}
    for each in several:
        settings |= each.settings
    return VenueBehaviour.model_construct(
        latency=tuple(rule for each in several for rule in each.latency),
        visibility=tuple(rule for each in several for rule in each.visibility),
        limits=limits[-1] if limits else None,
        faults=tuple(faults.values()),
        settings=settings,
    )


def _pairs(scenario: Scenario) -> dict[frozenset[str], str]:
    """Which hosts the scenario links itself."""
    return {frozenset(each.between): SCENARIO for each in scenario.links}


def _links(
    profile: Profile, venue: str, scenario: Scenario, pairs: dict[frozenset[str], str]
) -> tuple[list[Link], list[Overruled]]:
    """A profile's link for each pair of a bot and a host that has none yet, and who has the others.

    A link to the venue as a whole stands for one to each of its hosts. What is free is taken then.
    """
    bots = [BOT, *(name for name in scenario.hosts if name != BOT)]
    free: list[Link] = []
    taken: list[Overruled] = []
    for link in profile.venues[venue].links:
        before = dict(pairs)
        for bot, host in product(bots, link.hosts):
            pair = frozenset((bot, host))
            by = before.get(pair) or before.get(frozenset((bot, venue)))
            if by is not None:
                taken.append(Overruled(what=f"link {bot} to {host}", by=by))
                continue
            pairs[pair] = profile.name
            free.append(
                Link.model_construct(
                    between=(bot, host), latency=None, there=link.there, back=link.back
                )
            )
    return free, taken
