"""The bot as a guest on its host: started, handed its signals, stopped, asked what it believes."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replay.bot import Factory
from replay.stage import signal_values
from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from replay.stage import Stage
    from scenarios.schema import Scenario, Signal


def factory(scenario: Scenario) -> Factory:
    """What makes the scenario's bot of its settings: see `replay.bot`.

    Modules are looked for as Python does, and in the working directory. Raises InputError.
    """
    module, _, name = scenario.bot.factory.partition(":")
    told = f"{scenario.name}: bot.factory {scenario.bot.factory!r}"
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        found: Any = getattr(import_module(module), name)
    except ImportError as error:
        raise InputError(f"{told}: cannot be imported: {error}") from error
    except AttributeError as error:
        raise InputError(f"{told}: {module} has no {name}") from error
    make: Factory = found
    return make


class Guest:
    """One version of the bot, from its start to its end."""

    def __init__(
        self,
        scenario: Scenario,
        version: str,
        stage: Stage,
        create: Factory,
    ) -> None:
        if any(stimulus.send for stimulus in scenario.stimulus):
            raise InputError(f"{scenario.name}: stimulus: `send` is for programs (replay exec)")
        self._scenario = scenario
        self._stage = stage
        self._world = stage.world
        self.troubles: list[str] = []
        """What went wrong with the bot as a program: signals not dealt with, crashes."""
        self.exit_code: int | None = None
        """Only programs end with one."""
        self.over_budget: list[str] = []
        """Those of them that were not finished when the scenario's time was up."""
        settings = {
            **stage.bot_settings,
            **scenario.bot.settings_for(version),
            "version": version,
            "credentials": stage.credentials,
        }
        try:
            with self._world.at(stage.bot_host):
                self._bot = create(settings)
        except ValueError as error:
            raise InputError(f"{scenario.name}, bot {version}: {error}") from error

    def run(self) -> None:
        """Starts the bot, delivers each signal at its moment, lets things settle, stops the bot."""
        scenario, world, host = self._scenario, self._world, self._stage.bot_host
        started = host.start(self._bot.start())
        deliveries: list[tuple[Signal, asyncio.Task[None]]] = []
        waves_end_ns = 0
        for stimulus in sorted(scenario.stimulus, key=lambda each: each.at):
            world.run_until(stimulus.at)
            if stimulus.signal is not None:
                task = host.start(self._deliver(stimulus.signal, started))
                deliveries.append((stimulus.signal, task))
            elif stimulus.wave is not None:
                self._stage.publish(stimulus.wave, stimulus.wave_ns)
                waves_end_ns = max(waves_end_ns, stimulus.at + stimulus.wave.lasts)
        tasks = [task for _, task in deliveries]
        world.run_until(lambda: all(task.done() for task in tasks), limit_ns=scenario.until)
        world.run_until(max(world.env.now, min(waves_end_ns, scenario.until)))
        world.run_until(min(world.env.now + scenario.settle, scenario.until))
        if started.done():
            self._look_at("starting the bot", started)
        for signal, task in deliveries:
            self._look_at(f"signal {signal.id} ({signal.symbol})", task)
        asked = getattr(self._bot, "believes", None)
        self._believed = None if asked is None else asked()
        stopping = host.start(self._bot.stop())
        world.run_until(stopping.done, limit_ns=world.env.now + _STOP_NS)
        self._look_at("stopping the bot", stopping)

    async def _deliver(self, signal: Signal, started: asyncio.Task[None]) -> None:
        await started
        now_ns = self._world.env.now
        values = signal_values(signal, now_ns if signal.timestamp is None else signal.timestamp)
        await self._bot.deliver({**values, "exchange": signal.exchange})

    def _look_at(self, what: str, task: asyncio.Task[None]) -> None:
        if not task.done():
            told = f"{what}: not finished when time was up; raise `until` if it only needs longer"
            self.troubles.append(told)
            self.over_budget.append(told)
            return
        error = task.exception()
        if isinstance(error, SimulatorError) and not isinstance(error, OSError):
            raise error
        if error is not None:
            told = self._world.trace.redact(str(error))  # clients put signed URLs into errors
            self.troubles.append(f"{what}: {type(error).__name__}: {told}")

    def believes(self) -> Mapping[str, Any] | None:
        """What the bot took for true when things had settled; None if it does not say."""
        return self._believed


_STOP_NS = 30_000_000_000
"""Virtual time a bot gets to stop in."""
