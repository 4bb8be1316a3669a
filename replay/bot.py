"""What a replay asks of a bot whose parts it drives: the handle that a factory makes.

A factory is a function `create(settings)`, named as `package.module:create`: by `bot.factory` in a
scenario, or by `replay run SCENARIO --bot package.module:create`. `settings` are those of the
scenario, with `version`, `credentials` (by venue, `api_key` and `secret`), and where there are
waves `signal_server` and `signal_token`. It is called on the bot's host, in virtual time; a
ValueError tells what is wrong with the settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias


class BotHandle(Protocol):
    """One bot, from its start to its stop."""

    async def start(self) -> None:
        """Returns when the bot is ready for signals."""

    async def deliver(self, signal: Mapping[str, object]) -> None:
        """Hands a signal over; returns when the opening has ended, well or not.

        `id`, `symbol` (`SKLUSDT`), `side` (`BUY`, `SELL`), `score_week`, `score_month`,
        `timestamp` (ms), `exchange`, and `quantity` in the base asset if the scenario says one.
        """

    async def stop(self) -> None:
        """Ends the bot and closes what it holds open."""

    def believes(self) -> Mapping[str, Any]:
        """What the bot takes for true, for the invariants; asked after everything has settled.

        `positions`: each with `venue`, `symbol`, `side` (`BUY`, `SELL`) and `quantity`; `orders`:
        ids of all it knows; `events`: what it wrote down (`event_type`, `event_data`,
        `correlation_id`, `severity`, `created_at`). A bot that does not say may leave the method
        out: what would be asked of it is not judged then.
        """


Factory: TypeAlias = Callable[[Mapping[str, object]], BotHandle]
