"""Who is in a run: the bot that it is about, and what runs on the hosts beside it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from replay import environment
from replay.companions import CompanionProgram, program_of
from replay.driven import DrivenGuest, factory
from replay.programs import Program, ProgramGuest
from replay.stage import BOT

if TYPE_CHECKING:
    from replay.bot import Factory
    from replay.environment import Given
    from replay.guest import Guest
    from replay.stage import Stage
    from scenarios.schema import Scenario


@dataclass(frozen=True, slots=True)
class Cast:
    """On their hosts, and not yet begun."""

    main: DrivenGuest | ProgramGuest
    others: tuple[Guest, ...]
    environments: tuple[Given, ...]
    """Those of the programs."""

    @property
    def everybody(self) -> tuple[Guest | ProgramGuest, ...]:
        return (self.main, *self.others)


class Casting:
    """Finds the factories and programs of a run, and the folders that these work in, while it is
    entered. Both come before its world: what is imported or copied there is real.

    Raises InputError for one that is not there.
    """

    def __init__(self, scenario: Scenario, version: str, program: Program | None) -> None:
        self._scenario = scenario
        self._version = version
        self._bot: Factory | Program = program or factory(
            scenario.bot.factory, f"{scenario.name}: bot.factory"
        )
        self._others: dict[str, Factory | Program] = {}
        for name, host in scenario.hosts.items():
            if host.factory is not None:
                place = f"{scenario.name}: hosts.{name}.factory"
                self._others[name] = factory(host.factory, place)
            elif host.run is not None:
                # Beside a bot that is driven nobody asks for a copy, and two runs have to be equal.
                scratch = program is None or program.scratch
                self._others[name] = program_of(scenario, host, scratch=scratch)

        self._folders: dict[str, Path] = {}
        self._undo = ExitStack()

    def __enter__(self) -> Casting:
        for name, each in {BOT: self._bot, **self._others}.items():
            if isinstance(each, Program):
                self._folders[name] = self._undo.enter_context(each.folder())
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def on(self, stage: Stage) -> Cast:
        """Everybody on his host. Raises InputError for settings that a factory does not take."""
        scenario = self._scenario
        given: list[Given] = []
        main: DrivenGuest | ProgramGuest
        if isinstance(self._bot, Program):
            given.append(
                environment.given(
                    stage,
                    stage.bot_host,
                    scenario.bot.environment,
                    f"{scenario.name}: bot.environment",
                    self._bot.env_file,
                )
            )
            main = ProgramGuest(scenario, stage, self._bot, self._folders[BOT], given[0])
        else:
            settings = {
                **stage.bot_settings,
                **scenario.bot.settings_for(self._version),
                "version": self._version,
                "credentials": stage.credentials,
            }
            main = DrivenGuest(scenario, stage, stage.bot_host, self._bot, settings)
        others = tuple(self._other(name, stage, given) for name in self._others)
        return Cast(main, others, tuple(given))

    def _other(self, name: str, stage: Stage, given: list[Given]) -> Guest:
        scenario, found = self._scenario, self._others[name]
        host, settings = stage.world.hosts[name], scenario.hosts[name]
        if isinstance(found, Program):
            place = f"{scenario.name}: hosts.{name}.environment"
            given.append(environment.given(stage, host, settings.environment, place))
            folder = self._folders[name]
            return CompanionProgram(scenario, stage, host, found, folder, given[-1])
        return DrivenGuest(scenario, stage, host, found, self._settings(name, stage))

    def _settings(self, name: str, stage: Stage) -> Mapping[str, object]:
        """Of a part of the bot, those that all of it has in common as well."""
        account = stage.account_of(name)
        common = {**stage.bot_settings, "version": self._version} if account == BOT else {}
        return {
            **common,
            **self._scenario.hosts[name].plain_settings(),
            "credentials": stage.accounts[account].credentials,
        }
