"""Compares what the venue shows with what protects it, and mends the difference.

It is for everything that openings and streams miss: a position from before the start, an order
that came through after its reply was given up, a rollback that did not get through, a position
that was closed while the stream was away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from bot_under_test.reference.client_ids import new_client_id
from bot_under_test.reference.database import OPEN_STATUSES
from bot_under_test.reference.exchange_manager import ExchangePosition
from bot_under_test.reference.outcomes import describe
from bot_under_test.reference.position_manager import TrackedPosition
from bot_under_test.reference.shared import Shared
from bot_under_test.reference.signals import opposite
from bot_under_test.reference.stop_loss_manager import covers

logger = logging.getLogger("core.position_guard")


class PositionGuard:
    """Looks at every position now and then, and soon again while something is amiss.

    With an interval of 0 it only takes stops of closed positions away.
    """

    def __init__(self, shared: Shared, on_adopted: Callable[[ExchangePosition], None]) -> None:
        self._settings = shared.settings
        self._exchange = shared.exchange
        self._positions = shared.positions
        self._database = shared.database
        self._stops = shared.stops
        self._on_adopted = on_adopted
        self._wake = asyncio.Event()
        self._opening: dict[str, None] = {}
        self._touched: dict[str, None] = {}
        self._closing: dict[str, None] = {}
        self._cleaning: dict[str, None] = {}
        self._differs_since_s: dict[str, float] = {}
        self._ended_s: dict[str, float] = {}
        """When the stream told of the end of positions that queries may still show."""
        self._expected_since_s: dict[str, float] = {}
        """What a crash interrupted: a position may come to light yet."""
        self.on_expected: Callable[[str, bool], None] = _nothing
        """Hears of a symbol that was expected, and whether there is a position in it."""

    # what others say

    def look_now(self) -> None:
        """Something may have happened unseen."""
        self._wake.set()

    def leave_alone(self, symbol: str) -> None:
        """The symbol is being opened: whoever does it answers for it."""
        self._opening[symbol] = None
        self._touched[symbol] = None
        self._closing.pop(symbol, None)
        self._ended_s.pop(symbol, None)

    def watch(self, symbol: str) -> None:
        """The opening has ended, one way or the other."""
        self._opening.pop(symbol, None)
        if symbol in self._closing or symbol in self._cleaning:
            self._wake.set()

    def has_ended(self, symbol: str) -> None:
        """The venue told that the position is gone; queries may show it a while longer."""
        self._closing.pop(symbol, None)
        self._ended_s[symbol] = asyncio.get_running_loop().time()

    def must_close(self, symbol: str) -> None:
        """Whatever is there has to go, however long it takes."""
        if self._settings.guard_protects:
            self._closing[symbol] = None
            self._wake.set()

    def must_clean(self, symbol: str) -> None:
        """The position has gone; its stops have to go too."""
        self._cleaning[symbol] = None
        self._wake.set()

    def expect(self, symbol: str) -> None:
        """There may be a position that nothing shows yet: it is looked for again and again, for
        as long as an interval."""
        if self._settings.guard_interval_s:
            now_s = asyncio.get_running_loop().time()
            self._expected_since_s.setdefault(symbol, now_s)

    def expects(self, symbol: str) -> bool:
        """Whether a position may come to light in the symbol."""
        return symbol in self._expected_since_s

    def give_up(self, symbol: str) -> None:
        """The venue has said that there is nothing to expect."""
        if self._expected_since_s.pop(symbol, None) is not None:
            self.on_expected(symbol, False)

    # looking

    async def run(self) -> None:
        """For ever."""
        interval_s = self._settings.guard_interval_s
        while True:
            well = await self.look()
            # Without an interval nobody looks by himself, neither soon again.
            wait_s = (interval_s if well else self._settings.guard_retry_s) if interval_s else None
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()

    async def look(self) -> bool:
        """One round; whether all is well. Raises nothing but cancellation."""
        try:
            well = await self._clean()
            if self._settings.guard_interval_s:
                well = await self._compare() and well
        except Exception as error:
            logger.warning("⚠️ Guard: %s", describe(error))
            return False
        return well

    async def _clean(self) -> bool:
        for symbol in tuple(self._cleaning):
            if symbol in self._opening:
                continue
            await self._stops.cancel_all(symbol)
            self._cleaning.pop(symbol, None)
        return not self._cleaning

    async def _compare(self) -> bool:
        well = True
        self._touched = dict(self._opening)
        open_positions = await self._exchange.positions()
        for position in open_positions:
            if position.symbol in self._touched:
                continue  # opened meanwhile: the positions are from before
            if self._is_ghost(position.symbol):
                continue
            if position.symbol in self._closing:
                await self._close(position)
                well = False
            elif not self._settings.guard_protects:
                self._write_down(position)
            elif not await self._is_protected(position):
                well = await self._protect(position) and well
        shown = [position.symbol for position in open_positions]
        for symbol in [each for each in self._ended_s if each not in shown]:
            del self._ended_s[symbol]
        well = self._meet_expectations(shown) and well
        return self._let_go(shown) and well

    def _meet_expectations(self, shown: list[str]) -> bool:
        """Whether none is left. What is shown has just been dealt with like any other position."""
        now_s = asyncio.get_running_loop().time()
        for symbol, since_s in tuple(self._expected_since_s.items()):
            if symbol in shown:
                del self._expected_since_s[symbol]
                self.on_expected(symbol, True)
            elif now_s - since_s >= self._settings.guard_interval_s:
                self.give_up(symbol)
        return not self._expected_since_s

    def _is_ghost(self, symbol: str) -> bool:
        """Whether a position was told to be gone less than an interval ago."""
        ended_s = self._ended_s.get(symbol)
        if ended_s is None or not self._settings.guard_protects:
            return False
        return asyncio.get_running_loop().time() - ended_s < self._settings.guard_interval_s

    def _write_down(self, position: ExchangePosition) -> None:
        """What nobody knew of gets a row, and is tracked; no stop."""
        symbol = position.symbol
        rows = [row for row in self._open_rows() if row["symbol"] == symbol]
        tracked = self._positions.get(symbol)
        if rows or (tracked is not None and isinstance(tracked.id, int)):
            return
        logger.warning("🔎 Position that nobody knew of: %s %s", symbol, position.quantity)
        self._database.log_event(
            "position_found",
            {"symbol": symbol, "side": position.side, "quantity": position.quantity},
            severity="WARNING",
        )
        self._adopt(position, None)

    def _open_rows(self) -> list[dict[str, object]]:
        rows = self._database.rows(*OPEN_STATUSES)
        return [row for row in rows if row["venue"] == self._exchange.venue]

    async def _is_protected(self, position: ExchangePosition) -> bool:
        stops = await self._exchange.resting_stops(position.symbol)
        stop = next((s for s in stops if covers(s, position.side, position.quantity)), None)
        if stop is None:
            return False
        tracked = self._positions.get(position.symbol)
        if tracked is None or not isinstance(tracked.id, int):
            self._adopt(position, stop.id)
        elif self._lasts(position.symbol, tracked.quantity != position.quantity):
            logger.info("📐 %s is %s now", position.symbol, position.quantity)
            tracked.quantity = position.quantity
            self._on_adopted(position)
        return True

    async def _protect(self, position: ExchangePosition) -> bool:
        """A stop, or the end: a position that cannot be protected is closed."""
        symbol = position.symbol
        if symbol in self._touched:  # while the stops were looked up
            return True
        logger.warning("🛡️ %s %s has no stop-loss", symbol, position.quantity)
        try:
            stop = await self._stops.protect(
                symbol, position.side, position.quantity, position.entry_price
            )
        except Exception as error:
            logger.error("❌ %s cannot be protected: %s", symbol, describe(error))
            self._closing[symbol] = None
            await self._close(position)
            return False
        self._adopt(position, stop.id)
        return True

    def _adopt(self, position: ExchangePosition, stop_id: str | None) -> None:
        """Makes it one of the bot's own, with the row it had, if it had one."""
        symbol = position.symbol
        rows = [row for row in self._open_rows() if row["symbol"] == symbol]
        if rows:
            position_id = int(str(rows[-1]["id"]))
        else:
            position_id = self._database.create_position(
                venue=self._exchange.venue,
                symbol=symbol,
                side=position.side,
                quantity=position.quantity,
                status="pending_sl",
                entry_price=position.entry_price,
                entry_order_id="",
            )
        self._database.set_stops(position_id, stop_id, None)
        self._database.set_status(position_id, "active")
        tracked = TrackedPosition(
            id=position_id,
            symbol=symbol,
            side=position.side,
            quantity=position.quantity,
            entry_price=position.entry_price,
            stop_id=stop_id,
        )
        self._positions.confirm(tracked)
        self._on_adopted(position)
        logger.info("🤝 Position adopted: %s ID=%d %s", symbol, position_id, position.quantity)

    async def _close(self, position: ExchangePosition) -> None:
        logger.warning("🔄 Guard: closing %s %s", position.symbol, position.quantity)
        await self._exchange.create_market_order(
            position.symbol,
            opposite(position.side),
            position.quantity,
            new_client_id("gd"),
            reduce_only=True,
        )

    def _lasts(self, symbol: str, differs: bool) -> bool:
        """Whether the venue has shown another position than the bot's for a whole interval.

        Not sooner: what REST shows can be older than what the bot knows.
        """
        if not differs:
            self._differs_since_s.pop(symbol, None)
            return False
        now_s = asyncio.get_running_loop().time()
        since_s = self._differs_since_s.setdefault(symbol, now_s)
        if now_s - since_s < self._settings.guard_interval_s:
            return False
        del self._differs_since_s[symbol]
        return True

    def _let_go(self, shown: list[str]) -> bool:
        """Positions that the venue has not shown for a whole interval have gone."""
        mine = [t.symbol for t in self._positions.positions.values() if isinstance(t.id, int)]
        expected = dict.fromkeys([*mine, *self._closing])
        for symbol in expected:
            if symbol in shown or symbol in self._touched:
                continue
            if not self._lasts(symbol, True):
                continue
            self._closing.pop(symbol, None)
            tracked = self._positions.get(symbol)
            if tracked is not None:
                tracked.quantity, tracked.ended = 0.0, True
                self._positions.on_closed(tracked)
        return not self._closing


def _nothing(*_: object) -> None:
    """For whoever does not want to hear."""
