"""When prices act: each market's changes of price, as long as they concern anybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import simpy

from simulator.exchange.facts import PriceFact
from simulator.exchange.market import NEVER_NS, Market


class Ticks:
    """Schedules one change of price after the other in each market that is of concern.

    A market is, while somebody has an open order in it or listens to its prices. The others are
    left alone: their prices are read off the path when they are asked for.
    """

    def __init__(
        self,
        env: simpy.Environment,
        markets: Mapping[str, Market],
        move: Callable[[Market], None],
    ) -> None:
        self._env = env
        self._markets = markets
        self._move = move
        self._listeners: list[Callable[[PriceFact], None]] = []
        self._callbacks = {
            symbol: partial(self._tick, market) for symbol, market in markets.items()
        }
        self._started = False

    def start(self) -> None:
        """Let prices act from the next change on."""
        self._started = True
        for market in self._markets.values():
            market.settled_until_ns = market.next_change_ns(int(self._env.now))
            self.arm(market)

    def listen(self, callback: Callable[[PriceFact], None]) -> None:
        """Tell the facts of every market."""
        for market in self._markets.values():
            self.settle(market)
        self._listeners.append(callback)
        for market in self._markets.values():
            self.arm(market)

    def watch(self, market: Market, callback: Callable[[PriceFact], None]) -> None:
        """Tell the facts of one market."""
        self.settle(market)
        market.watchers.append(callback)
        self.arm(market)

    def arm(self, market: Market) -> None:
        """Schedule the market's next change of price if it is of concern."""
        if market.armed or not self._started or not self._concerns(market):
            return
        now_ns = int(self._env.now)
        due_ns = market.next_change_ns(now_ns)
        if due_ns >= NEVER_NS:
            return
        market.armed = True
        tick = self._env.timeout(due_ns - now_ns)
        assert tick.callbacks is not None  # only a processed event has none
        tick.callbacks.append(self._callbacks[market.symbol])

    def settle(self, market: Market) -> None:
        """Let the price of now act, if it has not yet.

        Requests do so first: whether a request or the tick of the same moment comes first in the
        event queue must not matter.
        """
        now_ns = int(self._env.now)
        if now_ns < market.settled_until_ns:
            return
        market.settled_until_ns = market.next_change_ns(now_ns)
        if self._started and self._concerns(market):
            self._act(market, now_ns)

    def turn(self, market: Market) -> None:
        """Let a price act that was set just now, and look anew for the next change."""
        market.settled_until_ns = int(self._env.now)
        self.settle(market)
        self.arm(market)

    def _concerns(self, market: Market) -> bool:
        return bool(market.waiting or market.resting or market.watchers or self._listeners)

    def _tick(self, market: Market, _: simpy.Event) -> None:
        market.armed = False
        self.settle(market)
        self.arm(market)

    def _act(self, market: Market, now_ns: int) -> None:
        if self._listeners or market.watchers:
            fact = PriceFact(time_ns=now_ns, symbol=market.symbol)
            for listener in tuple(self._listeners):
                listener(fact)
            for watcher in tuple(market.watchers):
                watcher(fact)
        if market.waiting or market.resting:
            self._move(market)
