"""The bot as a guest on its host: started, handed its signals, stopped, asked what it believes."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from replay.bot import BotHandle, Factory
from replay.crashes import Crashes
from replay.fresh import FreshModules
from replay.stage import signal_values
from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from replay.stage import Stage
    from scenarios.crashes import Crash, Restart
    from scenarios.schema import Scenario
    from scenarios.stimuli import Signal


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
    """One version of the bot, from its start to its end, with the crashes in between."""

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
        self._version = version
        self._stage = stage
        self._world = stage.world
        self._create = create
        self._modules = FreshModules(create)
        self.troubles: list[str] = []
        """What went wrong with the bot as a program: signals not dealt with, errors."""
        self.exit_code: int | None = None
        """Only programs end with one."""
        self.over_budget: list[str] = []
        """Those of them that were not finished when the scenario's time was up."""
        self.signals_lost: list[str] = []
        """Signals that a crash ended, or that came while the bot was down."""
        self._deliveries: list[_Delivery] = []
        self._kept: list[Signal] = []
        self._restart: Restart | None = None
        """What was asked for when the bot crashed; None while it is up, and if it stays down."""
        self._bot: BotHandle | None = self._new_bot()
        self._started: asyncio.Task[None] | None = None
        self._believed: Mapping[str, Any] | None = None
        stage.bot_host.on_crash.append(self._lose_everything)
        self._crashes = Crashes(scenario.crash, self._world, stage.bot_host, self._crashed)

    @property
    def crashes_fired(self) -> Mapping[str, int]:
        """How often each crash of the scenario has come: 0 for those that never did."""
        return self._crashes.fired

    def _new_bot(self) -> BotHandle:
        stage, scenario, version = self._stage, self._scenario, self._version
        settings = {
            **stage.bot_settings,
            **scenario.bot.settings_for(version),
            "version": version,
            "credentials": stage.credentials,
        }
        try:
            with self._world.at(stage.bot_host):
                return self._create(settings)
        except ValueError as error:
            raise InputError(f"{scenario.name}, bot {version}: {error}") from error

    def run(self) -> None:
        """Starts the bot, delivers each signal at its moment, lets things settle, stops the bot."""
        try:
            self._run()
        finally:
            self._modules.put_back()

    def _run(self) -> None:
        scenario, world = self._scenario, self._world
        self._start()
        waves_end_ns = 0
        for stimulus in sorted(scenario.stimulus, key=lambda each: each.at):
            world.run_until(max(world.env.now, stimulus.at))
            if stimulus.signal is not None:
                self._hand_over(stimulus.signal)
            elif stimulus.wave is not None:
                self._stage.publish(stimulus.wave, stimulus.wave_ns)
                waves_end_ns = max(waves_end_ns, stimulus.at + stimulus.wave.lasts)
        world.run_until(self._is_idle, limit_ns=scenario.until)
        last_ns = max((crash.at for crash in scenario.crash if crash.at), default=0)
        world.run_until(max(world.env.now, min(max(waves_end_ns, last_ns), scenario.until)))
        self._settle()
        self._look_back()
        self._stop()

    def _settle(self) -> None:
        """Watches on for a while, and once more after a crash in that while."""
        scenario, world, host = self._scenario, self._world, self._stage.bot_host
        while True:
            world.run_until(self._is_idle, limit_ns=scenario.until)
            life = host.lives, host.dead
            world.run_until(
                max(world.env.now, min(world.env.now + scenario.settle, scenario.until))
            )
            if (host.lives, host.dead) == life or world.env.now >= scenario.until:
                return

    def _is_idle(self) -> bool:
        """Whether every signal is dealt with, and nobody is about to start the bot again."""
        if self._restart is not None:
            return False
        starting = self._scenario.crash and self._started is not None and not self._started.done()
        return not starting and all(each.task.done() for each in self._deliveries)

    def _look_back(self) -> None:
        if self._restart is not None:
            told = "starting the bot again: it was still down when time was up; raise `until`"
            self.troubles.append(told)
            self.over_budget.append(told)
        for signal in self._kept:
            self._lose(signal, "the bot was still down when time was up")
        if self._started is not None and self._started.done():
            self._look_at("starting the bot", self._started)
        for each in self._deliveries:
            self._look_at(f"signal {_told(each.signal)}", each.task)

    def _stop(self) -> None:
        host, world = self._stage.bot_host, self._world
        if self._bot is None:
            return
        asked = getattr(self._bot, "believes", None)
        self._believed = None if asked is None else asked()
        stopping = host.start(self._bot.stop())
        world.run_until(lambda: stopping.done() or host.dead, limit_ns=world.env.now + _STOP_NS)
        if not host.dead:
            self._look_at("stopping the bot", stopping)

    # signals

    def _hand_over(self, signal: Signal) -> None:
        host, started = self._stage.bot_host, self._started
        if not host.dead:
            assert started is not None
            task = host.start(self._deliver(signal, started))
            self._deliveries.append(_Delivery(signal, task))
        elif self._restart is not None and self._restart.signals == "kept":
            self._kept.append(signal)
        else:
            self._lose(signal, "the bot was down")

    async def _deliver(self, signal: Signal, started: asyncio.Task[None]) -> None:
        await started
        assert self._bot is not None
        now_ns = self._world.env.now
        values = signal_values(signal, now_ns if signal.timestamp is None else signal.timestamp)
        await self._bot.deliver({**values, "exchange": signal.exchange})

    def _lose(self, signal: Signal, why: str) -> None:
        host = self._stage.bot_host.name
        self._world.trace.record("signal_lost", host, id=signal.id, symbol=signal.symbol, why=why)
        self.signals_lost.append(f"{_told(signal)}: {why}")

    # crashes

    def _lose_everything(self) -> None:
        """The process is gone, and all that it had in memory."""
        self._bot = self._started = None
        cut_off = [each.signal for each in self._deliveries if not each.task.done()]
        self._deliveries = [each for each in self._deliveries if each.task.done()]
        for signal in cut_off:
            self._lose(signal, "it was being dealt with when the bot crashed")

    def _crashed(self, crash: Crash) -> None:
        self._restart = crash.restart
        if crash.restart is not None:
            timeout = self._world.env.timeout(crash.restart.after)
            timeout.callbacks.append(lambda _: self._start_again())

    def _start_again(self) -> None:
        self._restart = None
        self._stage.bot_host.restart()
        self._create = self._modules.load()
        self._bot = self._new_bot()
        self._start()
        kept, self._kept = self._kept, []
        for signal in kept:
            self._hand_over(signal)

    def _start(self) -> None:
        assert self._bot is not None
        self._started = self._stage.bot_host.start(self._bot.start())

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
        """What the bot took for true when things had settled; None where it does not say, or was
        down."""
        return self._believed


class _Delivery(NamedTuple):
    """A signal that was handed to the bot, and the bot's dealing with it."""

    signal: Signal
    task: asyncio.Task[None]


def _told(signal: Signal) -> str:
    return f"{signal.id} ({signal.symbol})"


_STOP_NS = 30_000_000_000
"""Virtual time a bot gets to stop in."""
