"""Public streams of the linear market: who gets which topic, and when it speaks."""

from __future__ import annotations

from simulator.bybit.desk import Desk
from simulator.bybit.market_data import INTERVALS_NS
from simulator.bybit.public_events import Feed, Klines, OrderBook, Tickers, Trades
from simulator.wire.connections import Message, StreamConnection, Wire
from simulator.wire.subscriptions import Stream, Subscriptions


class PublicStreams:
    """Takes the connections' subscriptions; a new subscriber gets the snapshot first."""

    def __init__(self, wire: Wire, desk: Desk) -> None:
        self._desk = desk
        settings = desk.settings
        self._depth_paces_ns = {
            "1": settings.orderbook_1_interval_ns,
            "50": settings.orderbook_50_interval_ns,
            "200": settings.orderbook_200_interval_ns,
            "1000": settings.orderbook_1000_interval_ns,
        }
        self._subscriptions: Subscriptions[Feed] = Subscriptions(wire, desk.exchange, _speak)

    def knows(self, topic: str) -> bool:
        """Whether there is such a topic; case counts."""
        kind, detail, symbol = _parts(topic)
        if symbol not in self._desk.exchange.instruments:
            return False
        match kind:
            case "orderbook":
                return detail in self._depth_paces_ns
            case "kline":
                return detail in INTERVALS_NS
        return not detail and kind in ("tickers", "publicTrade", "allLiquidation")

    def subscribe(self, connection: StreamConnection, topic: str) -> None:
        """From now on the connection gets the topic, which is a known one."""
        stream = self._subscriptions.join(connection, topic, lambda: self._make(topic))
        if stream is None:
            return
        snapshot = stream.state.snapshot()
        if snapshot is not None:
            connection.push(Message(stream.state.event, stream.symbol, topic, snapshot))

    def unsubscribe(self, connection: StreamConnection, topic: str) -> None:
        self._subscriptions.leave(connection, topic)

    def _make(self, topic: str) -> Stream[Feed] | None:
        kind, detail, symbol = _parts(topic)
        instrument, settings = self._desk.exchange.instruments[symbol], self._desk.settings
        feed: Feed
        match kind:
            case "tickers":
                feed = Tickers(self._desk, instrument, topic)
                pace_ns = settings.ticker_interval_ns
            case "orderbook":
                feed = OrderBook(self._desk, instrument, topic, depth=int(detail))
                pace_ns = self._depth_paces_ns[detail]
            case "publicTrade":
                feed = Trades(self._desk, instrument, topic)
                pace_ns = settings.trade_interval_ns
            case "kline":
                feed = Klines(self._desk, instrument, topic, interval=detail)
                pace_ns = settings.kline_interval_ns
            case _:
                return None  # allLiquidation: nobody is liquidated here
        return Stream(name=topic, symbol=symbol, pace_ns=pace_ns, state=feed)


def _speak(stream: Stream[Feed]) -> None:
    for text in stream.state.turn():
        stream.say(stream.state.event, text)


def _parts(topic: str) -> tuple[str, str, str]:
    """`orderbook.50.BTCUSDT` in three; in `tickers.BTCUSDT` the middle is empty."""
    kind, _, rest = topic.partition(".")
    detail, _, symbol = rest.rpartition(".")
    return kind, detail, symbol
