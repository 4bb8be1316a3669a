"""Binance USD-M futures through ccxt."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

import ccxt
import ccxt.async_support

from bot_under_test.reference.account_queries import AccountQueries
from bot_under_test.reference.exchange_manager import (
    ExchangePosition,
    RestingStop,
    StopBeyondPriceError,
    tried_until_ready,
)
from bot_under_test.reference.orders import KnownOrders, OrderResult, normalise
from bot_under_test.reference.outcomes import describe
from bot_under_test.reference.requests import Requests, until_ms
from bot_under_test.reference.settings import Credentials, Settings
from bot_under_test.reference.signals import BUY, SELL

logger = logging.getLogger("core.exchange_manager")


class BinanceExchange:
    """As `ExchangeManager`, and the user stream's key."""

    venue = "binance"

    def __init__(self, settings: Settings, credentials: Credentials, orders: KnownOrders) -> None:
        self._settings = settings
        self.order_fetch_delay_s = settings.order_fetch_delay_s
        self._orders = orders
        self._weight_limit: int | None = None
        self._used_weight = 0
        self._used_minute = 0
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
        self._requests = Requests(settings, self._client, (ccxt.DDoSProtection,), _told_pause_s)
        self._requests.on_headers = self._note_weight
        queries = AccountQueries(self._client, self._requests, self._unified, _position)
        self.positions = queries.positions
        self.positions_by_raw_id = queries.positions_by_raw_id
        self.position = queries.position
        self.balance = queries.balance
        self.last_price = queries.last_price

    async def start(self) -> None:
        steps = [
            self._client.load_markets,
            lambda: self._requests.send(self._client.load_leverage_brackets),
        ]
        if self._settings.keeps_room:
            steps.append(self._learn_weight_limit)
        await tried_until_ready(steps)

    async def close(self) -> None:
        await self._client.close()

    # symbols and sizes

    def lists(self, symbol: str) -> bool:
        return symbol in self._client.markets_by_id

    def _unified(self, symbol: str) -> str:
        return str(self._client.market(symbol)["symbol"])

    def round_quantity(self, symbol: str, quantity: float) -> float:
        return float(self._client.amount_to_precision(self._unified(symbol), quantity))

    def minimum_cost(self, symbol: str) -> float:
        return float(self._client.market(symbol)["limits"]["cost"].get("min") or 0.0)

    @property
    def known_orders(self) -> list[str]:
        return self._orders.ids

    async def _learn_weight_limit(self) -> None:
        info = await self._requests.send(self._client.fapiPublicGetExchangeInfo)
        self._weight_limit = next(
            int(each["limit"])
            for each in info["rateLimits"]
            if each["rateLimitType"] == "REQUEST_WEIGHT" and each["interval"] == "MINUTE"
        )

    def wait_for_room_s(self, openings: int) -> float:
        if self._weight_limit is None:
            return 0.0
        room = self._settings.opening_room
        if self._weight_limit < room:
            return math.inf
        now_ms = self._client.milliseconds()
        used = self._used_weight if now_ms // 60_000 == self._used_minute else 0
        if used + openings * room <= self._weight_limit:
            return 0.0
        # The window starts anew with the venue's next minute; its clock is the bot's, nearly.
        return until_ms((now_ms // 60_000 + 1) * 60_000) + 1.0

    def _note_weight(self, headers: Mapping[str, str]) -> None:
        used = int(headers.get("x-mbx-used-weight-1m", "-1"))
        if used >= 0:  # an order weighs nothing, and tells nothing
            self._used_weight = used
            self._used_minute = self._client.milliseconds() // 60_000

    # looking

    async def fetch_order(self, order_id: str, symbol: str) -> OrderResult | None:
        fetch = self._client.fetch_order
        try:
            reply = await self._requests.look(fetch, order_id, self._unified(symbol))
        except ccxt.BaseError as error:
            logger.warning("⚠️ fetch_order %s of %s failed: %s", order_id, symbol, describe(error))
            raise
        return normalise(reply, symbol)

    async def find_order(self, client_id: str, symbol: str) -> OrderResult | None:
        by_client_id = {"origClientOrderId": client_id}
        try:
            reply = await self._requests.look(
                self._client.fetch_order, None, self._unified(symbol), by_client_id
            )
        except ccxt.OrderNotFound:
            return None
        self._orders.note(reply["id"])
        return normalise(reply, symbol)

    async def resting_stops(self, symbol: str) -> list[RestingStop]:
        rows = await self._requests.look(
            self._client.fetch_open_orders, self._unified(symbol), None, None, {"trigger": True}
        )
        return [_resting_stop(row) for row in rows]

    # acting

    async def set_leverage(self, symbol: str, leverage: int) -> None:
        await self._requests.act(self._client.set_leverage, leverage, self._unified(symbol))
        logger.info("✅ Leverage set to %dx for %s", leverage, symbol)

    async def create_market_order(
        self, symbol: str, side: str, quantity: float, client_id: str | None, *, reduce_only: bool
    ) -> dict[str, Any]:
        self._orders.note(client_id)
        params: dict[str, object] = {}
        if client_id is not None:
            params["newClientOrderId"] = client_id
        if reduce_only:
            params["reduceOnly"] = True
        reply: dict[str, Any] = await self._requests.act_soon(
            self._client.create_order,
            self._unified(symbol),
            "market",
            side.lower(),
            quantity,
            None,
            params,
        )
        self._orders.note(reply.get("id"), reply.get("clientOrderId"))
        return reply

    async def create_stop_loss(
        self, symbol: str, side: str, quantity: float, trigger_price: float, client_id: str
    ) -> str:
        """A reduce-only STOP_MARKET on the mark price."""
        self._orders.note(client_id)
        unified = self._unified(symbol)
        params = {
            "stopLossPrice": self._client.price_to_precision(unified, trigger_price),
            "reduceOnly": True,
            "workingType": "MARK_PRICE",
            "clientAlgoId": client_id,
        }
        try:
            reply = await self._requests.act_soon(
                self._client.create_order, unified, "market", side.lower(), quantity, None, params
            )
        except ccxt.OrderImmediatelyFillable as error:
            raise StopBeyondPriceError(f"{symbol} is beyond {trigger_price}") from error
        self._orders.note(reply["id"])
        return str(reply["id"])

    create_second_stop = create_stop_loss

    async def cancel_stop(self, stop_id: str, symbol: str) -> None:
        cancel = self._client.cancel_order
        await self._requests.act(cancel, stop_id, self._unified(symbol), {"trigger": True})

    # the user stream's key

    async def create_listen_key(self) -> str:
        reply = await self._requests.act(self._client.fapiPrivatePostListenKey)
        return str(reply["listenKey"])

    async def keep_listen_key(self) -> None:
        await self._requests.act(self._client.fapiPrivatePutListenKey)


def _told_pause_s(headers: Mapping[str, str]) -> float | None:
    told = headers.get("retry-after")
    return float(told) if told else None


def _position(row: dict[str, Any]) -> ExchangePosition:
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
