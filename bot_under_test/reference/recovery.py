"""After a start: what the bot was in the middle of when it was last up.

A row that is not `active` yet, or an opening that was written down and never ended, may have left a
position without a stop-loss, or an order that is still to be filled.
"""

from __future__ import annotations

import asyncio
import logging

from bot_under_test.reference.client_ids import new_client_id
from bot_under_test.reference.database import OPEN_STATUSES
from bot_under_test.reference.exchange_manager import ExchangePosition
from bot_under_test.reference.outcomes import describe
from bot_under_test.reference.position_guard import PositionGuard
from bot_under_test.reference.position_manager import TrackedPosition
from bot_under_test.reference.shared import Shared
from bot_under_test.reference.signals import opposite

logger = logging.getLogger("core.recovery")


class Recovery:
    """Brings what was interrupted to an end: protected, or gone.

    `current` goes by what it wrote down before it sent anything, and leaves the rest to the guard.
    The versions of October knew their rows alone, and of these those that were not `active`.
    """

    def __init__(self, shared: Shared, guard: PositionGuard) -> None:
        self._settings = shared.settings
        self._exchange = shared.exchange
        self._positions = shared.positions
        self._database = shared.database
        self._stops = shared.stops
        self._guard = guard
        self._asking: list[asyncio.Task[None]] = []
        guard.on_expected = self._came_out

    async def run(self) -> None:
        """Before the guard looks for the first time. Raises nothing but cancellation."""
        if not self._settings.remembers_openings:
            for row in self._interrupted_rows():
                await self._complete(row)
            return
        openings = self._database.openings(self._exchange.venue)
        for symbol in dict.fromkeys(self._interrupted_symbols(openings)):
            logger.warning("♻️ Opening of %s was interrupted", symbol)
            self._guard.expect(symbol)
        self._asking = [
            asyncio.create_task(self._ask_for(symbol, client_id)) for symbol, client_id in openings
        ]

    async def stop(self) -> None:
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    def _interrupted_rows(self) -> list[dict[str, object]]:
        rows = self._database.rows(*(each for each in OPEN_STATUSES if each != "active"))
        return [row for row in rows if row["venue"] == self._exchange.venue]

    def _interrupted_symbols(self, openings: list[tuple[str, str]]) -> list[str]:
        rows = self._interrupted_rows()
        return [*(symbol for symbol, _ in openings), *(str(row["symbol"]) for row in rows)]

    # by what was written down

    async def _ask_for(self, symbol: str, client_id: str) -> None:
        """What became of the entry order. That it is not found says nothing: it may be late."""
        delay_s = self._settings.lost_order_delay_s
        for _ in range(self._settings.order_fetch_attempts):
            try:
                order = await self._exchange.find_order(client_id, symbol)
            except Exception as error:
                logger.warning("⚠️ Order %s unknown: %s", client_id, describe(error))
                order = None
            if order is not None:
                logger.info("♻️ Entry order of %s: id=%s, %s", symbol, order.id, order.status)
                if order.is_over and order.filled == 0:
                    self._guard.give_up(symbol)
                else:
                    self._guard.look_now()
                return
            await asyncio.sleep(delay_s)
            delay_s *= self._settings.order_fetch_growth

    def _came_out(self, symbol: str, is_there: bool) -> None:
        """There is a position, which the guard has dealt with, or there is none."""
        venue = self._exchange.venue
        self._database.end_openings(venue, symbol)
        if not is_there:
            for row in self._interrupted_rows():
                if row["symbol"] == symbol:
                    self._database.set_status(int(str(row["id"])), "failed")
        event = "position_recovered" if is_there else "opening_left_nothing"
        self._database.log_event(event, {"symbol": symbol, "exchange": venue}, severity="WARNING")
        logger.info("♻️ %s: %s", symbol, "recovered" if is_there else "nothing is left of it")

    # by rows alone

    async def _complete(self, row: dict[str, object]) -> None:
        """A row without its order is given up; one with it gets its stop, or is closed."""
        symbol, position_id = str(row["symbol"]), int(str(row["id"]))
        logger.warning("♻️ Position of %s is incomplete: %s", symbol, row["status"])
        if row["status"] == "pending_entry":
            self._database.set_status(position_id, "failed")
            return
        try:
            position = await self._exchange.position(symbol)
            if position is None:
                self._database.set_status(position_id, "canceled")
                return
            await self._protect(position_id, position)
        except Exception as error:
            logger.error("❌ %s cannot be recovered: %s", symbol, describe(error))

    async def _protect(self, position_id: int, position: ExchangePosition) -> None:
        symbol, side, quantity = position.symbol, position.side, position.quantity
        try:
            stop = await self._stops.protect(symbol, side, quantity, position.entry_price)
        except Exception as error:
            logger.error("❌ %s cannot be protected: %s", symbol, describe(error))
            await self._exchange.create_market_order(
                symbol, opposite(side), quantity, new_client_id("rc"), reduce_only=True
            )
            self._database.set_status(position_id, "closed")
            return
        self._database.set_stops(position_id, stop.id, None)
        self._database.set_status(position_id, "active")
        self._positions.confirm(
            TrackedPosition(
                id=position_id,
                symbol=symbol,
                side=side,
                quantity=quantity,
                entry_price=position.entry_price,
                stop_id=stop.id,
            )
        )
        logger.info("♻️ %s: recovered", symbol)
