"""What the public topics say, key order as captured on the live streams."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Protocol

from simulator.bybit.desk import Desk
from simulator.bybit.formats import (
    SIDE_NAMES,
    execution_id,
    price_text,
    quantity_text,
    sequence,
)
from simulator.bybit.market_data import INTERVALS_NS, candle_row
from simulator.bybit.rows import ticker_row
from simulator.exchange.instruments import Instrument
from simulator.exchange.marketdata import Candle, Level, MarketTrade
from simulator.wire.json_text import Json, dumps

_MS = 1_000_000
_S = 1_000_000_000
_REPEAT_NS = 3_000_000_000
"""A best level that has not changed for so long is said again."""
_MOST_TRADES = 1024
"""In one message."""
_ZERO = Decimal(0)


class Feed(Protocol):
    """A topic that somebody has subscribed to, and what it said last."""

    @property
    def event(self) -> str:
        """The kind of its messages."""

    def snapshot(self) -> str | None:
        """What a new subscriber gets at once; what follows goes on from it."""

    def turn(self) -> Iterator[str]:
        """What has become news since the last turn."""


class Tickers:
    """tickers: a snapshot, then what has changed."""

    event = "tickers"

    def __init__(self, desk: Desk, instrument: Instrument, topic: str) -> None:
        self._desk = desk
        self._instrument = instrument
        self._topic = topic
        self._direction = _TickDirection(desk.exchange.last_price(instrument.symbol))
        self._seen = self._look()
        self._row = self._now()

    def snapshot(self) -> str:
        return self._text("snapshot", self._row)

    def turn(self) -> Iterator[str]:
        seen = self._look()
        if seen == self._seen:
            return
        self._seen = seen
        before, self._row = self._row, self._now()
        news = {name: value for name, value in self._row.items() if before[name] != value}
        if news:
            yield self._text("delta", {"symbol": self._instrument.symbol, **news})

    def _look(self) -> tuple[object, ...]:
        """What a row depends on; the day's volume grows with the tape, a trade each second."""
        exchange, symbol = self._desk.exchange, self._instrument.symbol
        best = exchange.book(symbol, 1)
        second = self._desk.now_ns // _S
        prices = exchange.last_price(symbol), exchange.mark_price(symbol)
        return (*prices, best.bids, best.asks, second)

    def _now(self) -> dict[str, Json]:
        direction = self._direction.after(self._desk.exchange.last_price(self._instrument.symbol))
        row = ticker_row(self._desk, self._instrument, stream=True)
        return {"symbol": self._instrument.symbol, "tickDirection": direction} | row

    def _text(self, kind: str, data: dict[str, Json]) -> str:
        return dumps(
            {
                "topic": self._topic,
                "type": kind,
                "data": data,
                "cs": sequence(self._desk.now_ns),
                "ts": self._desk.now_ms,
            }
        )


class _TickDirection:
    """Whether a price is above or below the one before it, or else the last different one."""

    def __init__(self, price: Decimal) -> None:
        self._price = price
        self._name = "ZeroPlusTick"

    def after(self, price: Decimal) -> str:
        """The direction that leads to this price."""
        if price > self._price:
            self._name = "PlusTick"
        elif price < self._price:
            self._name = "MinusTick"
        elif not self._name.startswith("Zero"):
            self._name = "Zero" + self._name
        self._price = price
        return self._name


class OrderBook:
    """orderbook: a snapshot, then the levels that have changed; of the best level, snapshots."""

    event = "orderbook"

    def __init__(self, desk: Desk, instrument: Instrument, topic: str, depth: int) -> None:
        self._desk = desk
        self._instrument = instrument
        self._topic = topic
        self._depth = depth
        self._book = desk.exchange.book(instrument.symbol, depth)
        # Rises by one with each change, and begins above all that the topic said before.
        self._update_id = desk.now_ms
        self._said_ns = desk.now_ns

    def snapshot(self) -> str:
        return self._text("snapshot", self._book.bids, self._book.asks)

    def turn(self) -> Iterator[str]:
        now_ns = self._desk.now_ns
        before, book = self._book, self._desk.exchange.book(self._instrument.symbol, self._depth)
        if (before.bids, before.asks) != (book.bids, book.asks):
            self._book, self._said_ns = book, now_ns
            self._update_id += 1
            if self._depth == 1:
                yield self.snapshot()
            else:
                bids = _changes(before.bids, book.bids, falling=True)
                asks = _changes(before.asks, book.asks, falling=False)
                yield self._text("delta", bids, asks)
        elif self._depth == 1 and now_ns >= self._said_ns + _REPEAT_NS:
            self._said_ns = now_ns
            yield self.snapshot()

    def _text(self, kind: str, bids: tuple[Level, ...], asks: tuple[Level, ...]) -> str:
        now_ms = self._desk.now_ms
        return dumps(
            {
                "topic": self._topic,
                "type": kind,
                "ts": now_ms,
                "data": {
                    "s": self._instrument.symbol,
                    "b": self._levels(bids),
                    "a": self._levels(asks),
                    "u": self._update_id,
                    "seq": self._book.update_id,
                },
                "cts": now_ms,
            }
        )

    def _levels(self, levels: tuple[Level, ...]) -> Json:
        instrument = self._instrument
        return [
            [price_text(price, instrument), quantity_text(size, instrument) if size else "0"]
            for price, size in levels
        ]


def _changes(
    before: tuple[Level, ...], after: tuple[Level, ...], *, falling: bool
) -> tuple[Level, ...]:
    """The levels that are new or changed, and those gone with a size of 0, best first."""
    old, new = dict(before), dict(after)
    changed = [level for level in after if old.get(level[0]) != level[1]]
    gone = [(price, _ZERO) for price in old if price not in new]
    return tuple(sorted(changed + gone, reverse=falling))


class Trades:
    """publicTrade: the trades since the last message."""

    event = "publicTrade"

    def __init__(self, desk: Desk, instrument: Instrument, topic: str) -> None:
        self._desk = desk
        self._instrument = instrument
        self._topic = topic
        self._last = desk.exchange.market_trades(instrument.symbol, 1)[-1]
        self._direction = _TickDirection(self._last.price)

    def snapshot(self) -> None:
        """Only what is yet to come."""

    def turn(self) -> Iterator[str]:
        exchange, symbol = self._desk.exchange, self._instrument.symbol
        (latest,) = exchange.market_trades(symbol, 1)
        missed = latest.trade_id - self._last.trade_id  # ids have no gaps
        if missed:
            self._last = latest
            news = exchange.market_trades(symbol, min(missed, _MOST_TRADES))
            yield dumps(
                {
                    "topic": self._topic,
                    "type": "snapshot",
                    "ts": self._desk.now_ms,
                    "data": [self._row(trade) for trade in news],
                }
            )

    def _row(self, trade: MarketTrade) -> dict[str, Json]:
        return {
            "T": trade.time_ns // _MS,
            "s": trade.symbol,
            "S": SIDE_NAMES[trade.side],
            "v": quantity_text(trade.quantity, self._instrument),
            "p": price_text(trade.price, self._instrument),
            "L": self._direction.after(trade.price),
            "i": execution_id(f"public {trade.symbol}", trade.trade_id),
            "BT": False,
            "RPI": False,
            "seq": sequence(trade.time_ns),
        }


class Klines:
    """kline: the candle that has just closed, once more, then the current one where it is news."""

    event = "kline"

    def __init__(self, desk: Desk, instrument: Instrument, topic: str, interval: str) -> None:
        self._desk = desk
        self._instrument = instrument
        self._topic = topic
        self._interval = interval
        self._said: Candle | None = None

    def snapshot(self) -> None:
        """Comes with the next turn."""

    def turn(self) -> Iterator[str]:
        before, now = self._desk.exchange.candles(
            self._instrument.symbol, INTERVALS_NS[self._interval], limit=2
        )
        said, self._said = self._said, now
        if said is not None and said.open_ns == before.open_ns:
            yield self._text(before, confirm=True)
        if now != said:
            yield self._text(now, confirm=False)

    def _text(self, candle: Candle, *, confirm: bool) -> str:
        now_ms = self._desk.now_ms
        _, first, high, low, last, volume, turnover = candle_row(candle, self._instrument)
        row = {
            "start": candle.open_ns // _MS,
            "end": candle.close_ns // _MS - 1,
            "interval": self._interval,
            "open": first,
            "close": last,
            "high": high,
            "low": low,
            "volume": volume,
            "turnover": turnover,
            "confirm": confirm,
            "timestamp": now_ms,
        }
        return dumps({"topic": self._topic, "data": [row], "ts": now_ms, "type": "snapshot"})
