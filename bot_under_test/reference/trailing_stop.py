"""A second stop that follows the mark price."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import ccxt

from bot_under_test.reference.exchange_manager import ExchangeManager
from bot_under_test.reference.outcomes import describe
from bot_under_test.reference.position_manager import TrackedPosition
from bot_under_test.reference.settings import Settings
from bot_under_test.reference.signals import BUY
from bot_under_test.reference.stop_loss_manager import (
    SECOND_STOP,
    PlacedStop,
    StopLossManager,
    beyond,
)

logger = logging.getLogger("core.trailing_stop")


@dataclass(slots=True, kw_only=True)
class _Trail:
    stop: PlacedStop
    moving: bool = False


class TrailingStopManager:
    """Moves a stop by placing its successor first: the position has two stops, never none."""

    def __init__(
        self, settings: Settings, exchange: ExchangeManager, stops: StopLossManager
    ) -> None:
        self._settings = settings
        self._exchange = exchange
        self._stops = stops
        self._trails: dict[str, _Trail] = {}
        self._moves: dict[asyncio.Task[None], None] = {}

    async def attach(
        self, symbol: str, side: str, quantity: float, entry_price: float
    ) -> PlacedStop:
        """Places the second stop; raises what `StopLossManager.place` raises."""
        trigger = beyond(side, entry_price, self._settings.trailing_percent)
        stop = await self._stops.place(symbol, side, quantity, trigger, SECOND_STOP)
        self._trails[symbol] = _Trail(stop=stop)
        return stop

    def detach(self, symbol: str) -> None:
        self._trails.pop(symbol, None)

    def on_mark_price(self, tracked: TrackedPosition) -> None:
        """Follows, when the stop can move by a whole step in the position's favour."""
        trail = self._trails.get(tracked.symbol)
        if trail is None or trail.moving:
            return
        trigger = beyond(tracked.side, tracked.mark_price, self._settings.trailing_percent)
        step = tracked.mark_price * self._settings.trailing_step_percent / 100
        gain = trigger - trail.stop.trigger_price
        if (gain if tracked.side == BUY else -gain) < step:
            return
        trail.moving = True
        move = asyncio.create_task(self._move(tracked, trail, trigger))
        self._moves[move] = None
        move.add_done_callback(self._moves.pop)

    async def _move(self, tracked: TrackedPosition, trail: _Trail, trigger: float) -> None:
        symbol, old = tracked.symbol, trail.stop
        try:
            trail.stop = await self._stops.place(
                symbol, tracked.side, tracked.quantity, trigger, SECOND_STOP
            )
            await self._exchange.cancel_stop(old.id, symbol)
            if tracked.ended:  # while the new stop was on its way
                await self._stops.cancel_all(symbol)
        except ccxt.OrderNotFound:
            logger.info("📈 Trailing stop of %s had gone: id=%s", symbol, old.id)
        except Exception as error:
            logger.warning("📈 Trailing stop of %s not moved: %s", symbol, describe(error))
        finally:
            trail.moving = False

    async def stop(self) -> None:
        moves = list(self._moves)
        for move in moves:
            move.cancel()
        await asyncio.gather(*moves, return_exceptions=True)
