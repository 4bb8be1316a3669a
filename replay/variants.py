"""A scenario played in another way than its file says, as typed: `--setting` and `--change`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios import catalogue
from scenarios.document import read_document
from scenarios.loader import shown_path
from simulator.errors import InputError

if TYPE_CHECKING:
    from replay.result import RunResult


@dataclass(frozen=True, slots=True)
class Variant:
    """Settings of the bot, and values for places in the scenario's file."""

    settings: Mapping[str, Any]
    changes: Mapping[str, Any]
    typed: tuple[str, ...]
    """The options again."""

    @classmethod
    def parse(cls, settings: Sequence[str], changes: Sequence[str]) -> Variant | None:
        """Of `name=value` and `venues.bybit.behaviour.visibility[0].lag=1 s`; None without any.
        Raises InputError."""
        if not settings and not changes:
            return None
        typed = [f"--setting={each}" for each in settings] + [f"--change={c}" for c in changes]
        return cls(
            dict(_read("--setting", each) for each in settings),
            dict(_read("--change", each) for each in changes),
            tuple(typed),
        )

    def play(self, name_or_path: str, /, *, version: str, seed: int | None = None) -> RunResult:
        """As `replay.runner.run`. Raises SimulatorError."""
        from replay import runner

        path = catalogue.find(name_or_path)
        scenario = runner.load_text(
            _text(path), shown_path(path), folder=path.resolve().parent, changes=self.changes
        ).with_settings(version, _plain(self.settings))
        result = runner.play(scenario, name_or_path, version=version, seed=seed)
        return replace(result, command=f"{result.command} {_joined(self.typed)}")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error


def _read(option: str, text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise InputError(f"{option} {text}: write NAME=VALUE")
    return name, read_document(value, option).data


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {n: tuple(v) if isinstance(v, list) else v for n, v in settings.items()}


def _joined(typed: Sequence[str]) -> str:
    import shlex

    return shlex.join(typed)
