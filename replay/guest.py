"""The bot as a guest on its host: started, handed its signals, stopped, asked what it believes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bot_under_test.adapter as reference_bot
from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    import asyncio

    from replay.stage import Stage
    from scenarios.schema import Scenario, Signal


class Guest:
    """One version of the bot, from its start to its end."""

    def __init__(self, scenario: Scenario, version: str, stage: Stage) -> None:
        self._scenario = scenario
        self._stage = stage
        self._world = stage.world
        self.troubles: list[str] = []
        """What went wrong with the bot as a program: signals not dealt with, crashes."""
        self.over_budget: list[str] = []
        """Those of them that were not finished when the scenario's time was up."""
        settings = {
            **scenario.bot.settings_for(version),
            "version": version,
            "credentials": stage.credentials,
        }
        try:
            with self._world.at(stage.bot_host):
                self._bot = reference_bot.create(settings)
        except ValueError as error:
            raise InputError(f"{scenario.name}, bot {version}: {error}") from error

    def run(self) -> None:
        """Starts the bot, delivers each signal at its moment, lets things settle, stops the bot."""
        scenario, world, host = self._scenario, self._world, self._stage.bot_host
        started = host.start(self._bot.start())
        deliveries: list[tuple[Signal, asyncio.Task[None]]] = []
        for stimulus in sorted(scenario.stimulus, key=lambda each: each.at):
            world.run_until(stimulus.at)
            deliveries.append(
                (stimulus.signal, host.start(self._deliver(stimulus.signal, started)))
            )
        tasks = [task for _, task in deliveries]
        world.run_until(lambda: all(task.done() for task in tasks), limit_ns=scenario.until)
        world.run_until(min(world.env.now + scenario.settle, scenario.until))
        for signal, task in deliveries:
            self._look_at(f"signal {signal.id} ({signal.symbol})", task)
        self._believed = self._bot.believes()
        stopping = host.start(self._bot.stop())
        world.run_until(stopping.done, limit_ns=world.env.now + _STOP_NS)
        self._look_at("stopping the bot", stopping)

    async def _deliver(self, signal: Signal, started: asyncio.Task[None]) -> None:
        await started
        await self._bot.deliver(
            {
                "id": signal.id,
                "symbol": signal.symbol,
                "side": signal.side,
                "exchange": signal.exchange,
                "scores": [float(score) for score in signal.scores],
                "timestamp_ns": self._world.env.now
                if signal.timestamp is None
                else signal.timestamp,
            }
        )

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

    def believes(self) -> dict[str, Any]:
        """What the bot took for true when things had settled."""
        return self._believed


_STOP_NS = 30_000_000_000
"""Virtual time a bot gets to stop in."""
