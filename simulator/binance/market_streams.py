"""Public streams: what each says when it has its turn."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.binance import market_events
from simulator.binance.desk import Desk
from simulator.binance.market_data import INTERVALS_NS
from simulator.binance.stream_names import StreamName, parse_stream_name
from simulator.exchange.instruments import Instrument
from simulator.exchange.marketdata import Book, Candle, Level
from simulator.wire.connections import StreamConnection, Wire
from simulator.wire.json_text import Json, dumps
from simulator.wire.subscriptions import Stream, Subscriptions

_TAPE = 1000
"""So many trades are looked at for new ones at each turn."""


@dataclass(slots=True)
class _Said:
    """What a stream said last."""

    parsed: StreamName
    book: Book | None = None
    update_id: int = 0
    """Of the last depth event."""
    trade_id: int = 0
    candle: Candle | None = None


_Stream = Stream[_Said]


class MarketStreams:
    """What the streams say when it is their turn."""

    def __init__(self, wire: Wire, desk: Desk) -> None:
        self._desk = desk
        self._subscriptions = Subscriptions(wire, desk.exchange, self._turn)

    def subscribe(self, connection: StreamConnection, text: str) -> None:
        """From now on the connection gets the stream; an unknown name is silent for ever."""
        self._subscriptions.join(connection, text, lambda: self._made(text))

    def unsubscribe(self, connection: StreamConnection, text: str) -> None:
        self._subscriptions.leave(connection, text)

    def _made(self, text: str) -> _Stream | None:
        name = parse_stream_name(text, self._desk.settings)
        exchange = self._desk.exchange
        if name is None or not (name.symbol is None or name.symbol in exchange.instruments):
            return None
        said = _Said(name)
        if name.symbol is not None and name.kind == "depth":
            said.book = exchange.book(name.symbol, self._desk.settings.depth_levels)
            # One below: a snapshot taken at this very moment must fit into the first event.
            said.update_id = said.book.update_id - 1
        elif name.symbol is not None and name.kind in ("aggTrade", "trade"):
            tape = exchange.market_trades(name.symbol, 1)
            said.trade_id = tape[-1].trade_id if tape else 0
        return Stream(name=text, symbol=name.symbol, pace_ns=name.pace_ns, state=said)

    def _turn(self, stream: _Stream) -> None:
        name = stream.state.parsed
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
        match stream.state.parsed.kind:
            case "markPrice":
                rows = [market_events.mark_price(self._desk, each) for each in instruments]
                stream.say("markPriceUpdate", dumps(rows))
            case "ticker":
                rows = [market_events.day_ticker(self._desk, each) for each in instruments]
                stream.say("24hrTicker", dumps(rows))
            case "miniTicker":
                rows = [market_events.mini_ticker(self._desk, each) for each in instruments]
                stream.say("24hrMiniTicker", dumps(rows))
            case "bookTicker":
                for each in instruments:
                    self._say(stream, market_events.book_ticker(self._desk, each))

    def _depth_diff(self, stream: _Stream, instrument: Instrument) -> None:
        before = stream.state.book
        assert before is not None  # taken when the stream was opened
        levels = self._desk.settings.depth_levels
        book = self._desk.exchange.book(instrument.symbol, levels)
        bids, asks = _changes(before.bids, book.bids), _changes(before.asks, book.asks)
        if not bids and not asks:
            return  # the next event goes on from the last one that was sent
        before_id, stream.state.update_id = stream.state.update_id, book.update_id
        stream.state.book = book
        self._say(
            stream,
            market_events.depth(self._desk, instrument, book, before_id, bids, asks),
        )

    def _partial_depth(self, stream: _Stream, instrument: Instrument) -> None:
        book = self._desk.exchange.book(instrument.symbol, int(stream.state.parsed.detail))
        before, stream.state.book = stream.state.book, book
        if before is not None and (before.bids, before.asks) == (book.bids, book.asks):
            stream.state.book = before
            return
        before_id = before.update_id if before else book.update_id
        self._say(
            stream,
            market_events.depth(self._desk, instrument, book, before_id, book.bids, book.asks),
        )

    def _trades(self, stream: _Stream, instrument: Instrument) -> None:
        make = (
            market_events.trade
            if stream.state.parsed.kind == "trade"
            else market_events.aggregate_trade
        )
        tape = self._desk.exchange.market_trades(instrument.symbol, _TAPE)
        for each in tape:
            if each.trade_id > stream.state.trade_id:
                stream.state.trade_id = each.trade_id
                self._say(stream, make(self._desk, instrument, each))

    def _candles(self, stream: _Stream, instrument: Instrument) -> None:
        """The candle that has just closed, once more, then the current one where it is news."""
        interval = stream.state.parsed.detail
        before, now = _two(
            self._desk.exchange.candles(instrument.symbol, INTERVALS_NS[interval], limit=2)
        )
        if stream.state.candle is not None and before is not None:
            if now.open_ns != stream.state.candle.open_ns == before.open_ns:
                event = market_events.kline(self._desk, instrument, interval, before, closed=True)
                self._say(stream, event)
            if _same_trades(now, stream.state.candle):
                return
        stream.state.candle = now
        self._say(
            stream,
            market_events.kline(self._desk, instrument, interval, now, closed=False),
        )

    def _say(self, stream: _Stream, event: dict[str, Json]) -> None:
        stream.say(event["e"], dumps(event), event["s"])


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
