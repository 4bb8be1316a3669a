"""Bybit v5 (linear, unified account) through ccxt."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import ccxt
import ccxt.async_support

from bot_under_test.reference.account_queries import AccountQueries
from bot_under_test.reference.defects import Defect
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

_BAN_S = 600.0
"""How long an IP that asked too often is to be silent; the 403 does not say it, the page does."""
_POSITION_STOP = "position:"
"""Begins the id by which the bot knows a position's own stop, which the venue gives no id."""


class BybitExchange:
    """As `ExchangeManager`."""

    venue = "bybit"

    def __init__(self, settings: Settings, credentials: Credentials, orders: KnownOrders) -> None:
        self._settings = settings
        self._defects = settings.defects
        self.order_fetch_delay_s = settings.bybit_order_fetch_delay_s
        self._orders = orders
        self._client = ccxt.async_support.bybit(
            {
                "apiKey": credentials.api_key,
                "secret": credentials.secret,
                "timeout": round(settings.request_timeout_s * 1000),
                "enableRateLimit": False,
                "options": {
                    "fetchCurrencies": False,
                    # As in production: spot beside the perpetuals, and a type that is neither.
                    "fetchMarkets": {"types": ["spot", "linear"]},
                    "defaultType": "future",
                },
            }
        )
        self._requests = Requests(settings, self._client, (ccxt.RateLimitExceeded,), _told_pause_s)
        queries = AccountQueries(self._client, self._requests, self._unified, _position)
        self.positions = queries.positions
        self.positions_by_raw_id = queries.positions_by_raw_id
        self.position = queries.position
        self.balance = queries.balance
        self.last_price = queries.last_price

    async def start(self) -> None:
        await tried_until_ready(
            [
                self._client.load_markets,
                lambda: self._requests.send(self._client.is_unified_enabled),
            ]
        )

    async def close(self) -> None:
        await self._client.close()

    # symbols and sizes

    def lists(self, symbol: str) -> bool:
        return any(market["swap"] for market in self._client.markets_by_id.get(symbol, ()))

    def _market(self, symbol: str) -> dict[str, Any]:
        """The perpetual; the same id may be a spot market's as well. Raises ccxt.BadSymbol."""
        for market in self._client.markets_by_id.get(symbol, ()):
            if market["swap"]:
                found: dict[str, Any] = market
                return found
        raise ccxt.BadSymbol(f"bybit has no perpetual {symbol}")

    def _unified(self, symbol: str) -> str:
        return str(self._market(symbol)["symbol"])

    def round_quantity(self, symbol: str, quantity: float) -> float:
        return float(self._client.amount_to_precision(self._unified(symbol), quantity))

    def minimum_cost(self, symbol: str) -> float:
        filters = self._market(symbol)["info"].get("lotSizeFilter", {})
        return float(filters.get("minNotionalValue") or 0.0)

    @property
    def known_orders(self) -> list[str]:
        return self._orders.ids

    def wait_for_room_s(self, openings: int) -> float:
        """The limits are per second and endpoint: an opening never fills one."""
        return 0.0

    # looking

    async def fetch_order(self, order_id: str, symbol: str) -> OrderResult | None:
        params: dict[str, object] = {"acknowledged": True}
        if Defect.FETCH_ORDER_UNACKNOWLEDGED in self._defects:
            params = {}
        fetch = self._client.fetch_order
        try:
            reply = await self._requests.look(fetch, order_id, self._unified(symbol), params)
        except ccxt.ArgumentsRequired as error:
            if "last 500 orders" in str(error):
                return None  # ccxt asked nobody: it wants the limit acknowledged
            raise
        except ccxt.BaseError as error:
            logger.warning("⚠️ fetch_order %s of %s failed: %s", order_id, symbol, describe(error))
            raise
        return normalise(reply, symbol)

    async def find_order(self, client_id: str, symbol: str) -> OrderResult | None:
        reply = await self._requests.look(
            self._client.private_get_v5_order_realtime,
            {"category": "linear", "symbol": symbol, "orderLinkId": client_id},
        )
        rows = reply["result"]["list"]
        if not rows:
            return None
        order = self._client.parse_order(rows[0], self._market(symbol))
        self._orders.note(order["id"])
        return normalise(order, symbol)

    async def resting_stops(self, symbol: str) -> list[RestingStop]:
        rows = await self._requests.look(
            self._client.fetch_open_orders, self._unified(symbol), None, None, {"trigger": True}
        )
        return [_resting_stop(row) for row in rows]

    # acting

    async def set_leverage(self, symbol: str, leverage: int) -> None:
        unified = self._unified(symbol)
        try:
            await self._requests.act(self._client.set_leverage, leverage, unified)
        except ccxt.BadRequest as error:
            if "110043" not in str(error):  # it is so already
                raise
        logger.info("✅ Leverage set to %dx for %s", leverage, symbol)

    async def create_market_order(
        self, symbol: str, side: str, quantity: float, client_id: str | None, *, reduce_only: bool
    ) -> dict[str, Any]:
        self._orders.note(client_id)
        params: dict[str, object] = {}
        if client_id is not None:
            params["orderLinkId"] = client_id
        if reduce_only:
            params["reduceOnly"] = True
        if Defect.ROLLBACK_USES_REPORTED_FILL in self._defects and not quantity:
            return await self._create_empty_order(symbol, side)
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

    async def _create_empty_order(self, symbol: str, side: str) -> dict[str, Any]:
        """An order for nothing, which ccxt would not send and the old client did."""
        body = {"category": "linear", "symbol": symbol, "side": side.capitalize()}
        order = {**body, "orderType": "Market", "qty": "0"}
        reply: dict[str, Any] = await self._requests.act(
            self._client.private_post_v5_order_create, order
        )
        return reply

    async def create_stop_loss(
        self, symbol: str, side: str, quantity: float, trigger_price: float, client_id: str
    ) -> str:
        """The position's own, on the mark price: it ends with the position."""
        price = self._client.price_to_precision(self._unified(symbol), trigger_price)
        await self._set_trading_stop(symbol, {"stopLoss": price, "slTriggerBy": "MarkPrice"})
        return f"{_POSITION_STOP}{symbol}"

    async def _set_trading_stop(self, symbol: str, stops: dict[str, str]) -> None:
        mode = {"category": "linear", "symbol": symbol, "tpslMode": "Full", "positionIdx": 0}
        try:
            await self._requests.act_soon(
                self._client.private_post_v5_position_trading_stop, {**mode, **stops}
            )
        except ccxt.BaseError as error:
            text = str(error)
            if '"retCode":34040' in text:
                return  # it is so already
            if "position should" in text:  # ... lower than base_price, or higher
                raise StopBeyondPriceError(f"{symbol} is beyond {stops['stopLoss']}") from error
            raise

    async def create_second_stop(
        self, symbol: str, side: str, quantity: float, trigger_price: float, client_id: str
    ) -> str:
        """A conditional order of its own beside the position's stop-loss."""
        self._orders.note(client_id)
        unified = self._unified(symbol)
        params = {
            "triggerPrice": self._client.price_to_precision(unified, trigger_price),
            "triggerDirection": "ascending" if side == BUY else "descending",
            "triggerBy": "MarkPrice",
            "reduceOnly": True,
            "orderLinkId": client_id,
        }
        try:
            reply = await self._requests.act_soon(
                self._client.create_order, unified, "market", side.lower(), quantity, None, params
            )
        except ccxt.InvalidOrder as error:
            if any(code in str(error) for code in ("110092", "110093")):
                raise StopBeyondPriceError(f"{symbol} is beyond {trigger_price}") from error
            raise
        self._orders.note(reply["id"])
        return str(reply["id"])

    async def cancel_stop(self, stop_id: str, symbol: str) -> None:
        if stop_id.startswith(_POSITION_STOP):
            await self._set_trading_stop(symbol, {"stopLoss": "0"})
            return
        await self._requests.act(self._client.cancel_order, stop_id, self._unified(symbol))


def _told_pause_s(headers: Mapping[str, str]) -> float | None:
    """Until the second is over for an endpoint; a banned IP gets no such header."""
    told = headers.get("x-bapi-limit-reset-timestamp")
    return until_ms(float(told)) + 0.05 if told else _BAN_S


def _position(row: dict[str, Any]) -> ExchangePosition:
    info = row["info"]
    return ExchangePosition(
        symbol=str(info["symbol"]),
        unified=str(row["symbol"]),
        side=BUY if info["side"] == "Buy" else SELL,
        quantity=float(row["contracts"]),
        entry_price=float(info.get("avgPrice") or 0),
    )


def _resting_stop(row: dict[str, Any]) -> RestingStop:
    info = row["info"]
    closes_all = bool(info.get("closeOnTrigger"))
    return RestingStop(
        id=str(row["id"]),
        client_id=str(row.get("clientOrderId") or ""),
        side=str(row["side"]).upper(),
        # A stop of the position's own closes whatever is there.
        quantity=float("inf") if closes_all else float(row["amount"] or 0),
        trigger_price=float(row.get("triggerPrice") or 0),
        reduce_only=bool(row.get("reduceOnly")) or closes_all,
    )
