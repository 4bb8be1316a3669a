"""What the public traded: volumes, candles, the 24-hour ticker and the trade tape.

Nothing of it is recorded; all of it follows from the price path and the time, so it is there for
the time before the run too and takes no memory. The volume is a rising function of time, of which
every window takes its part: minutes add up to hours. Clients' own fills are not part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.exchange.exact import eight_decimals
from simulator.exchange.instruments import Instrument
from simulator.exchange.marketdata import Candle, MarketTrade, Ticker
from simulator.exchange.orders import Side
from simulator.exchange.prices import Quotes, Range
from simulator.exchange.walk import SECOND_NS

_MINUTE_NS = 60 * SECOND_NS
_DAY_NS = 86_400 * SECOND_NS
_WEEK_NS = 7 * _DAY_NS
_FIRST_MONDAY_NS = 4 * _DAY_NS  # the epoch was a Thursday; weekly candles open on Mondays
_MINUTES_PER_DAY = 1440
_MILLION = 1_000_000
_UNEVENNESS = 800_000
"""Millionths of a minute's volume that may fall into the minute before or after it."""
_MASK = (1 << 64) - 1


def _mixed(number: int) -> int:
    """64 well-mixed bits of a number (splitmix64)."""
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


def on_tick(price: Decimal, tick: Decimal) -> Decimal:
    """`price` on the nearest tick, and at least one tick."""
    ticks = (price / tick).to_integral_value()
    return ticks * tick if ticks > 0 else tick


@dataclass(frozen=True, slots=True)
class Tape:
    """The public tape of one market."""

    instrument: Instrument
    quotes: Quotes
    daily_volume: Decimal
    seed: int

    def ticker(self, now_ns: int) -> Ticker:
        """The 24 hours up to `now_ns`, this moment included."""
        start_ns, end_ns = now_ns - _DAY_NS, now_ns + 1
        prices = self._range(start_ns, end_ns)
        base, quote, trades = self._volumes(prices, start_ns, end_ns)
        return Ticker(
            symbol=self.instrument.symbol,
            open=prices.open,
            high=prices.high,
            low=prices.low,
            last=prices.close,
            base_volume=base,
            quote_volume=quote,
            trades=trades,
            open_ns=start_ns,
            close_ns=now_ns,
        )

    def candles(
        self,
        interval_ns: int,
        start_ns: int | None,
        end_ns: int | None,
        limit: int,
        now_ns: int,
    ) -> list[Candle]:
        """As `Exchange.candles`."""
        if interval_ns <= 0:
            raise ValueError(f"candle interval must be above 0 ns, was {interval_ns}")
        origin_ns = _FIRST_MONDAY_NS if interval_ns % _WEEK_NS == 0 else 0
        latest_ns = now_ns if end_ns is None else min(end_ns, now_ns)
        last = (latest_ns - origin_ns) // interval_ns
        if start_ns is None:
            first = last - limit + 1
        else:
            first = -((origin_ns - start_ns) // interval_ns)
            last = min(last, first + limit - 1)
        return [
            self._candle(origin_ns + index * interval_ns, interval_ns, now_ns)
            for index in range(first, last + 1)
        ]

    def trades(self, limit: int, now_ns: int) -> list[MarketTrade]:
        """The last `limit` trades up to `now_ns`: one a second, at the price of that time."""
        second = now_ns // SECOND_NS
        if self._trade_ns(second) > now_ns:
            second -= 1
        return [self._trade(each) for each in range(second - limit + 1, second + 1)]

    def _candle(self, open_ns: int, interval_ns: int, now_ns: int) -> Candle:
        end_ns = min(open_ns + interval_ns, now_ns + 1)
        prices = self._range(open_ns, end_ns)
        base, quote, trades = self._volumes(prices, open_ns, end_ns)
        return Candle(
            open_ns=open_ns,
            close_ns=open_ns + interval_ns,
            open=prices.open,
            high=prices.high,
            low=prices.low,
            close=prices.close,
            base_volume=base,
            quote_volume=quote,
            trades=trades,
        )

    def _range(self, start_ns: int, end_ns: int) -> Range:
        prices = self.quotes.range(start_ns, end_ns)
        tick = self.instrument.tick_size
        return Range(*(on_tick(price, tick) for price in prices))

    def _volumes(self, prices: Range, start_ns: int, end_ns: int) -> tuple[Decimal, Decimal, int]:
        base = self._traded(end_ns) - self._traded(start_ns)
        return base, eight_decimals(base * sum(prices) / 4), self._count(end_ns, start_ns)

    def _count(self, end_ns: int, start_ns: int) -> int:
        return self._trades_before(end_ns) - self._trades_before(start_ns)

    def _trades_before(self, now_ns: int) -> int:
        second = now_ns // SECOND_NS
        return second + (self._trade_ns(second) < now_ns)

    def _traded(self, now_ns: int) -> Decimal:
        """Base volume of all time before `now_ns`, in whole quantity steps."""
        minute, passed_ns = divmod(now_ns, _MINUTE_NS)
        here, there = self._minutes(minute), self._minutes(minute + 1)
        minutes = here + (there - here) * passed_ns // _MINUTE_NS
        step = self.instrument.step_size
        steps_per_day = int(self.daily_volume / step)
        return step * (steps_per_day * minutes // (_MINUTES_PER_DAY * _MILLION))

    def _minutes(self, minute: int) -> int:
        """Millionths of an average minute's volume traded before that minute, unevenly."""
        return minute * _MILLION + _mixed(self.seed ^ minute) % _UNEVENNESS

    def _trade_ns(self, second: int) -> int:
        return second * SECOND_NS + _mixed(self.seed + 2 * second) % SECOND_NS

    def _trade(self, second: int) -> MarketTrade:
        time_ns = self._trade_ns(second)
        traded = self._traded((second + 1) * SECOND_NS) - self._traded(second * SECOND_NS)
        return MarketTrade(
            trade_id=second,
            symbol=self.instrument.symbol,
            price=on_tick(self.quotes.price_at(time_ns), self.instrument.tick_size),
            quantity=max(traded, self.instrument.step_size),
            side=Side.BUY if _mixed(self.seed - second) & 1 else Side.SELL,
            time_ns=time_ns,
        )
