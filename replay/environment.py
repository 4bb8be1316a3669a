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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.types import nearest
from simulator.errors import InputError
from simulator.venues import NAMES

if TYPE_CHECKING:
    from replay.stage import Stage
    from simulator.host import Host

_PASSED_ON = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TERM|TMPDIR|VIRTUAL_ENV|PYTHON\w+|COLUMNS|NO_COLOR"
)
_SECRET = re.compile(r"key|secret|token|passw|passphrase|credential|private|dsn", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\$\{([\w.]+)\}")
_REPLACED = "replaced-in-a-replay"
"""What stands in the place of a secret that no simulated venue has one for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An environment, and the variables in it that a program cannot change."""

    host: Host
    values: Mapping[str, str]
    kept: frozenset[str]


def given(
    stage: Stage, host: Host, variables: Mapping[str, str], place: str, env_file: Path | None = None
) -> Given:
    """What a program on a host finds: `variables` are those of the scenario, which has them at
    `place`. Raises InputError for a file that cannot be read, and for a placeholder that nothing
    stands behind."""
    values = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    credentials = stage.accounts[stage.account_of(host.name)].credentials
    kept: set[str] = set()
    for name, value in _read(env_file).items():
        if _SECRET.search(name):
            stage.world.trace.hide(value)
            value = _made_up(name, credentials)
            kept.add(name)
        values[name] = value
    known = _known(stage, credentials)
    for name, text in variables.items():
        values[name] = _filled(f"{place}.{name}", text, known)
        if _SECRET.search(name) or _PLACEHOLDER.search(text):
            kept.add(name)
    return Given(host=host, values=values, kept=frozenset(kept))


@contextmanager
def guarded(givens: Sequence[Given]) -> Iterator[None]:
    """Within it, a program that sets a variable which is kept for it does not get through."""
    by_host = {each.host: each for each in givens}
    mapping: Any = type(os.environ)
    real_set = mapping.__setitem__

    def set_variable(self: Any, name: str, value: str) -> None:
        found = _concerned(by_host)
        if found is not None and name in found.kept and value != found.values[name]:
            trace = found.host.world.trace
            trace.hide(value)
            trace.record("kept_variable", found.host.name, name=name)
            return
        real_set(self, name, value)

    mapping.__setitem__ = set_variable
    try:
        yield
    finally:
        mapping.__setitem__ = real_set


def _concerned(by_host: Mapping[Host, Given]) -> Given | None:
    for host in by_host:
        current = host.world.current
        return None if current is None else by_host.get(current)
    return None


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


def _made_up(name: str, credentials: Mapping[str, Mapping[str, str]]) -> str:
    """The simulated venue's, where the name speaks of one."""
    for venue in NAMES:
        if venue in name.lower() and venue in credentials:
            return credentials[venue]["secret" if "secret" in name.lower() else "api_key"]
    return _REPLACED


def _known(stage: Stage, credentials: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    known = {
        f"{venue}.{part}": value
        for venue, parts in credentials.items()
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
