"""What is looked at before a position is opened."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable

from bot_under_test.reference.atomic_position_manager import (
    AtomicPositionManager,
    Entry,
    Opened,
)
from bot_under_test.reference.outcomes import describe
from bot_under_test.reference.shared import Shared
from bot_under_test.reference.signals import Signal

logger = logging.getLogger("core.position_manager")


class SignalRefusedError(Exception):
    """The bot will not open what the signal asks for."""


class PositionOpener:
    """Turns a signal into an entry, and has it opened."""

    def __init__(
        self, shared: Shared, atomic: AtomicPositionManager, may_come: Callable[[str], bool]
    ) -> None:
        """`may_come` says whether an earlier opening of a symbol may come through yet."""
        self._settings = shared.settings
        self._exchange = shared.exchange
        self._positions = shared.positions
        self._database = shared.database
        self._atomic = atomic
        self._may_come = may_come
        self._busy: dict[str, None] = {}
        self._under_way = 0
        """Openings that have begun to ask; each may need its whole room."""

    def is_duplicate(self, symbol: str) -> bool:
        """Whether the symbol is tracked, or about to be."""
        tracked = self._positions.get(symbol) is not None
        return tracked or symbol in self._busy or self._may_come(symbol)

    async def open(self, signal: Signal) -> Opened:
        """How it ended. Raises nothing but cancellation."""
        symbol = signal.symbol
        if self.is_duplicate(symbol):
            return self._refuse(signal, f"{symbol} is a duplicate: it is tracked already")
        self._busy[symbol] = None
        try:
            await self._wait_for_room(signal)
            self._under_way += 1
            try:
                return await self._open(signal)
            finally:
                self._under_way -= 1
        except SignalRefusedError as error:
            return self._refuse(signal, describe(error))
        finally:
            self._busy.pop(symbol, None)

    async def _open(self, signal: Signal) -> Opened:
        try:
            entry = await self._entry(signal)
        except Exception as error:
            return self._refuse(signal, describe(error))
        logger.info(
            "Opening position ATOMICALLY: %s %s %s", signal.symbol, entry.side, entry.quantity
        )
        opened = await self._atomic.open(entry)
        if opened is not Opened.STANDS:
            self._log_failure(signal, "atomic operation failed")
        return opened

    async def _wait_for_room(self, signal: Signal) -> None:
        """A ban in the middle of an opening would leave a position that nobody can protect."""
        while (wait_s := self._exchange.wait_for_room_s(self._under_way + 1)) > 0:
            if wait_s == math.inf:
                raise SignalRefusedError("the venue's rate limit has no room for an opening")
            logger.warning(
                "⏳ %s waits %.1f s: an opening may not meet the rate limit", signal.symbol, wait_s
            )
            await asyncio.sleep(wait_s)

    async def _entry(self, signal: Signal) -> Entry:
        """Each line one round trip: what is there, what is owned, what it costs."""
        exchange, symbol = self._exchange, signal.symbol
        if await exchange.position(symbol) is not None:
            raise SignalRefusedError(f"{symbol} is open already")
        free, _ = await exchange.balance()
        _, total = await exchange.balance()
        others = await exchange.positions()
        price = await exchange.last_price(symbol)
        quantity = signal.quantity
        if quantity is None:
            quantity = (signal.usdt_size or self._settings.usdt_size) / price
        quantity = exchange.round_quantity(symbol, quantity)
        cost = quantity * price
        if cost < exchange.minimum_cost(symbol):
            raise SignalRefusedError(f"{symbol} for {cost:.2f} USDT is below the venue's minimum")
        if cost / self._settings.leverage > free:
            raise SignalRefusedError(
                f"{symbol} for {cost:.2f} USDT exceeds the {free:.2f} of {total:.2f} USDT that "
                f"{len(others)} positions leave"
            )
        return Entry(signal_id=signal.id, symbol=symbol, side=signal.side, quantity=quantity)

    def _refuse(self, signal: Signal, reason: str) -> Opened:
        logger.warning("⚠️ Signal %s not executed: %s", signal.id, reason)
        self._log_failure(signal, reason)
        return Opened.NOTHING_LEFT

    def _log_failure(self, signal: Signal, reason: str) -> None:
        self._database.log_event(
            "signal_execution_failed",
            {"symbol": signal.symbol, "side": signal.side, "error": reason},
            correlation_id=signal.id,
            severity="ERROR",
        )
