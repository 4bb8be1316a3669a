"""What the venues know by name: their hosts, profiles, windows and settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from scenarios.document import Document, Path, key_text
from scenarios.errors import Problem
from scenarios.types import nearest
from scenarios.units import Unusable, parse_duration
from simulator.exchange.behaviour import FaultRule, matches
from simulator.venues import NAMES, kind


def problems_of_venues(document: Document) -> Iterator[Problem]:
    """What the schema, which knows no venue by name, cannot find."""
    venues = _mapping(_mapping(document.data).get("venues"))
    for venue, part in venues.items():
        if venue not in NAMES:
            continue
        yield from _problems(document, venue, _mapping(part))


def _problems(document: Document, venue: str, part: Mapping[str, Any]) -> Iterator[Problem]:
    path: Path = ("venues", venue)
    if isinstance(profile := part.get("profile"), str):
        yield from _tried(document, (*path, "profile"), profile, _check_profile, venue, profile)
    path, behaviour = (*path, "behaviour"), _mapping(part.get("behaviour"))
    for name, value in _mapping(behaviour.get("settings")).items():
        place = (*path, "settings", name)
        yield from _tried(document, place, value, _read_setting, venue, name, value)
    rules = behaviour.get("visibility")
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        if isinstance(window := _mapping(rule).get("window"), str):
            place = (*path, "visibility", index, "window")
            yield from _tried(document, place, window, _check_window, venue, window)


def _tried(
    document: Document, path: Path, value: object, check: Any, *arguments: object
) -> Iterator[Problem]:
    try:
        check(*arguments)
    except Unusable as error:
        yield Problem(
            file=document.file,
            line=document.line(path),
            key=key_text(path),
            value=str(value) if isinstance(value, (str, int)) else "",
            rule=error.rule,
            cure=error.cure,
        )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _check_profile(venue: str, profile: str) -> None:
    known = kind(venue).profiles
    if profile not in known:
        raise Unusable("no such profile", nearest(profile, list(known)))


def _check_window(venue: str, pattern: str) -> None:
    """A pattern that no window fits would do nothing."""
    found = kind(venue)
    windows = [*found.windows, *(f"stream.{event}" for event in found.events)]
    if not any(matches(pattern, window) for window in windows):
        raise Unusable("no such window", nearest(pattern, windows))


def check_fault(rule: FaultRule) -> None:
    """Raises Unusable for a fault that no venue could carry out."""
    from simulator.wire.fault_kinds import check_fault

    try:
        check_fault(rule)
    except ValueError as error:
        raise Unusable(str(error), "") from None


def host_names(venue: str) -> tuple[str, ...]:
    """The names a venue answers at, its own among them."""
    return (venue, *kind(venue).hosts) if venue in NAMES else (venue,)


def _read_setting(venue: str, name: str, value: object) -> tuple[str, object]:
    """A setting under the venue's own name: `listen_key_life: 60 min` is `listen_key_life_ns`.

    Raises Unusable for a name or value that the venue does not take.
    """
    from simulator.wire.settings import read_settings

    settings = kind(venue).settings
    known = [field.name for field in fields(settings)]
    if f"{name}_ns" in known:
        name, value = f"{name}_ns", parse_duration(value)
    elif name not in known or name.endswith("_ns"):
        shown = [field.removesuffix("_ns") for field in known]
        raise Unusable(f"{venue} has no such setting", nearest(name.removesuffix("_ns"), shown))
    try:
        read_settings(settings, {name: value}, venue)
    except ValueError as error:
        raise Unusable(str(error), "") from None
    return name, value


def venue_settings(venue: str, settings: Mapping[str, object]) -> dict[str, object]:
    """All of them, as the venue's settings take them."""
    return dict(_read_setting(venue, name, value) for name, value in settings.items())
