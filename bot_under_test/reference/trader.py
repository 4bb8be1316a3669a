"""One venue's side of the bot: its connection, its streams, and the parts that trade there."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Protocol

from bot_under_test.reference.atomic_position_manager import (
    AtomicPositionManager,
    Opened,
    Parts,
)
from bot_under_test.reference.binance_exchange import BinanceExchange
from bot_under_test.reference.binance_hybrid_stream import BinanceHybridStream
from bot_under_test.reference.bybit_exchange import BybitExchange
from bot_under_test.reference.bybit_hybrid_stream import BybitHybridStream
from bot_under_test.reference.database import Database
from bot_under_test.reference.exchange_manager import ExchangeManager, ExchangePosition
from bot_under_test.reference.followed_positions import FollowedPositions
from bot_under_test.reference.orders import KnownOrders
from bot_under_test.reference.position_guard import PositionGuard
from bot_under_test.reference.position_manager import PositionManager, TrackedPosition
from bot_under_test.reference.position_opener import PositionOpener
from bot_under_test.reference.recovery import Recovery
from bot_under_test.reference.rollback import Rollback
from bot_under_test.reference.settings import Credentials, Settings
from bot_under_test.reference.shared import Shared
from bot_under_test.reference.signals import Signal
from bot_under_test.reference.stop_loss_manager import StopLossManager
from bot_under_test.reference.trailing_stop import TrailingStopManager
from bot_under_test.reference.verification import PositionVerifier

logger = logging.getLogger("core.position_manager_integration")

VENUES = ("binance", "bybit")


class _Stream(Protocol):
    positions: FollowedPositions

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Trader:
    """Trades one account on one venue. Make it, `start` it, give it signals.

    Raises ValueError for a venue that is none of `VENUES`.
    """

    def __init__(
        self, venue: str, settings: Settings, credentials: Credentials, database: Database
    ) -> None:
        self.database = database
        self.positions = PositionManager(settings.defects, settings.tracked_symbols)
        self.exchange, self._stream = self._connection(venue, settings, credentials)
        exchange = self.exchange
        shared = Shared(
            settings=settings,
            exchange=exchange,
            positions=self.positions,
            database=database,
            stops=StopLossManager(settings, exchange),
        )
        self._trailing = TrailingStopManager(settings, exchange, shared.stops)
        self._guard = PositionGuard(shared, self._adopted)
        self._recovery = Recovery(shared, self._guard)
        self.positions.on_mark_price = self._trailing.on_mark_price
        self.positions.on_closed = self._closed
        parts = Parts(
            verifier=PositionVerifier(settings, exchange, self.positions),
            trailing=self._trailing,
            rollback=Rollback(settings, exchange),
            guard=self._guard,
        )
        self.opener = PositionOpener(
            shared, AtomicPositionManager(shared, parts), self._guard.expects
        )
        self._guarding: asyncio.Task[None] | None = None
        self._openings: dict[asyncio.Task[Opened], None] = {}

    def _connection(
        self, venue: str, settings: Settings, credentials: Credentials
    ) -> tuple[ExchangeManager, _Stream]:
        on_event, on_connected = self.positions.on_event, self._stream_connected
        orders = KnownOrders()
        if settings.remembers_openings:
            orders = KnownOrders(
                self.database.orders(venue), partial(self.database.note_order, venue)
            )
        match venue:
            case "binance":
                binance = BinanceExchange(settings, credentials, orders)
                return binance, BinanceHybridStream(settings, binance, on_event, on_connected)
            case "bybit":
                return BybitExchange(settings, credentials, orders), BybitHybridStream(
                    settings, credentials, on_event, on_connected
                )
        raise ValueError(f"there is no venue {venue!r}; choose among {', '.join(VENUES)}")

    async def start(self) -> None:
        """Returns when it is ready for signals. Whatever it raises, `stop` comes after it."""
        await self.exchange.start()
        self._remember()
        await self._recovery.run()
        await self._guard.look()
        await self._stream.start()
        self._guarding = asyncio.create_task(self._guard.run())

    async def open(self, signal: Signal) -> Opened:
        """How the signal's opening ended."""
        task = asyncio.create_task(self.opener.open(signal))
        self._openings[task] = None
        task.add_done_callback(self._openings.pop)
        return await task

    async def stop(self) -> None:
        """Ends once its openings have; positions and their stops stay at the venue."""
        await asyncio.gather(*self._openings, return_exceptions=True)
        if self._guarding is not None:
            self._guarding.cancel()
            await asyncio.gather(self._guarding, return_exceptions=True)
        await self._recovery.stop()
        await self._trailing.stop()
        await self._stream.stop()
        await self.exchange.close()

    def _remember(self) -> None:
        """Tracks the positions that the database knows."""
        for row in self.database.rows("active"):
            if row["venue"] != self.exchange.venue:
                continue
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
        """What happened while there was no private stream is asked for."""
        self._guard.look_now()

    def _adopted(self, position: ExchangePosition) -> None:
        self._stream.positions.follow(
            position.symbol, position.side, position.quantity, position.entry_price
        )

    def _closed(self, tracked: TrackedPosition) -> None:
        """A position has gone: by its stop, by somebody's hand, or unseen."""
        symbol = tracked.symbol
        self.positions.remove(symbol)
        self._guard.has_ended(symbol)
        self._stream.positions.forget(symbol)
        self._trailing.detach(symbol)
        if isinstance(tracked.id, int):
            self.database.set_status(tracked.id, "closed")
            logger.info("📝 Position record updated: ID=%d closed", tracked.id)
        self._guard.must_clean(symbol)
