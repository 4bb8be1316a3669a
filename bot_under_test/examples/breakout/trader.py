"""Orders: entry, stop, exit, and what the user stream says of them."""

import asyncio
import logging
import time
from decimal import ROUND_DOWN, Decimal

import aiohttp
from binance import AsyncClient
from binance.exceptions import BinanceAPIException

from config import Config
from metrics import Metrics
from state import State, Trade
from strategy import Breakout, Candle

log = logging.getLogger("breakout.trader")

OTHER = {"BUY": "SELL", "SELL": "BUY"}
TROUBLE = (BinanceAPIException, aiohttp.ClientError, TimeoutError)
ALREADY_SO = (-2011, -2013)  # the order to be cancelled is not there


class Trader:
    def __init__(self, client: AsyncClient, config: Config, state: State, metrics: Metrics) -> None:
        self._client = client
        self._config = config
        self._state = state
        self._metrics = metrics
        self._strategy = Breakout(config.channel, config.ema)
        self._step = self._tick = Decimal(1)
        self._busy = asyncio.Lock()
        self.trade: Trade | None = None

    async def prepare(self) -> None:
        """Filters, leverage, candles of the past, and what an earlier life left open."""
        info = await self._client.futures_exchange_info()
        symbol = next(s for s in info["symbols"] if s["symbol"] == self._config.symbol)
        filters = {f["filterType"]: f for f in symbol["filters"]}
        self._step = Decimal(filters["LOT_SIZE"]["stepSize"])
        self._tick = Decimal(filters["PRICE_FILTER"]["tickSize"])
        await self._client.futures_change_leverage(
            symbol=self._config.symbol, leverage=self._config.leverage
        )
        rows = await self._client.futures_klines(
            symbol=self._config.symbol,
            interval=self._config.interval,
            limit=max(self._config.channel, self._config.ema) + 1,
        )
        for row in rows[:-1]:  # the last one is not closed yet
            self._strategy.update(Candle.from_rest(row))
        await self._recover()

    async def on_candle(self, message: dict) -> None:
        kline = message.get("data", {}).get("k")
        if kline is None or not kline["x"]:
            return
        candle = Candle.from_stream(kline)
        if self._strategy.seen(candle):
            return
        self._metrics.count("candles")
        signal = self._strategy.update(candle)
        async with self._busy:
            if self.trade is None:
                if signal is not None:
                    await self._open(signal, candle.close)
            elif signal == OTHER[self.trade.side]:
                await self._close("the other way")
            elif time.time() - self.trade.opened_at >= self._config.max_hold_s:
                await self._close("held long enough")

    async def on_user(self, message: dict) -> None:
        match message.get("e"):
            case "ACCOUNT_UPDATE":
                for position in message["a"].get("P", []):
                    if position["s"] == self._config.symbol and not Decimal(position["pa"]):
                        self._gone()
            case "ORDER_TRADE_UPDATE":
                order = message["o"]
                log.info("order %s %s %s", order["S"], order["ot"], order["X"])
                self._metrics.count("order_updates")

    async def stop(self) -> None:
        """On the way out nothing is left open."""
        async with self._busy:
            if self.trade is not None:
                await self._close("stopping")

    async def _open(self, side: str, price: Decimal) -> None:
        config = self._config
        quantity = _rounded(config.notional / price, self._step)
        trade = Trade(side=side, quantity=quantity, opened_at=time.time())
        self._state.save(config.symbol, trade)  # before the order: a crash must leave a trace
        log.info("opening %s %s %s near %s", side, quantity, config.symbol, price)
        try:
            order = await self._client.futures_create_order(
                symbol=config.symbol, side=side, type="MARKET", quantity=str(quantity)
            )
        except TROUBLE as error:
            log.error("entry failed: %s", error)
            self._finish(trade, "failed")
            return
        self.trade = trade
        self._metrics.count("entries")
        trade.entry_price = await self._average_price(order["orderId"]) or price
        await self._protect(trade)

    async def _average_price(self, order_id: int) -> Decimal | None:
        """An order can be unknown for a moment after it was made."""
        for pause in (0.2, 0.5, 1.0):
            try:
                order = await self._client.futures_get_order(
                    symbol=self._config.symbol, orderId=order_id
                )
                if order["status"] == "FILLED":
                    return Decimal(order["avgPrice"])
            except TROUBLE as error:
                log.warning("order %s: %s", order_id, error)
            await asyncio.sleep(pause)
        return None

    async def _protect(self, trade: Trade) -> None:
        """A stop at the exchange; without one the position is not kept."""
        assert trade.entry_price is not None
        distance = trade.entry_price * self._config.stop_percent / 100
        at = trade.entry_price + (-distance if trade.side == "BUY" else distance)
        for attempt in (1, 2, 3):
            try:
                stop = await self._client.futures_create_order(
                    symbol=self._config.symbol,
                    side=OTHER[trade.side],
                    type="STOP_MARKET",
                    quantity=str(trade.quantity),
                    stopPrice=str(_rounded(at, self._tick)),
                    reduceOnly="true",
                    workingType="MARK_PRICE",
                )
            except TROUBLE as error:
                log.warning("stop, try %d: %s", attempt, error)
                await asyncio.sleep(attempt * 0.5)
                continue
            if self.trade is not trade:
                return  # closed meanwhile
            trade.stop_id, trade.status = stop["algoId"], "open"
            self._state.save(self._config.symbol, trade)
            log.info("open at %s, stop at %s", trade.entry_price, _rounded(at, self._tick))
            return
        await self._close("no stop")

    async def _close(self, why: str) -> None:
        trade = self.trade
        assert trade is not None
        log.info("closing %s %s: %s", trade.side, trade.quantity, why)
        try:
            await self._client.futures_create_order(
                symbol=self._config.symbol,
                side=OTHER[trade.side],
                type="MARKET",
                quantity=str(trade.quantity),
            )
        except TROUBLE as error:
            log.error("exit failed, next candle again: %s", error)
            return
        if trade.stop_id is not None:
            await self._cancel(trade.stop_id)
        if self.trade is trade:
            self._metrics.count("exits")
            self._finish(trade, "closed")

    async def _cancel(self, stop_id: int) -> None:
        try:
            await self._client.futures_cancel_order(symbol=self._config.symbol, algoId=stop_id)
        except BinanceAPIException as error:
            if error.code not in ALREADY_SO:
                log.warning("stop %s not cancelled: %s", stop_id, error)
        except TROUBLE as error:
            log.warning("stop %s not cancelled: %s", stop_id, error)

    def _gone(self) -> None:
        """The exchange says that there is no position."""
        if self.trade is not None:
            log.info("position is closed")
            self._metrics.count("exits")
            self._finish(self.trade, "closed")

    def _finish(self, trade: Trade, status: str) -> None:
        trade.status = status
        self._state.save(self._config.symbol, trade)
        if self.trade is trade:
            self.trade = None

    async def _recover(self) -> None:
        trade = self._state.unfinished(self._config.symbol)
        if trade is None:
            return
        rows = await self._client.futures_position_information(symbol=self._config.symbol)
        held = sum((Decimal(row["positionAmt"]) for row in rows), Decimal(0))
        if not held:
            log.info("trade %s is over", trade.row)
            self._finish(trade, "closed")
            return
        log.warning("found a position of %s after a restart", held)
        self.trade = trade
        trade.quantity, trade.side = abs(held), "BUY" if held > 0 else "SELL"
        trade.entry_price = next(
            Decimal(row["entryPrice"]) for row in rows if Decimal(row["positionAmt"])
        )
        stops = await self._client.futures_get_open_orders(
            symbol=self._config.symbol, conditional=True
        )
        if stops:
            trade.stop_id, trade.status = stops[0]["algoId"], "open"
            self._state.save(self._config.symbol, trade)
        else:
            await self._protect(trade)


def _rounded(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(ROUND_DOWN) * step
