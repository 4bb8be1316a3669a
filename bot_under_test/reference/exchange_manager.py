"""The bot's REST connection to Binance USD-M futures, through ccxt.

Symbols are the venue's ids (`SKLUSDT`) everywhere else in the bot; ccxt's unified symbols
(`SKL/USDT:USDT`) are made and taken apart here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import ccxt
import ccxt.async_support

from bot_under_test.reference.orders import OrderResult, normalise
from bot_under_test.reference.outcomes import describe
from bot_under_test.reference.settings import Credentials, Settings
from bot_under_test.reference.signals import BUY, SELL

logger = logging.getLogger("core.exchange_manager")

T = TypeVar("T")

_PAUSE_WITHOUT_WORD_S = 10.0
"""How long to be silent after 429 or 418 without a Retry-After: the shortest window of a limit.
A position may be waiting for its stop."""

_START_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)


class PausedError(Exception):
    """Nothing is asked now: the venue has told this client to be silent for a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangePosition:
    """An open position as the venue shows it; `unified` is ccxt's name for the symbol."""

    symbol: str
    unified: str
    side: str
    quantity: float
    entry_price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingStop:
    """A conditional order that waits at the venue."""

    id: str
    client_id: str
    side: str
    quantity: float
    trigger_price: float
    reduce_only: bool


class ExchangeManager:
    """One account on one venue."""

    venue = "binance"

    def __init__(self, settings: Settings, credentials: Credentials) -> None:
        self._settings = settings
        self._quiet_until_s = 0.0
        self._known_orders: dict[str, None] = {}
        self._client = ccxt.async_support.binanceusdm(
            {
                "apiKey": credentials.api_key,
                "secret": credentials.secret,
                "timeout": round(settings.request_timeout_s * 1000),
                # The production bot's verification took 7 round trips and its sleeps, nothing
                # more: ccxt's own pacing (50 ms x weight) was off.
                "enableRateLimit": False,
                # Names of coins come from the spot API, which trading futures should not need.
                "options": {"fetchCurrencies": False},
            }
        )

    async def start(self) -> None:
        """Loads the markets, and what ccxt loads before its first look at positions.

        Raises what ccxt raised last, when the venue cannot be reached for half a minute.
        """
        for pause_s in (*_START_PAUSES_S, None):
            try:
                await self._client.load_markets()
                await self._request(self._client.load_leverage_brackets)
                return
            except ccxt.OperationFailed as error:
                if pause_s is None:
                    raise
                logger.warning("⚠️ Venue not ready: %s", describe(error))
                await asyncio.sleep(pause_s)

    async def close(self) -> None:
        await self._client.close()

    # symbols and sizes

    def unified(self, symbol: str) -> str:
        """ccxt's name for a venue's id. Raises ccxt.BadSymbol."""
        return str(self._client.market(symbol)["symbol"])

    def round_quantity(self, symbol: str, quantity: float) -> float:
        """Down to the step. Raises ccxt.InvalidOrder below the least quantity."""
        return float(self._client.amount_to_precision(self.unified(symbol), quantity))

    def minimum_cost(self, symbol: str) -> float:
        return float(self._client.market(symbol)["limits"]["cost"].get("min") or 0.0)

    @property
    def known_orders(self) -> list[str]:
        """Ids of the orders that the bot has placed or found: the venue's and its own."""
        return list(self._known_orders)

    # looking

    async def positions(self, symbol: str | None = None) -> list[ExchangePosition]:
        """Open positions: all, or those in one symbol."""
        wanted = None if symbol is None else [self.unified(symbol)]
        rows = await self._look(self._client.fetch_positions, wanted)
        return [self._position(row) for row in rows if float(row["contracts"] or 0) > 0]

    async def position(self, symbol: str) -> ExchangePosition | None:
        """The open position in a symbol."""
        return next(iter(await self.positions(symbol)), None)

    async def balance(self) -> tuple[float, float]:
        """Free and total USDT."""
        balance = await self._look(self._client.fetch_balance)
        usdt = balance.get("USDT") or {}
        return float(usdt.get("free") or 0.0), float(usdt.get("total") or 0.0)

    async def last_price(self, symbol: str) -> float:
        ticker = await self._look(self._client.fetch_ticker, self.unified(symbol))
        return float(ticker["last"])

    async def fetch_order(self, order_id: str, symbol: str) -> OrderResult:
        """Raises ccxt.OrderNotFound while the venue cannot see it, or if it never was."""
        reply = await self._look(self._client.fetch_order, order_id, self.unified(symbol))
        return normalise(reply, symbol)

    async def find_order(self, client_id: str, symbol: str) -> OrderResult | None:
        """The order by the id that the bot gave it."""
        by_client_id = {"origClientOrderId": client_id}
        try:
            reply = await self._look(
                self._client.fetch_order, None, self.unified(symbol), by_client_id
            )
        except ccxt.OrderNotFound:
            return None
        self._note(reply["id"])
        return normalise(reply, symbol)

    async def resting_stops(self, symbol: str) -> list[RestingStop]:
        """The conditional orders of a symbol."""
        rows = await self._look(
            self._client.fetch_open_orders, self.unified(symbol), None, None, {"trigger": True}
        )
        return [_resting_stop(row) for row in rows]

    # acting

    async def set_leverage(self, symbol: str, leverage: int) -> None:
        await self._act(self._client.set_leverage, leverage, self.unified(symbol))
        logger.info("✅ Leverage set to %dx for %s", leverage, symbol)

    async def create_market_order(
        self, symbol: str, side: str, quantity: float, client_id: str | None, *, reduce_only: bool
    ) -> dict[str, Any]:
        """ccxt's reply. Any error that `was_refused` denies may hide an order that exists."""
        self._note(client_id)
        params: dict[str, object] = {}
        if client_id is not None:
            params["newClientOrderId"] = client_id
        if reduce_only:
            params["reduceOnly"] = True
        reply: dict[str, Any] = await self._act(
            self._client.create_order,
            self.unified(symbol),
            "market",
            side.lower(),
            quantity,
            None,
            params,
        )
        self._note(reply.get("id"), reply.get("clientOrderId"))
        return reply

    async def create_stop(
        self, symbol: str, side: str, quantity: float, trigger_price: float, client_id: str
    ) -> str:
        """A reduce-only STOP_MARKET on the mark price; returns its id."""
        self._note(client_id)
        unified = self.unified(symbol)
        params = {
            "stopLossPrice": self._client.price_to_precision(unified, trigger_price),
            "reduceOnly": True,
            "workingType": "MARK_PRICE",
            "clientAlgoId": client_id,
        }
        reply = await self._act(
            self._client.create_order, unified, "market", side.lower(), quantity, None, params
        )
        self._note(reply["id"])
        return str(reply["id"])

    async def cancel_stop(self, stop_id: str, symbol: str) -> None:
        """Raises ccxt.OrderNotFound if it does not rest any more."""
        await self._act(self._client.cancel_order, stop_id, self.unified(symbol), {"trigger": True})

    # the user stream's key

    async def create_listen_key(self) -> str:
        reply = await self._act(self._client.fapiPrivatePostListenKey)
        return str(reply["listenKey"])

    async def keep_listen_key(self) -> None:
        await self._act(self._client.fapiPrivatePutListenKey)

    # one request

    async def _look(self, call: Callable[..., Awaitable[T]], *args: object) -> T:
        """A question. It fails at once while the bot has to be silent: others may know."""
        if (silence_s := self._silence_s()) > 0:
            raise PausedError(f"the venue wants {silence_s:.1f} s more of silence")
        return await self._request(call, *args)

    async def _act(self, call: Callable[..., Awaitable[T]], *args: object) -> T:
        """A deed. It waits until the bot may speak again."""
        while (silence_s := self._silence_s()) > 0:
            await asyncio.sleep(silence_s)
        return await self._request(call, *args)

    async def _request(self, call: Callable[..., Awaitable[T]], *args: object) -> T:
        try:
            return await call(*args)
        except ccxt.DDoSProtection:
            if self._settings.honours_retry_after:
                self._be_silent()
            raise
        except ccxt.InvalidNonce:
            if not self._settings.corrects_clock:
                raise
        logger.warning("🕰️ The venue's clock shows another time; taking it over")
        await self._client.load_time_difference()
        return await call(*args)

    def _silence_s(self) -> float:
        return self._quiet_until_s - asyncio.get_running_loop().time()

    def _be_silent(self) -> None:
        headers = self._client.last_response_headers or {}
        told = next((headers[name] for name in headers if name.lower() == "retry-after"), None)
        pause_s = float(told) if told else _PAUSE_WITHOUT_WORD_S
        now_s = asyncio.get_running_loop().time()
        self._quiet_until_s = max(self._quiet_until_s, now_s + pause_s)
        logger.warning("⏳ Too many requests: silent for %.0f s", pause_s)

    def _note(self, *ids: object) -> None:
        self._known_orders.update(dict.fromkeys(str(each) for each in ids if each))

    def _position(self, row: dict[str, Any]) -> ExchangePosition:
        # ccxt takes the side from the sign of `notional`; where that is 0 it has none.
        amount = float(row["info"]["positionAmt"])
        return ExchangePosition(
            symbol=str(row["info"]["symbol"]),
            unified=str(row["symbol"]),
            side=BUY if amount > 0 else SELL,
            quantity=float(row["contracts"]),
            entry_price=float(row["entryPrice"] or 0),
        )


def _resting_stop(row: dict[str, Any]) -> RestingStop:
    return RestingStop(
        id=str(row["id"]),
        client_id=str(row.get("clientOrderId") or ""),
        side=str(row["side"]).upper(),
        quantity=float(row["amount"] or 0),
        trigger_price=float(row.get("triggerPrice") or 0),
        reduce_only=bool(row.get("reduceOnly")),
    )
