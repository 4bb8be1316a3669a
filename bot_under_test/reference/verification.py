"""Does the position exist? Three sources are asked, for a while; one that says so suffices."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot_under_test.reference.defects import Defect
from bot_under_test.reference.exchange_manager import ExchangeManager
from bot_under_test.reference.orders import OrderResult
from bot_under_test.reference.outcomes import describe
from bot_under_test.reference.position_manager import PositionManager
from bot_under_test.reference.settings import Settings

logger = logging.getLogger("core.atomic_position_manager")


@dataclass(slots=True, kw_only=True)
class _Search:
    """One verification on its way: what is looked for, and who was asked."""

    order: OrderResult
    expected: float
    attempt: int = 0
    tried: dict[str, bool] = field(
        default_factory=lambda: {"WebSocket": False, "Order status": False, "REST API": False}
    )
    denied: bool = False


class PositionVerifier:
    """Asks order status, the WebSocket's cached position and REST positions."""

    def __init__(
        self, settings: Settings, exchange: ExchangeManager, positions: PositionManager
    ) -> None:
        self._settings = settings
        self._defects = settings.defects
        self._exchange = exchange
        self._positions = positions

    async def verify(self, order: OrderResult, expected: float) -> bool:
        """True as soon as a source confirms; False when one denies, or nobody knows in time."""
        settings = self._settings
        symbol = order.symbol
        logger.info(
            "🔍 Multi-source position verification started for %s\n"
            "  Expected quantity: %s\n  Timeout: %ss\n  Order ID: %s",
            symbol,
            expected,
            settings.verification_timeout_s,
            order.id,
        )
        search = _Search(order=order, expected=expected)
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        while loop.time() - began_s < settings.verification_timeout_s:
            search.attempt += 1
            for name, ask in self._sources():
                if await self._ask(name, ask, search):
                    logger.info("✅ Position verified by %s: %s", name, symbol)
                    return True
                if search.denied:
                    logger.error("❌ Order %s of %s is over without a fill", order.id, symbol)
                    return False
            delay_s = settings.verification_delay_s * settings.verification_growth**search.attempt
            await asyncio.sleep(min(delay_s, settings.verification_longest_delay_s))
        sources = "\n".join(f"  - {name}: {tried}" for name, tried in search.tried.items())
        logger.critical(
            "❌ Multi-source verification TIMEOUT for %s!\n"
            "  Could not verify position after %ss\n  Attempts: %d\n  Sources tried:\n%s",
            symbol,
            settings.verification_timeout_s,
            search.attempt,
            sources,
        )
        return False

    def _sources(self) -> list[tuple[str, Callable[[_Search], Awaitable[bool]]]]:
        websocket = ("WebSocket", self._websocket)
        order_status = ("Order status", self._order_status)
        rest = ("REST API", self._rest)
        if self._settings.order_status_first:
            return [order_status, websocket, rest]
        return [websocket, order_status, rest]

    async def _ask(
        self, name: str, ask: Callable[[_Search], Awaitable[bool]], search: _Search
    ) -> bool:
        """Whether the source confirms. One that raised was not tried and is asked again."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        try:
            return await ask(search)
        except Exception as error:
            if self._settings.diagnostics and name == "Order status":
                logger.error(
                    "❌ [SOURCE 1/3] %s: %s: order %s of %s, attempt %d, after %.3f s",
                    type(error).__name__,
                    error,
                    search.order.id,
                    search.order.symbol,
                    search.attempt,
                    loop.time() - began_s,
                )
            if Defect.EXCEPTIONS_LOGGED_AT_DEBUG in self._defects:
                logger.debug("%s check failed: %s", name, error, exc_info=True)
            else:
                logger.warning(
                    "⚠️ %s check failed for %s on attempt %d: %s",
                    name,
                    search.order.symbol,
                    search.attempt,
                    describe(error),
                )
            return False

    async def _websocket(self, search: _Search) -> bool:
        if Defect.NO_CACHED_POSITION in self._defects:
            return False  # the manager has no such method, and nobody says so
        if Defect.WEBSOCKET_TRIED_WHEN_EMPTY in self._defects:
            if search.tried["WebSocket"]:
                return False
            search.tried["WebSocket"] = True
            quantity = self._positions.get_cached_position(search.order.symbol)
        else:
            quantity = self._positions.get_cached_position(search.order.symbol)
            search.tried["WebSocket"] = search.tried["WebSocket"] or quantity > 0
        return quantity > 0 and (
            abs(quantity - search.expected) <= self._settings.quantity_tolerance
        )

    async def _order_status(self, search: _Search) -> bool:
        if search.attempt == 1 and self._settings.order_status_delay_s:
            await asyncio.sleep(self._settings.order_status_delay_s)
        order = await self._fetch_order(search)
        if order is None:
            return False
        if Defect.ORDER_RESULT_READ_AS_DICT in self._defects:
            filled = float(order.get("filled") or 0)  # type: ignore[attr-defined]
        else:
            filled = order.filled
        search.tried["Order status"] = True
        search.denied = order.is_over and filled == 0
        return filled > 0

    async def _fetch_order(self, search: _Search) -> OrderResult | None:
        """With the diagnostics that were added to find out why this source stayed silent."""
        order = search.order
        if not self._settings.diagnostics:
            return await self._exchange.fetch_order(order.id, order.symbol)
        began_s = asyncio.get_running_loop().time()
        logger.warning("🔍 [SOURCE 1/3] Fetching order %s of %s", order.id, order.symbol)
        fetched = await self._exchange.fetch_order(order.id, order.symbol)
        elapsed_s = asyncio.get_running_loop().time() - began_s
        logger.warning("📊 [SOURCE 1/3] Fetched in %.3f s: %r", elapsed_s, fetched)
        return fetched

    async def _rest(self, search: _Search) -> bool:
        """Costs a round trip, so after an answer only every third attempt asks again."""
        if search.tried["REST API"] and search.attempt % 3:
            return False
        if Defect.FILTERS_POSITIONS_BY_RAW_SYMBOL in self._defects:
            positions = await self._exchange.positions_by_raw_id(search.order.symbol)
        else:
            positions = await self._exchange.positions()
        search.tried["REST API"] = True
        for position in positions:
            if Defect.COMPARES_RAW_WITH_UNIFIED_SYMBOL in self._defects:
                found = position.unified == search.order.symbol
            else:
                found = position.symbol == search.order.symbol
            if found and position.quantity > 0:
                return True
        return False
