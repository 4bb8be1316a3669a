"""The course of a run: every bot is begun, given its stimuli at their moments, and stopped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from replay.programs import ProgramGuest
from simulator.errors import InputError

if TYPE_CHECKING:
    from replay.driven import DrivenGuest
    from replay.guest import Guest
    from replay.stage import Stage
    from scenarios.schema import Scenario
    from scenarios.stimuli import Stimulus


class Course:
    """`main` is the bot that the scenario is about; `others` are on hosts beside it.

    Raises InputError for a stimulus that its bot cannot be given.
    """

    def __init__(
        self,
        scenario: Scenario,
        stage: Stage,
        main: DrivenGuest | ProgramGuest,
        others: Sequence[Guest],
    ) -> None:
        self._scenario = scenario
        self._stage = stage
        self._world = stage.world
        self._main = main
        self._others = others
        self._by_host: dict[str, Guest | ProgramGuest] = {
            each.host.name: each for each in (main, *others)
        }
        self._check()

    def _check(self) -> None:
        for stimulus in self._scenario.stimulus:
            bot = self._by_host[stimulus.host]
            if stimulus.signal is not None and bot.takes != "signal":
                raise InputError(
                    f"{self._scenario.name}: stimulus: a program is handed no `signal`; write a "
                    "`wave`, which it fetches from the signal server, or use an adapter "
                    "(bot.factory)"
                )
            if stimulus.send is not None and bot.takes != "send":
                raise InputError(
                    f"{self._scenario.name}: stimulus: `send` is for programs (replay exec, or "
                    "`run` of a host)"
                )

    def run(self) -> None:
        """From the start of all to the end of all."""
        try:
            if isinstance(self._main, ProgramGuest):
                self._run_around_a_program(self._main)
            else:
                self._run_step_by_step(self._main)
        finally:
            for each in self._by_host.values():
                each.leave()

    def _give(self, stimulus: Stimulus) -> None:
        if stimulus.wave is not None:
            self._stage.publish(stimulus.wave, stimulus.wave_ns)
        else:
            self._by_host[stimulus.host].give(stimulus)

    # a bot that is driven: the world runs from stimulus to stimulus

    def _run_step_by_step(self, main: DrivenGuest) -> None:
        world, until_ns = self._world, self._scenario.until
        guests = (main, *self._others)
        for each in guests:
            each.begin()
        for stimulus in sorted(self._scenario.stimulus, key=lambda each: each.at):
            world.run_until(max(world.env.now, stimulus.at))
            self._give(stimulus)
        world.run_until(lambda: _all_idle(guests), limit_ns=until_ns)
        last_ns = max(self._last_moments())
        world.run_until(max(world.env.now, min(last_ns, until_ns)))
        self._settle(guests)
        self._end(guests)

    def _last_moments(self) -> list[int]:
        """When the last wave is over and the last crash has come."""
        waves = [
            each.at + each.wave.lasts for each in self._scenario.stimulus if each.wave is not None
        ]
        return [0, *waves, *(crash.at for crash in self._scenario.crash if crash.at)]

    def _settle(self, guests: Sequence[Guest]) -> None:
        """Watches on for a while, and once more after a crash in that while."""
        world, until_ns = self._world, self._scenario.until
        while True:
            world.run_until(lambda: _all_idle(guests), limit_ns=until_ns)
            lives = [(each.host.lives, each.host.dead) for each in guests]
            world.run_until(
                max(world.env.now, min(world.env.now + self._scenario.settle, until_ns))
            )
            now = [(each.host.lives, each.host.dead) for each in guests]
            if now == lives or world.env.now >= until_ns:
                return

    # a program: it runs, and the world with it; what is to happen has its moment

    def _run_around_a_program(self, main: ProgramGuest) -> None:
        world = self._world
        for each in self._others:
            each.begin()
        for stimulus in self._scenario.stimulus:
            self._at(stimulus, main)
        main.run()
        settled_ns = min(world.env.now + self._scenario.settle, self._scenario.until)
        if settled_ns > world.env.now and not main.host.dead:
            world.run_until(settled_ns)
        self._end(self._others)

    def _at(self, stimulus: Stimulus, main: ProgramGuest) -> None:
        def come() -> None:
            if not main.is_over():
                self._give(stimulus)

        env = self._world.env
        if stimulus.at >= env.now:
            env.call_after(stimulus.at - env.now, come)

    @staticmethod
    def _end(guests: Sequence[Guest]) -> None:
        for each in guests:
            each.look_back()
        for each in guests:
            each.stop()


def _all_idle(guests: Sequence[Guest]) -> bool:
    return all(each.is_idle() for each in guests)
