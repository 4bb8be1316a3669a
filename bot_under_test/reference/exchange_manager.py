"""The bot's REST connection to a venue: what it asks of one, whichever it is.

Symbols are the venue's ids (`SKLUSDT`) everywhere else in the bot; ccxt's unified symbols
(`SKL/USDT:USDT`) are made and taken apart in here and in the two modules that implement this.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import ccxt

from bot_under_test.reference.orders import OrderResult
from bot_under_test.reference.outcomes import describe

logger = logging.getLogger("core.exchange_manager")

_START_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)


class StopBeyondPriceError(Exception):
    """The price has passed the stop already: the venue will not take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangePosition:
    """An open position as the venue shows it; `unified` is ccxt's name for the symbol."""

    symbol: str
    unified: str
    side: str
    quantity: float
    entry_price: float
    """0 where the venue does not tell it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingStop:
    """A conditional order that waits at the venue."""

    id: str
    client_id: str
    side: str
    quantity: float
    trigger_price: float
    reduce_only: bool


class ExchangeManager(Protocol):
    """One account on one venue."""

    venue: str
    order_fetch_delay_s: float
    """How long after an order it is first asked for."""

    async def start(self) -> None:
        """Loads the markets, and what ccxt loads before its first private request.

        Raises what ccxt raised last, when the venue cannot be reached for half a minute.
        """

    async def close(self) -> None: ...

    # symbols and sizes

    def lists(self, symbol: str) -> bool:
        """Whether there is such a perpetual."""

    def round_quantity(self, symbol: str, quantity: float) -> float:
        """Down to the step. Raises ccxt.InvalidOrder below the least quantity."""

    def minimum_cost(self, symbol: str) -> float: ...

    @property
    def known_orders(self) -> list[str]:
        """Ids of the orders that the bot has placed or found: the venue's and its own."""

    def wait_for_room_s(self, openings: int) -> float:
        """How long to wait until so many whole openings fit into the venue's rate limit; infinite,
        if not even one ever does."""

    # looking

    async def positions(self, symbol: str | None = None) -> list[ExchangePosition]:
        """Open positions: all, or those in one symbol."""

    async def positions_by_raw_id(self, symbol: str) -> list[ExchangePosition]:
        """With the venue's id as ccxt's filter, which is not what ccxt filters by."""

    async def position(self, symbol: str) -> ExchangePosition | None:
        """The open position in a symbol."""

    async def balance(self) -> tuple[float, float]:
        """Free and total USDT."""

    async def last_price(self, symbol: str) -> float: ...

    async def fetch_order(self, order_id: str, symbol: str) -> OrderResult | None:
        """Raises ccxt.OrderNotFound while the venue cannot see it, or if it never was."""

    async def find_order(self, client_id: str, symbol: str) -> OrderResult | None:
        """The order by the id that the bot gave it."""

    async def resting_stops(self, symbol: str) -> list[RestingStop]:
        """The conditional orders of a symbol."""

    # acting

    async def set_leverage(self, symbol: str, leverage: int) -> None: ...

    async def create_market_order(
        self, symbol: str, side: str, quantity: float, client_id: str | None, *, reduce_only: bool
    ) -> dict[str, Any]:
        """ccxt's reply. Any error that `was_refused` denies may hide an order that exists."""

    async def create_stop_loss(
        self, symbol: str, side: str, quantity: float, trigger_price: float, client_id: str
    ) -> str:
        """The position's stop-loss; returns its id. Raises StopBeyondPriceError."""

    async def create_second_stop(
        self, symbol: str, side: str, quantity: float, trigger_price: float, client_id: str
    ) -> str:
        """A further reduce-only stop; returns its id. Raises StopBeyondPriceError."""

    async def cancel_stop(self, stop_id: str, symbol: str) -> None:
        """Raises ccxt.OrderNotFound if it does not rest any more."""


async def tried_until_ready(steps: Sequence[Callable[[], Awaitable[object]]]) -> None:
    """Takes the steps in their order; all of them again, after a pause, if the venue is away."""
    for pause_s in (*_START_PAUSES_S, None):
        try:
            for step in steps:
                await step()
            return
        except ccxt.OperationFailed as error:
            if pause_s is None:
                raise
            logger.warning("⚠️ Venue not ready: %s", describe(error))
            await asyncio.sleep(pause_s)
