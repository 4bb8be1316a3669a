"""A bot driven part by part through its handle: started, handed signals, asked, stopped."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from replay.bot import BotHandle, Factory
from replay.crashes import Crashes
from replay.fresh import FreshModules
from replay.stage import BOT, signal_values
from scenarios.schema import REFERENCE_BOT
from simulator.caller import raising_place
from simulator.errors import InputError, SimulatorError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from replay.stage import Stage
    from scenarios.crashes import Crash, Restart
    from scenarios.schema import Scenario
    from scenarios.stimuli import Signal, Stimulus
    from simulator.host import Host


def factory(name: str, place: str) -> Factory:
    """What makes a bot of its settings, by its name, `module:function`: see `replay.bot`.

    Modules are looked for as Python does, and in the working directory. Raises InputError, which
    says the `place` that names it.
    """
    module, _, function = name.partition(":")
    told = f"{place} {name!r}"
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        found: Any = getattr(import_module(module), function)
    except ImportError as error:
        raise InputError(f"{told}: cannot be imported: {error}") from error
    except AttributeError as error:
        raise InputError(f"{told}: {module} has no {function}") from error
    make: Factory = found
    return make


class DrivenGuest:
    """See `Guest`. Its coroutines run on its host's loop, which the world drives."""

    takes: Literal["signal", "send"] = "signal"

    def __init__(
        self,
        scenario: Scenario,
        stage: Stage,
        host: Host,
        create: Factory,
        settings: Mapping[str, object],
    ) -> None:
        """`create` is called with the settings. Raises InputError for those it does not take."""
        self._scenario = scenario
        self._stage = stage
        self._world = stage.world
        self.host = host
        self._create = create
        self._settings = settings
        self._modules = FreshModules(create)
        self.troubles: list[str] = []
        self.exit_code: int | None = None
        self.over_budget: list[str] = []
        self.signals_lost: list[str] = []
        self._deliveries: list[_Delivery] = []
        self._kept: list[Signal] = []
        self._restart: Restart | None = None
        """What was asked for when the bot crashed; None while it is up, and if it stays down."""
        self._bot: BotHandle | None = self._new_bot()
        self._started: asyncio.Task[None] | None = None
        self._believed: Mapping[str, Any] | None = None
        host.on_crash.append(self._lose_everything)
        self._crashes = Crashes(scenario.crash, self._world, host, self._crashed)

    @property
    def crashes_fired(self) -> Mapping[str, int]:
        return self._crashes.fired

    def _new_bot(self) -> BotHandle:
        try:
            with self._world.at(self.host):
                return self._create(self._settings)
        except ValueError as error:
            version = self._settings.get("version", "")
            told = f", bot {version}" if self.host.name == BOT else f", host {self.host.name}"
            raise InputError(f"{self._scenario.name}{told}: {error}{self._hint()}") from error

    def _hint(self) -> str:
        if self._scenario.bot.factory != REFERENCE_BOT or self.host.name != BOT:
            return ""
        return (
            "; a bot of your own runs by `replay exec SCENARIO -- main.py`, or by "
            "--bot module:create"
        )

    def begin(self) -> None:
        assert self._bot is not None
        self._started = self.host.start(self._bot.start())

    def is_idle(self) -> bool:
        if self._restart is not None:
            return False
        starting = self._scenario.crash and self._started is not None and not self._started.done()
        return not starting and all(each.task.done() for each in self._deliveries)

    def look_back(self) -> None:
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
        asked = getattr(self._bot, "believes", None)
        self._believed = None if asked is None else asked()

    def stop(self) -> None:
        host, world = self.host, self._world
        if self._bot is None:
            return
        stopping = host.start(self._bot.stop())
        world.run_until(lambda: stopping.done() or host.dead, limit_ns=world.env.now + _STOP_NS)
        if not host.dead:
            self._look_at("stopping the bot", stopping)

    def leave(self) -> None:
        self._modules.put_back()

    # signals

    def give(self, stimulus: Stimulus) -> None:
        assert stimulus.signal is not None
        self._hand_over(stimulus.signal)

    def _hand_over(self, signal: Signal) -> None:
        host, started = self.host, self._started
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
        host = self.host.name
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
            self._world.env.call_after(crash.restart.after, self._start_again)

    def _start_again(self) -> None:
        self._restart = None
        self.host.restart()
        self._create = self._modules.load()
        self._bot = self._new_bot()
        self.begin()
        kept, self._kept = self._kept, []
        for signal in kept:
            self._hand_over(signal)

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
            place = raising_place(error.__traceback__)
            self.troubles.append(f"{what}: {type(error).__name__}: {told} (at {place})")

    def believes(self) -> Mapping[str, Any] | None:
        return self._believed


class _Delivery(NamedTuple):
    """A signal that was handed to the bot, and the bot's dealing with it."""

    signal: Signal
    task: asyncio.Task[None]


def _told(signal: Signal) -> str:
    return f"{signal.id} ({signal.symbol})"


_STOP_NS = 30_000_000_000
"""Virtual time a bot gets to stop in."""
