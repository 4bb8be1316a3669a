"""Public streams. One simpy process per pace serves all symbols and all connections.

A stream's text is made once per moment, however many connections have subscribed to it; a pace
that nobody listens to costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import simpy

from simulator.binance import market_events
from simulator.binance.connections import Message, StreamConnection, Wire
from simulator.binance.desk import Desk
from simulator.binance.formats import Json, dumps
from simulator.binance.market_data import INTERVALS_NS
from simulator.binance.stream_names import StreamName, parse_stream_name
from simulator.exchange.facts import PriceFact
from simulator.exchange.instruments import Instrument
from simulator.exchange.marketdata import Book, Candle, Level

_TAPE = 1000
"""So many trades are looked at for new ones at each turn."""


@dataclass(slots=True)
class _Stream:
    """A stream with at least one subscriber, and what it said last."""

    name: StreamName
    subscribers: dict[StreamConnection, None] = field(default_factory=dict)
    book: Book | None = None
    update_id: int = 0
    """Of the last depth event."""
    trade_id: int = 0
    candle: Candle | None = None


class MarketStreams:
    """Who has subscribed to what, and the processes that speak."""

    def __init__(self, wire: Wire, desk: Desk) -> None:
        self._wire = wire
        self._desk = desk
        self._streams: dict[str, _Stream] = {}
        self._by_pace: dict[int, dict[str, _Stream]] = {}
        self._tickers: dict[str, dict[str, _Stream]] = {}
        """Streams that speak when a price changes, by symbol."""

    def subscribe(self, connection: StreamConnection, text: str) -> None:
        """From now on the connection gets the stream; an unknown name is silent for ever."""
        stream = self._streams.get(text)
        if stream is None:
            name = parse_stream_name(text, self._wire.settings)
            if name is None or not self._has_symbol(name):
                return
            stream = self._streams[text] = _Stream(name)
            self._open(stream)
        stream.subscribers[connection] = None

    def unsubscribe(self, connection: StreamConnection, text: str) -> None:
        stream = self._streams.get(text)
        if stream is None:
            return
        stream.subscribers.pop(connection, None)
        if not stream.subscribers:
            del self._streams[text]
            self._close(stream)

    def _has_symbol(self, name: StreamName) -> bool:
        return name.symbol is None or name.symbol in self._desk.exchange.instruments

    def _open(self, stream: _Stream) -> None:
        name = stream.name
        exchange = self._desk.exchange
        if name.symbol is not None and name.kind == "depth":
            stream.book = exchange.book(name.symbol, self._wire.settings.depth_levels)
            # One below: a snapshot taken at this very moment must fit into the first event.
            stream.update_id = stream.book.update_id - 1
        elif name.symbol is not None and name.kind in ("aggTrade", "trade"):
            tape = exchange.market_trades(name.symbol, 1)
            stream.trade_id = tape[-1].trade_id if tape else 0
        if name.pace_ns:
            group = self._by_pace.get(name.pace_ns)
            if group is None:
                group = self._by_pace[name.pace_ns] = {}
                self._wire.env.process(self._speak(name.pace_ns, group))
            group[name.text] = stream
        else:
            assert name.symbol is not None  # only single symbols speak at once
            watching = self._tickers.setdefault(name.symbol, {})
            if not watching:
                exchange.watch(name.symbol, self._price_changed)
            watching[name.text] = stream

    def _close(self, stream: _Stream) -> None:
        name = stream.name
        if name.pace_ns:
            del self._by_pace[name.pace_ns][name.text]
        else:
            assert name.symbol is not None
            watching = self._tickers[name.symbol]
            del watching[name.text]
            if not watching:
                self._desk.exchange.unwatch(name.symbol, self._price_changed)

    def _price_changed(self, fact: PriceFact) -> None:
        for stream in tuple(self._tickers[fact.symbol].values()):
            self._turn(stream)

    def _speak(self, pace_ns: int, group: dict[str, _Stream]) -> simpy.events.ProcessGenerator:
        """Gives every stream of the pace its turn, at whole multiples of it."""
        env = self._wire.env
        while group:
            yield env.timeout(pace_ns - self._wire.now_ns % pace_ns)
            for stream in tuple(group.values()):
                self._turn(stream)
        # With nobody left the process ends; the next subscriber starts another.
        del self._by_pace[pace_ns]

    def _turn(self, stream: _Stream) -> None:
        name = stream.name
        if name.symbol is None:
            self._turn_for_all(stream)
            return
        instrument = self._desk.exchange.instruments[name.symbol]
        match name.kind:
            case "markPrice":
                self._say(stream, market_events.mark_price(self._desk, instrument))
            case "bookTicker":
                self._say(stream, market_events.book_ticker(self._desk, instrument))
            case "depth":
                self._depth_diff(stream, instrument)
            case "partialDepth":
                self._partial_depth(stream, instrument)
            case "aggTrade" | "trade":
                self._trades(stream, instrument)
            case "kline":
                self._candles(stream, instrument)
            case "ticker":
                self._say(stream, market_events.day_ticker(self._desk, instrument))
            case "miniTicker":
                self._say(stream, market_events.mini_ticker(self._desk, instrument))

    def _turn_for_all(self, stream: _Stream) -> None:
        instruments = self._desk.exchange.instruments.values()
        match stream.name.kind:
            case "markPrice":
                rows = [market_events.mark_price(self._desk, each) for each in instruments]
                self._send(stream, "markPriceUpdate", None, dumps(rows))
            case "ticker":
                rows = [market_events.day_ticker(self._desk, each) for each in instruments]
                self._send(stream, "24hrTicker", None, dumps(rows))
            case "miniTicker":
                rows = [market_events.mini_ticker(self._desk, each) for each in instruments]
                self._send(stream, "24hrMiniTicker", None, dumps(rows))
            case "bookTicker":
                for each in instruments:
                    self._say(stream, market_events.book_ticker(self._desk, each))

    def _depth_diff(self, stream: _Stream, instrument: Instrument) -> None:
        before = stream.book
        assert before is not None  # taken when the stream was opened
        levels = self._wire.settings.depth_levels
        book = self._desk.exchange.book(instrument.symbol, levels)
        bids, asks = _changes(before.bids, book.bids), _changes(before.asks, book.asks)
        if not bids and not asks:
            return  # the next event goes on from the last one that was sent
        before_id, stream.update_id = stream.update_id, book.update_id
        stream.book = book
        self._say(
            stream,
            market_events.depth(self._desk, instrument, book, before_id, bids, asks),
        )

    def _partial_depth(self, stream: _Stream, instrument: Instrument) -> None:
        book = self._desk.exchange.book(instrument.symbol, int(stream.name.detail))
        before, stream.book = stream.book, book
        if before is not None and (before.bids, before.asks) == (book.bids, book.asks):
            stream.book = before
            return
        before_id = before.update_id if before else book.update_id
        self._say(
            stream,
            market_events.depth(self._desk, instrument, book, before_id, book.bids, book.asks),
        )

    def _trades(self, stream: _Stream, instrument: Instrument) -> None:
        make = market_events.trade if stream.name.kind == "trade" else market_events.aggregate_trade
        tape = self._desk.exchange.market_trades(instrument.symbol, _TAPE)
        for each in tape:
            if each.trade_id > stream.trade_id:
                stream.trade_id = each.trade_id
                self._say(stream, make(self._desk, instrument, each))

    def _candles(self, stream: _Stream, instrument: Instrument) -> None:
        """The candle that has just closed, once more, then the current one where it is news."""
        interval = stream.name.detail
        before, now = _two(
            self._desk.exchange.candles(instrument.symbol, INTERVALS_NS[interval], limit=2)
        )
        if stream.candle is not None and before is not None:
            if now.open_ns != stream.candle.open_ns == before.open_ns:
                event = market_events.kline(self._desk, instrument, interval, before, closed=True)
                self._say(stream, event)
            if _same_trades(now, stream.candle):
                return
        stream.candle = now
        self._say(
            stream,
            market_events.kline(self._desk, instrument, interval, now, closed=False),
        )

    def _say(self, stream: _Stream, event: dict[str, Json]) -> None:
        self._send(stream, event["e"], event["s"], dumps(event))

    def _send(self, stream: _Stream, event: str, symbol: str | None, text: str) -> None:
        message = Message(event, symbol, stream.name.text, text)
        for connection in tuple(stream.subscribers):
            connection.push(message)


def _two(candles: list[Candle]) -> tuple[Candle | None, Candle]:
    """The candle before, if there is one, and the current."""
    return (candles[-2] if len(candles) > 1 else None), candles[-1]


def _same_trades(one: Candle, other: Candle) -> bool:
    return (one.open_ns, one.trades, one.close) == (other.open_ns, other.trades, other.close)


def _changes(before: tuple[Level, ...], after: tuple[Level, ...]) -> tuple[Level, ...]:
    """Levels that are new or changed, in the book's order, then those gone, with quantity 0."""
    old, new = dict(before), dict(after)
    changed = [level for level in after if old.get(level[0]) != level[1]]
    gone = [(price, Decimal(0)) for price in old if price not in new]
    return tuple(changed + gone)
