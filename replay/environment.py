"""What a program finds in its environment: nothing of this machine's secrets.

From the process' own environment only what a program needs to run is passed on. Variables come
from a `.env` file and, above them, from the scenario, where `${binance.api_key}` and the like stand
for what the world made up. What a `.env` file says of keys, secrets, tokens and passwords is
replaced, and a program that sets such a variable itself, as one does that loads its own `.env`
over its environment, does not get through with it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.types import nearest
from simulator.errors import InputError
from simulator.venues import NAMES

if TYPE_CHECKING:
    from replay.stage import Stage
    from scenarios.schema import Scenario
    from simulator import World

_PASSED_ON = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TERM|TMPDIR|VIRTUAL_ENV|PYTHON\w+|COLUMNS|NO_COLOR"
)
_SECRET = re.compile(r"key|secret|token|passw|passphrase|credential|private|dsn", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\$\{([\w.]+)\}")
REPLACED = "replaced-in-a-replay"
"""What stands in the place of a secret that no simulated venue has one for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An environment, and the variables in it that a program cannot change."""

    world: World
    values: Mapping[str, str]
    kept: frozenset[str]


def given(scenario: Scenario, stage: Stage, env_file: Path | None) -> Given:
    """The environment of one run. Raises InputError for a file that cannot be read, and for a
    placeholder that nothing stands behind."""
    values = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    kept: set[str] = set()
    for name, value in _read(env_file).items():
        if _SECRET.search(name):
            stage.world.trace.hide(value)
            value = _made_up(name, stage)
            kept.add(name)
        values[name] = value
    known = _known(stage)
    for name, text in scenario.bot.environment.items():
        values[name] = _filled(f"{scenario.name}: bot.environment.{name}", text, known)
        if _SECRET.search(name) or _PLACEHOLDER.search(text):
            kept.add(name)
    return Given(world=stage.world, values=values, kept=frozenset(kept))


@contextmanager
def in_force(found: Given) -> Iterator[None]:
    """Within it, `os.environ` is this environment."""
    mapping: Any = type(os.environ)
    before, real_set = dict(os.environ), mapping.__setitem__

    def guarded(self: Any, name: str, value: str) -> None:
        if name in found.kept and value != found.values[name]:
            found.world.trace.hide(value)
            found.world.trace.record("kept_variable", "bot", name=name)
            return
        real_set(self, name, value)

    _become(found.values)
    mapping.__setitem__ = guarded
    try:
        yield
    finally:
        mapping.__setitem__ = real_set
        _become(before)


def _become(values: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(values)


def _read(env_file: Path | None) -> dict[str, str]:
    if env_file is None:
        return {}
    from dotenv import dotenv_values

    try:
        with env_file.open(encoding="utf-8") as text:
            return {name: value or "" for name, value in dotenv_values(stream=text).items()}
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"--env-file {env_file}: cannot be read: {why}") from error


def _made_up(name: str, stage: Stage) -> str:
    """The simulated venue's, where the name speaks of one."""
    for venue in NAMES:
        if venue in name.lower() and venue in stage.credentials:
            kind = "secret" if "secret" in name.lower() else "api_key"
            return stage.credentials[venue][kind]
    return REPLACED


def _known(stage: Stage) -> dict[str, str]:
    known = {
        f"{venue}.{part}": value
        for venue, parts in stage.credentials.items()
        for part, value in parts.items()
    }
    if stage.signals:
        known["signals.url"] = str(stage.bot_settings["signal_server"])
        known["signals.token"] = str(stage.bot_settings["signal_token"])
    return known


def _filled(place: str, text: str, known: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in known:
            raise InputError(
                f"{place}: ${{{name}}} — stands for nothing; {nearest(name, list(known))}"
            )
        return known[name]

    return _PLACEHOLDER.sub(value, text)
