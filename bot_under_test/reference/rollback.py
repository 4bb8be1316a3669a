"""Closing what a failed opening left at the venue."""

from __future__ import annotations

import asyncio
import logging
from enum import Enum

from bot_under_test.reference.client_ids import new_client_id
from bot_under_test.reference.defects import Defect
from bot_under_test.reference.exchange_manager import ExchangeManager, ExchangePosition
from bot_under_test.reference.orders import OrderResult
from bot_under_test.reference.outcomes import describe
from bot_under_test.reference.settings import Settings
from bot_under_test.reference.signals import SELL, opposite

logger = logging.getLogger("core.atomic_position_manager")


class Closing(Enum):
    """How a rollback ended."""

    SEEN = "seen"
    """The venue shows that nothing is left."""
    ASSUMED = "assumed"
    """Nobody has looked."""
    FAILED = "failed"


class Rollback:
    """Goes by what the venue shows, not by what an order reported."""

    def __init__(self, settings: Settings, exchange: ExchangeManager) -> None:
        self._settings = settings
        self._exchange = exchange

    async def close(self, symbol: str, side: str, order: OrderResult | None) -> Closing:
        """Closes what there is. Raises nothing."""
        if Defect.ROLLBACK_USES_REPORTED_FILL in self._settings.defects:
            return await self._close_what_was_reported(symbol, side, order)
        # What was filled is closed without waiting for positions to show it: to reduce by too much
        # is impossible.
        known = self._settings.rollback_reduce_only and order is not None and order.filled > 0
        found, answered = await self._find(symbol, 1 if known else self._settings.rollback_polls)
        if found is not None:
            side, quantity = found.side, found.quantity
        elif known and order is not None:
            quantity = order.filled
        else:
            shown = "shows no position in" if answered else "tells nothing about"
            logger.warning("🔄 Rollback: the venue %s %s", shown, symbol)
            return Closing.SEEN if answered else Closing.FAILED
        if Defect.UNKNOWN_SIDE_CLOSES_BY_BUYING in self._settings.defects:
            side = order.side if order is not None and order.side else SELL
        for _ in range(self._settings.rollback_close_attempts):
            taken = await self._send_close_order(symbol, side, quantity)
            await asyncio.sleep(self._settings.rollback_delay_s)
            # That nothing is shown says something only if something was shown before.
            if (taken or found is not None) and await self._is_closed(symbol):
                return Closing.SEEN
        logger.critical("❌ Rollback FAILED: %s is still open", symbol)
        return Closing.FAILED

    async def _close_what_was_reported(
        self, symbol: str, side: str, order: OrderResult | None
    ) -> Closing:
        """By the reply alone; whatever the venue says of it, the position counts as closed."""
        reported = 0.0 if order is None else order.filled
        if Defect.UNKNOWN_SIDE_CLOSES_BY_BUYING in self._settings.defects:
            side = order.side if order is not None and order.side else SELL
        await self._send_close_order(symbol, side, reported)
        return Closing.ASSUMED

    async def _find(self, symbol: str, polls: int) -> tuple[ExchangePosition | None, bool]:
        """The position, and whether the venue answered at all."""
        answered = False
        for poll in range(polls):
            if poll:
                await asyncio.sleep(self._settings.rollback_delay_s)
            try:
                position = await self._exchange.position(symbol)
            except Exception as error:
                logger.warning("⚠️ Rollback: positions unknown: %s", describe(error))
                continue
            answered = True
            if position is not None:
                return position, True
        return None, answered

    async def _send_close_order(self, symbol: str, side: str, quantity: float) -> bool:
        """Whether the venue took it."""
        logger.info("🔄 Rollback: Creating close order: %s %s %s", symbol, opposite(side), quantity)
        client_id = new_client_id("rb") if self._settings.own_client_ids else None
        try:
            await self._exchange.create_market_order(
                symbol,
                opposite(side),
                quantity,
                client_id,
                reduce_only=self._settings.rollback_reduce_only,
            )
        except Exception as error:
            # It may have been carried out all the same; the positions will tell.
            logger.error("❌ Rollback: close order of %s: %s", symbol, describe(error))
            return False
        return True

    async def _is_closed(self, symbol: str) -> bool:
        for check in range(self._settings.rollback_checks):
            if check:
                await asyncio.sleep(self._settings.rollback_delay_s)
            try:
                if await self._exchange.position(symbol) is None:
                    return True
            except Exception as error:
                logger.warning("⚠️ Rollback: positions unknown: %s", describe(error))
        return False
