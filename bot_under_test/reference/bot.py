"""The bot: its parts, put together."""

from __future__ import annotations

import asyncio
import logging

from bot_under_test.reference.atomic_position_manager import AtomicPositionManager, Parts
from bot_under_test.reference.binance_hybrid_stream import BinanceHybridStream
from bot_under_test.reference.database import Database
from bot_under_test.reference.exchange_manager import ExchangeManager, ExchangePosition
from bot_under_test.reference.position_guard import PositionGuard
from bot_under_test.reference.position_manager import PositionManager, TrackedPosition
from bot_under_test.reference.position_opener import PositionOpener
from bot_under_test.reference.rollback import Rollback
from bot_under_test.reference.settings import Settings
from bot_under_test.reference.signals import Signal
from bot_under_test.reference.stop_loss_manager import StopLossManager
from bot_under_test.reference.trailing_stop import TrailingStopManager
from bot_under_test.reference.verification import PositionVerifier

logger = logging.getLogger("core.bot")


class ReferenceBot:
    """Trades one account on Binance USD-M futures. Make it, `start` it, give it signals.

    Raises ValueError without credentials for the venue.
    """

    def __init__(self, settings: Settings) -> None:
        venue = ExchangeManager.venue
        if venue not in settings.credentials:
            raise ValueError(f"credentials for {venue!r} are missing; give {{api_key, secret}}")
        self.settings = settings
        self.database = Database(settings.database, settings.first_position_id)
        self.exchange = ExchangeManager(settings, settings.credentials[venue])
        self.positions = PositionManager(settings.defects, settings.tracked_symbols)
        self._stream = BinanceHybridStream(
            settings, self.exchange, self.positions.on_event, self._stream_connected
        )
        stops = StopLossManager(settings, self.exchange)
        self._trailing = TrailingStopManager(settings, self.exchange, stops)
        self._guard = PositionGuard(
            settings, self.exchange, self.positions, self.database, stops, self._adopted
        )
        self.positions.on_mark_price = self._trailing.on_mark_price
        self.positions.on_closed = self._closed
        parts = Parts(
            exchange=self.exchange,
            positions=self.positions,
            database=self.database,
            verifier=PositionVerifier(settings, self.exchange, self.positions),
            stops=stops,
            trailing=self._trailing,
            rollback=Rollback(settings, self.exchange),
            guard=self._guard,
        )
        self._opener = PositionOpener(
            settings,
            self.exchange,
            self.positions,
            self.database,
            AtomicPositionManager(settings, parts),
        )
        self._guarding: asyncio.Task[None] | None = None
        self._openings: dict[asyncio.Task[bool], None] = {}

    async def start(self) -> None:
        """Returns when the bot is ready for signals. Whatever it raises, `stop` comes after it."""
        await self.exchange.start()
        self._remember()
        await self._guard.look()
        await self._stream.start()
        self._guarding = asyncio.create_task(self._guard.run())
        logger.info("🚀 Bot started, version %s", self.settings.version)

    async def open(self, signal: Signal) -> bool:
        """Whether the signal's position stands."""
        task = asyncio.create_task(self._opener.open(signal))
        self._openings[task] = None
        task.add_done_callback(self._openings.pop)
        return await task

    async def stop(self) -> None:
        """Ends the bot once its openings have; positions and their stops stay at the venue."""
        await asyncio.gather(*self._openings, return_exceptions=True)
        if self._guarding is not None:
            self._guarding.cancel()
            await asyncio.gather(self._guarding, return_exceptions=True)
        await self._trailing.stop()
        await self._stream.stop()
        await self.exchange.close()
        self.database.close()

    def _remember(self) -> None:
        """Tracks the positions that the database knows."""
        for row in self.database.rows("active"):
            symbol = str(row["symbol"])
            self.positions.confirm(
                TrackedPosition(
                    id=int(str(row["id"])),
                    symbol=symbol,
                    side=str(row["side"]),
                    quantity=float(str(row["quantity"])),
                    entry_price=float(str(row["entry_price"] or 0)),
                    stop_id=None if row["stop_order_id"] is None else str(row["stop_order_id"]),
                )
            )

    def _stream_connected(self) -> None:
        """What happened while there was no user stream is asked for."""
        self._guard.look_now()

    def _adopted(self, position: ExchangePosition) -> None:
        self._stream.follow(position.symbol, position.side, position.quantity, position.entry_price)

    def _closed(self, tracked: TrackedPosition) -> None:
        """A position has gone: by its stop, by somebody's hand, or unseen."""
        symbol = tracked.symbol
        self.positions.remove(symbol)
        self._stream.forget(symbol)
        self._trailing.detach(symbol)
        if isinstance(tracked.id, int):
            self.database.set_status(tracked.id, "closed")
            logger.info("📝 Position record updated: ID=%d closed", tracked.id)
        self._guard.must_clean(symbol)
