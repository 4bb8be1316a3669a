"""Public streams: who has subscribed to what, and when each stream has its turn.

One simpy process per pace serves all symbols and all connections. A stream's text is made once
per moment, however many have subscribed to it; a pace that nobody listens to costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import simpy

from simulator.exchange.exchange import Exchange
from simulator.exchange.facts import PriceFact
from simulator.wire.connections import Message, StreamConnection, Wire

S = TypeVar("S")


@dataclass(slots=True, kw_only=True)
class Stream(Generic[S]):
    """A stream with at least one subscriber. `state` is what the venue keeps of it."""

    name: str
    symbol: str | None
    """None: all symbols together."""
    pace_ns: int
    """How often it may speak; 0 means at once when a price of its symbol changes."""
    state: S
    subscribers: dict[StreamConnection, None] = field(default_factory=dict)

    def say(self, event: str, text: str, symbol: str | None = None) -> None:
        """To every subscriber; `symbol` is the stream's own by default."""
        message = Message(event, symbol or self.symbol, self.name, text)
        for connection in tuple(self.subscribers):
            connection.push(message)


class Subscriptions(Generic[S]):
    """`turn` is called when a stream may speak."""

    def __init__(self, wire: Wire, exchange: Exchange, turn: Callable[[Stream[S]], None]) -> None:
        self._wire = wire
        self._exchange = exchange
        self._turn = turn
        self._streams: dict[str, Stream[S]] = {}
        self._by_pace: dict[int, dict[str, Stream[S]]] = {}
        self._watching: dict[str, dict[str, Stream[S]]] = {}
        """Streams that speak when a price changes, by symbol."""

    def join(
        self, connection: StreamConnection, name: str, make: Callable[[], Stream[S] | None]
    ) -> Stream[S] | None:
        """The stream, which the connection gets from now on; made by its first subscriber."""
        stream = self._streams.get(name)
        if stream is None:
            stream = make()
            if stream is None:
                return None
            self._streams[name] = stream
            self._open(stream)
        stream.subscribers[connection] = None
        return stream

    def leave(self, connection: StreamConnection, name: str) -> None:
        stream = self._streams.get(name)
        if stream is None:
            return
        stream.subscribers.pop(connection, None)
        if not stream.subscribers:
            del self._streams[name]
            self._close(stream)

    def _open(self, stream: Stream[S]) -> None:
        if stream.pace_ns:
            group = self._by_pace.get(stream.pace_ns)
            if group is None:
                group = self._by_pace[stream.pace_ns] = {}
                self._wire.env.process(self._speak(stream.pace_ns, group))
            group[stream.name] = stream
            return
        assert stream.symbol is not None  # only single symbols speak at once
        watching = self._watching.setdefault(stream.symbol, {})
        if not watching:
            self._exchange.watch(stream.symbol, self._price_changed)
        watching[stream.name] = stream

    def _close(self, stream: Stream[S]) -> None:
        if stream.pace_ns:
            del self._by_pace[stream.pace_ns][stream.name]
            return
        assert stream.symbol is not None
        watching = self._watching[stream.symbol]
        del watching[stream.name]
        if not watching:
            self._exchange.unwatch(stream.symbol, self._price_changed)

    def _price_changed(self, fact: PriceFact) -> None:
        for stream in tuple(self._watching[fact.symbol].values()):
            self._turn(stream)

    def _speak(self, pace_ns: int, group: dict[str, Stream[S]]) -> simpy.events.ProcessGenerator:
        """Gives every stream of the pace its turn, at whole multiples of it."""
        env = self._wire.env
        while group:
            yield env.timeout(pace_ns - self._wire.now_ns % pace_ns)
            for stream in tuple(group.values()):
                self._turn(stream)
        # With nobody left the process ends; the next subscriber starts another.
        del self._by_pace[pace_ns]
