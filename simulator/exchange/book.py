"""The depth around a market's price: what is on offer, and what was taken from it."""

from __future__ import annotations

from collections import deque
from decimal import ROUND_DOWN, Decimal

from simulator.exchange.instruments import Instrument
from simulator.exchange.listings import BookShape
from simulator.exchange.marketdata import Level
from simulator.exchange.orders import Side

_ZERO = Decimal(0)


class Depth:
    """Levels made from the shape and the last price, less what was taken and is not back yet.

    What is taken is remembered by its price: a book that moves away and returns within the refill
    time still misses it.
    """

    def __init__(self, shape: BookShape, instrument: Instrument) -> None:
        self._shape = shape
        self._tick = instrument.tick_size
        self._refill_ns = shape.refill_ns
        self._half = instrument.tick_size * (shape.spread_ticks // 2)
        self._spread = instrument.tick_size * shape.spread_ticks
        step = instrument.step_size
        self._ladder: list[tuple[Decimal, Decimal]] = []
        quantity = shape.quantity
        for index in range(shape.levels):
            distance = instrument.tick_size * shape.step_ticks * index
            steps = (quantity / step).to_integral_value(ROUND_DOWN)
            self._ladder.append((distance, max(steps, Decimal(1)) * step))
            quantity *= shape.growth
        self._taken: dict[tuple[Side, Decimal], Decimal] = {}
        self._returns: deque[tuple[int, Side, Decimal, Decimal]] = deque()
        self._last = _ZERO
        self._middle = self._bid = self._ask = _ZERO
        self.changes = 0
        """How often something was taken."""

    def middle(self, last: Decimal) -> Decimal:
        """The price around which the book lies when the last price is `last`."""
        if last is not self._last:
            self._last = last
            middle = last
            if self._shape.offset:
                ticks = (last * (1 + self._shape.offset) / self._tick).to_integral_value()
                middle = max(ticks, Decimal(1)) * self._tick
            self._middle = middle
            self._bid = middle - self._half
            self._ask = self._bid + self._spread
        return self._middle

    def levels(self, side: Side, last: Decimal, now_ns: int, count: int) -> tuple[Level, ...]:
        """Up to `count` levels that a taker of `side` finds, best first; asks for a buyer."""
        self.middle(last)
        self._return_due(now_ns)
        best, sign = (self._ask, 1) if side is Side.BUY else (self._bid, -1)
        found: list[Level] = []
        for distance, quantity in self._ladder:
            if len(found) == count:
                break
            price = best + sign * distance
            left = quantity - self._taken.get((side, price), _ZERO)
            if price > 0 and left > 0:
                found.append((price, left))
        return tuple(found)

    def walk(
        self,
        side: Side,
        quantity: Decimal,
        limit: Decimal,
        last: Decimal,
        now_ns: int,
        *,
        resting: bool = False,
    ) -> list[Level]:
        """What an order of `side` up to `quantity` gets at `limit` or better, level by level.

        For a `resting` order the counterparties come to the price: their best one trades at the
        middle of the book, the next ones as much further as their levels lie apart.
        """
        middle = self.middle(last)
        self._return_due(now_ns)
        buying = side is Side.BUY
        best = self._ask if buying else self._bid
        if resting:
            limit += best - middle
        taken = self._taken
        found: list[Level] = []
        for distance, offered in self._ladder:
            price = best + distance if buying else best - distance
            if (price > limit if buying else price < limit) or price <= 0:
                break
            left = offered - taken[side, price] if (side, price) in taken else offered
            if left <= 0:
                continue
            if left >= quantity:
                found.append((price, quantity))
                break
            found.append((price, left))
            quantity -= left
        return found

    def take(self, side: Side, price: Decimal, quantity: Decimal, now_ns: int) -> None:
        """A taker of `side` takes `quantity` at the level `price`."""
        self.changes += 1
        if self._refill_ns == 0:
            return
        level = (side, price)
        self._taken[level] = self._taken.get(level, _ZERO) + quantity
        self._returns.append((now_ns + self._refill_ns, side, price, quantity))

    def _return_due(self, now_ns: int) -> None:
        returns = self._returns
        while returns and returns[0][0] <= now_ns:
            _, side, price, quantity = returns.popleft()
            left = self._taken[side, price] - quantity
            if left:
                self._taken[side, price] = left
            else:
                del self._taken[side, price]
