"""Opening one position, all of it or nothing: entry, verification, stop-loss, or rollback."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from enum import Enum

from bot_under_test.reference.client_ids import new_client_id
from bot_under_test.reference.defects import Defect
from bot_under_test.reference.orders import OrderError, OrderResult, normalise
from bot_under_test.reference.outcomes import describe, was_refused
from bot_under_test.reference.position_guard import PositionGuard
from bot_under_test.reference.position_manager import TrackedPosition
from bot_under_test.reference.rollback import Closing, Rollback
from bot_under_test.reference.shared import Shared
from bot_under_test.reference.trailing_stop import TrailingStopManager
from bot_under_test.reference.verification import PositionVerifier

logger = logging.getLogger("core.atomic_position_manager")


class AtomicPositionError(Exception):
    """A position could not be opened as it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be opened; `quantity` fits the venue's steps."""

    signal_id: str
    symbol: str
    side: str
    quantity: float


class Opened(Enum):
    """How an opening ended."""

    STANDS = "stands"
    NOTHING_LEFT = "nothing left"
    LEFT = "left"
    """It failed, and there may be a position all the same."""


@dataclass(slots=True, kw_only=True)
class _Opening:
    """How far an opening has come."""

    entry: Entry
    sent: bool = False
    """The entry order may exist."""
    order: OrderResult | None = None
    position_id: int | None = None
    stop_asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Those that an opening needs besides."""

    verifier: PositionVerifier
    trailing: TrailingStopManager
    rollback: Rollback
    guard: PositionGuard


class AtomicPositionManager:
    """Opens positions one at a time or several at once; each either stands protected or is gone."""

    def __init__(self, shared: Shared, parts: Parts) -> None:
        self._settings = shared.settings
        self._defects = shared.settings.defects
        self._exchange = shared.exchange
        self._positions = shared.positions
        self._database = shared.database
        self._stops = shared.stops
        self._parts = parts

    async def open(self, entry: Entry) -> Opened:
        """How it ended. Raises nothing but cancellation."""
        opening = _Opening(entry=entry)
        logger.info(
            "⚙️ Atomic operation started: %s %s %s", entry.symbol, entry.side, entry.quantity
        )
        self._parts.guard.leave_alone(entry.symbol)
        if Defect.LOGS_CREATED_BEFORE_AND_AFTER in self._defects:
            self._log_event("position_created", opening, "INFO")
        try:
            await self._enter(opening)
            await self._stand(opening)
            self._ended(entry.symbol)
        except Exception as error:
            return await self._fail(opening, error)
        except asyncio.CancelledError:
            self._parts.guard.look_now()
            raise
        finally:
            self._parts.guard.watch(entry.symbol)
        return Opened.STANDS

    # entering

    async def _enter(self, opening: _Opening) -> None:
        """Leverage, the order, and the row; a row means that the order is known."""
        entry, settings = opening.entry, self._settings
        symbol = entry.symbol
        await self._exchange.set_leverage(symbol, settings.leverage)
        if settings.row_before_order:
            self._create_row(opening, "pending_entry")
        registers = settings.follows_entry
        if registers and Defect.REGISTERS_AFTER_ORDER not in self._defects:
            self._positions.pre_register(symbol, entry.side)
        order = await self._send_order(opening)
        if registers and Defect.REGISTERS_AFTER_ORDER in self._defects:
            self._positions.pre_register(symbol, entry.side)
        if order.is_told:
            opening.order = order
        if Defect.REQUIRES_FILLED_STATUS in self._defects and order.status != "closed":
            raise AtomicPositionError(f"Entry order failed: status {order.status}")
        if settings.follows_entry:
            order = await self._fetch_entry(order)
        opening.order = order
        if settings.row_before_order:
            self._set_row(opening, "entry_placed")
        else:
            self._create_row(opening, self._status_without_stop("entry_placed"))

    def _create_row(self, opening: _Opening, status: str) -> None:
        entry, order = opening.entry, opening.order
        opening.position_id = self._database.create_position(
            venue=self._exchange.venue,
            symbol=entry.symbol,
            side=entry.side,
            quantity=(order.filled if order else 0.0) or entry.quantity,
            status=status,
            entry_price=order.average if order else None,
            entry_order_id=order.id if order else "",
        )
        logger.info("📝 Position record created: ID=%d", opening.position_id)

    async def _send_order(self, opening: _Opening) -> OrderResult:
        entry = opening.entry
        client_id = new_client_id("en") if self._settings.own_client_ids else None
        if client_id is not None and self._settings.remembers_openings:
            self._database.begin_opening(self._exchange.venue, entry.symbol, client_id)
        opening.sent = True
        try:
            reply = await self._exchange.create_market_order(
                entry.symbol, entry.side, entry.quantity, client_id, reduce_only=False
            )
        except Exception as error:
            if was_refused(error):
                opening.sent = False
                raise
            if client_id is None:
                raise
            logger.warning("⚠️ Entry order of %s: %s", entry.symbol, describe(error))
            found = await self._find_lost_order(client_id, entry.symbol)
            if found is None:
                raise
            return found
        order = normalise(reply, entry.symbol)
        logger.info(
            "✅ [create_market_order completed] %s %s: id=%s, status=%s, filled=%s/%s",
            entry.symbol,
            entry.side,
            order.id,
            order.status,
            order.filled,
            order.amount,
        )
        return order

    async def _find_lost_order(self, client_id: str, symbol: str) -> OrderResult | None:
        """The order whose reply never came; None if the venue does not show it."""
        delay_s = self._settings.lost_order_delay_s
        for _ in range(self._settings.order_fetch_attempts):
            await asyncio.sleep(delay_s)
            delay_s *= self._settings.order_fetch_growth
            try:
                order = await self._exchange.find_order(client_id, symbol)
            except Exception as error:
                logger.warning("⚠️ Order %s unknown: %s", client_id, describe(error))
                continue
            if order is not None:
                logger.info("🔎 Found the order after all: id=%s, %s", order.id, order.status)
                return order
        return None

    async def _fetch_entry(self, order: OrderResult) -> OrderResult:
        """The order as the venue shows it after a moment; as it was created, if it does not.

        Raises OrderError if all that is known of it is its id.
        """
        settings = self._settings
        once = Defect.FETCHES_ORDER_ONCE in self._defects
        attempts = 1 if once else settings.order_fetch_attempts
        delay_s = self._exchange.order_fetch_delay_s
        for attempt in range(1, attempts + 1):
            await asyncio.sleep(delay_s)
            delay_s *= settings.order_fetch_growth
            try:
                fetched = await self._exchange.fetch_order(order.id, order.symbol)
            except Exception as error:
                told = describe(error)
            else:
                if fetched is not None:
                    self._log_fetched(fetched, None if once else f"{attempt}/{attempts}")
                    # A query may still show less than the reply did.
                    return fetched if fetched.filled >= order.filled else order
                told = "nothing"
            if attempts > 1:
                logger.warning(
                    "⚠️ Fetch order %s, attempt %d/%d: %s", order.id, attempt, attempts, told
                )
        logger.warning("⚠️ Fetch order returned None for %s", order.id)
        if not order.is_told:
            raise OrderError("Order missing 'side' field")
        return order

    def _log_fetched(self, fetched: OrderResult, attempt: str | None) -> None:
        if attempt is None:
            found = f"order data: id={fetched.id}, status={fetched.status}"
        else:
            found = f"order on attempt {attempt}: id={fetched.id}"
        logger.info(
            "✅ Fetched %s %s, filled=%s/%s, avgPrice=%s",
            self._exchange.venue,
            found,
            fetched.filled,
            fetched.amount,
            fetched.average,
        )

    # standing

    async def _stand(self, opening: _Opening) -> None:
        """Verification, then both stops, then `active`."""
        entry, order, position_id = opening.entry, opening.order, opening.position_id
        assert order is not None
        assert position_id is not None
        symbol = entry.symbol
        quantity = order.filled or entry.quantity
        if self._settings.follows_entry:
            logger.info("🔍 Verifying position exists for %s...", symbol)
            if not await self._parts.verifier.verify(order, quantity):
                raise AtomicPositionError("Position verification failed")
        self._database.set_status(position_id, self._status_without_stop("pending_sl"))
        told = self._positions.get(symbol)
        price = order.average or (told.entry_price if told else 0.0) or None
        opening.stop_asked = True
        stop = await self._stops.protect(symbol, entry.side, quantity, price)
        price = price or stop.trigger_price
        trailing_id = await self._second_stop(entry, quantity, price)
        self._database.set_stops(position_id, stop.id, trailing_id)
        self._database.set_status(position_id, "active")
        tracked = TrackedPosition(
            id=position_id,
            symbol=symbol,
            side=entry.side,
            quantity=quantity,
            entry_price=price,
            stop_id=stop.id,
        )
        self._positions.confirm(tracked)
        self._log_event("position_created", opening, "INFO")
        logger.info("✅ Position ACTIVE: %s ID=%d %s", symbol, position_id, quantity)
        if told is not None and told.ended:
            tracked.quantity, tracked.ended = 0.0, True
            self._positions.on_closed(tracked)

    async def _second_stop(self, entry: Entry, quantity: float, price: float) -> str | None:
        """One stop protects already, so this one may fail."""
        try:
            stop = await self._parts.trailing.attach(entry.symbol, entry.side, quantity, price)
        except Exception as error:
            logger.warning("⚠️ Trailing stop of %s: %s", entry.symbol, describe(error))
            return None
        return stop.id

    def _status_without_stop(self, status: str) -> str:
        """What the row says until a stop-loss rests."""
        if Defect.ACTIVE_BEFORE_STOP in self._defects:
            return "active"
        return status

    # failing

    async def _fail(self, opening: _Opening, error: Exception) -> Opened:
        symbol = opening.entry.symbol
        if opening.order is None:
            logger.error("❌ Atomic position creation failed: %s", error or describe(error))
        else:
            logger.error("❌ Opening of %s failed: %s", symbol, describe(error))
        result = Opened.LEFT if opening.sent else Opened.NOTHING_LEFT
        if Defect.ROLLBACK_NEEDS_ENTRY_ORDER in self._defects:
            something_to_close = opening.order is not None
        else:
            something_to_close = opening.sent
        if something_to_close:
            result = await self._roll_back(opening)
        elif opening.position_id is not None:
            self._set_row(opening, "failed")
        if result is Opened.NOTHING_LEFT:
            self._ended(symbol)
        if Defect.PLACEHOLDER_SURVIVES_ROLLBACK not in self._defects:
            self._positions.remove(symbol)
        self._log_event("position_error", opening, "ERROR", describe(error))
        logger.error("❌ Atomic operation FAILED: %s: %s", symbol, describe(error))
        return result

    async def _roll_back(self, opening: _Opening) -> Opened:
        entry = opening.entry
        closing = await self._parts.rollback.close(entry.symbol, entry.side, opening.order)
        if closing is Closing.FAILED:
            self._set_row(opening, "failed")
            self._parts.guard.must_close(entry.symbol)
        else:
            self._set_row(opening, "rolled_back")
        if closing is Closing.SEEN:
            logger.info("✅ Rollback verified: position closed: %s", entry.symbol)
        self._parts.trailing.detach(entry.symbol)
        if opening.stop_asked:
            self._parts.guard.must_clean(entry.symbol)
        return Opened.NOTHING_LEFT if closing is Closing.SEEN else Opened.LEFT

    def _ended(self, symbol: str) -> None:
        """Whoever starts after a crash need not look for it."""
        if self._settings.remembers_openings:
            self._database.end_openings(self._exchange.venue, symbol)

    def _set_row(self, opening: _Opening, status: str) -> None:
        if opening.position_id is not None:
            self._database.set_status(opening.position_id, status)
            logger.info("📝 Position record updated: ID=%d %s", opening.position_id, status)

    def _log_event(
        self, event_type: str, opening: _Opening, severity: str, reason: str | None = None
    ) -> None:
        entry = opening.entry
        data: dict[str, object] = {
            "symbol": entry.symbol,
            "side": entry.side,
            "quantity": entry.quantity,
            "exchange": self._exchange.venue,
            "position_id": opening.position_id,
        }
        if reason is not None:
            data["error"] = reason
        self._database.log_event(
            event_type, data, correlation_id=entry.signal_id, severity=severity
        )
