"""Stop-losses: reduce-only STOP_MARKET orders that rest at the venue."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import ccxt

from bot_under_test.reference.client_ids import new_client_id
from bot_under_test.reference.exchange_manager import (
    ExchangeManager,
    RestingStop,
    StopBeyondPriceError,
)
from bot_under_test.reference.outcomes import describe, is_passing, was_refused
from bot_under_test.reference.settings import Settings
from bot_under_test.reference.signals import BUY, opposite

logger = logging.getLogger("core.stop_loss_manager")

STOP_LOSS, SECOND_STOP = "sl", "ts"
"""What a stop is for; begins the ids of their orders."""

_SAME_PRICE = 0.0005
"""Two triggers so near to each other differ by rounding to the tick."""


class StopNotPlacedError(Exception):
    """The stop does not rest, as far as can be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedStop:
    id: str
    trigger_price: float


def covers(stop: RestingStop, side: str, quantity: float) -> bool:
    """Whether a stop closes all of a position that was opened on `side`."""
    return stop.reduce_only and stop.side == opposite(side) and stop.quantity >= quantity * 0.9999


def beyond(side: str, price: float, percent: float) -> float:
    """The price at which a position has lost `percent` against `price`."""
    return price * (1 - percent / 100 if side == BUY else 1 + percent / 100)


class StopLossManager:
    """Places stops, and makes sure of those whose placing had no clear answer."""

    def __init__(self, settings: Settings, exchange: ExchangeManager) -> None:
        self._settings = settings
        self._exchange = exchange

    async def protect(
        self, symbol: str, side: str, quantity: float, entry_price: float | None
    ) -> PlacedStop:
        """The position's stop-loss, measured from where it was entered, not from the ticker.

        Raises StopBeyondPriceError, StopNotPlacedError, or what the venue refused it with.
        """
        if (resting := await self._resting(symbol, side, quantity, entry_price)) is not None:
            logger.info("🛡️ Stop-loss of %s rests already: id=%s", symbol, resting.id)
            return PlacedStop(id=resting.id, trigger_price=resting.trigger_price)
        price = entry_price or await self._exchange.last_price(symbol)
        trigger = beyond(side, price, self._settings.stop_loss_percent)
        return await self.place(symbol, side, quantity, trigger, STOP_LOSS)

    async def _resting(
        self, symbol: str, side: str, quantity: float, entry_price: float | None
    ) -> RestingStop | None:
        """A look at open orders and ticker first; that it fails must not keep the stop away."""
        try:
            stops = await self._exchange.resting_stops(symbol)
            price = await self._exchange.last_price(symbol)
        except Exception as error:
            logger.warning("⚠️ Open orders of %s unknown: %s", symbol, describe(error))
            return None
        farthest = beyond(side, entry_price or price, 2 * self._settings.stop_loss_percent)
        for stop in stops:
            near = farthest < stop.trigger_price < price
            if side != BUY:
                near = price < stop.trigger_price < farthest
            if near and covers(stop, side, quantity):
                return stop
        return None

    async def place(
        self, symbol: str, side: str, quantity: float, trigger_price: float, purpose: str
    ) -> PlacedStop:
        """One stop for a position opened on `side`; asks again until the venue says yes or no.

        Raises StopBeyondPriceError: then only closing the position helps.
        """
        settings = self._settings
        create = self._exchange.create_stop_loss
        if purpose != STOP_LOSS:
            create = self._exchange.create_second_stop
        delay_s = settings.stop_delay_s
        for attempt in range(1, settings.stop_attempts + 1):
            client_id = new_client_id(purpose)
            try:
                stop_id = await create(symbol, opposite(side), quantity, trigger_price, client_id)
            except StopBeyondPriceError:
                raise
            except Exception as error:
                refused = was_refused(error)
                if refused and not is_passing(error):
                    raise
                logger.warning("⚠️ Stop of %s, attempt %d: %s", symbol, attempt, describe(error))
                found = None if refused else await self._find(symbol, client_id, trigger_price)
                if found is not None:
                    stop_id = found.id
                else:
                    await asyncio.sleep(delay_s)
                    delay_s *= settings.stop_growth
                    continue
            logger.info(
                "🛡️ Stop-loss placed for %s: id=%s, quantity=%s, trigger=%.8f",
                symbol,
                stop_id,
                quantity,
                trigger_price,
            )
            return PlacedStop(id=stop_id, trigger_price=trigger_price)
        raise StopNotPlacedError(f"no stop for {symbol} after {settings.stop_attempts} attempts")

    async def _find(self, symbol: str, client_id: str, trigger_price: float) -> RestingStop | None:
        """The stop whose placing had no answer. One that is missed rests beside its successor,
        which does no harm: both only reduce, and both go when the position does."""
        try:
            stops = await self._exchange.resting_stops(symbol)
        except Exception as error:
            logger.warning("⚠️ Open orders of %s unknown: %s", symbol, describe(error))
            return None
        for stop in stops:
            # A position's own stop has no id of the bot's.
            near = abs(stop.trigger_price / trigger_price - 1) < _SAME_PRICE
            if stop.client_id == client_id or (not stop.client_id and near):
                return stop
        return None

    async def cancel_all(self, symbol: str) -> None:
        """Takes the stops of a closed position away. Raises what the venue answers, except that
        a stop has gone by itself."""
        for stop in await self._exchange.resting_stops(symbol):
            if stop.reduce_only:
                try:
                    await self._exchange.cancel_stop(stop.id, symbol)
                except ccxt.OrderNotFound:
                    continue
                logger.info("🧹 Stop of %s canceled: id=%s", symbol, stop.id)
