"""The bot: a trader for each venue, one database, and the waves."""

from __future__ import annotations

import asyncio
import logging

from bot_under_test.reference.atomic_position_manager import Opened
from bot_under_test.reference.database import Database
from bot_under_test.reference.settings import Settings
from bot_under_test.reference.signal_client import SignalClient
from bot_under_test.reference.signals import Signal
from bot_under_test.reference.trader import VENUES, Trader
from bot_under_test.reference.waves import WaveProcessor

logger = logging.getLogger("core.bot")


class ReferenceBot:
    """Trades where it has keys. Make it, `start` it, give it signals or let it fetch waves.

    Raises ValueError without credentials for any venue, and with those for an unknown one.
    """

    def __init__(self, settings: Settings) -> None:
        if not settings.credentials:
            raise ValueError(
                "credentials are missing; give {venue: {api_key, secret}} for one or more of "
                f"{', '.join(VENUES)}"
            )
        self.settings = settings
        self.database = Database(
            settings.database, settings.first_position_id, settings.database_schema
        )
        self.traders = {
            venue: Trader(venue, settings, credentials, self.database)
            for venue, credentials in settings.credentials.items()
        }
        self._client = SignalClient(settings)
        self._waves = WaveProcessor(settings, self.traders, self._client, self.database)
        self._waving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when the bot is ready for signals. Whatever it raises, `stop` comes after it."""
        await asyncio.gather(*(trader.start() for trader in self.traders.values()))
        if self.settings.signal_server:
            self._waving = asyncio.create_task(self._waves.run())
        logger.info("🚀 Bot started, version %s", self.settings.version)

    async def open(self, signal: Signal) -> Opened:
        """How the signal's opening ended. Raises ValueError for a venue without credentials."""
        trader = self.traders.get(signal.venue)
        if trader is None:
            raise ValueError(f"signal {signal.id} is for {signal.venue!r}: no credentials")
        return await trader.open(signal)

    async def stop(self) -> None:
        """Ends the bot once its openings have; positions and their stops stay at the venues."""
        if self._waving is not None:
            self._waving.cancel()
            await asyncio.gather(self._waving, return_exceptions=True)
        await asyncio.gather(*(trader.stop() for trader in self.traders.values()))
        await self._client.close()
        self.database.close()
