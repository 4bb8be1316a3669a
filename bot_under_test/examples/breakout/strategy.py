"""When to get in: a close beyond the channel, on the right side of the moving average."""

from collections import deque
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Candle:
    open_time: int
    high: Decimal
    low: Decimal
    close: Decimal

    @classmethod
    def from_rest(cls, row: list) -> "Candle":
        return cls(int(row[0]), Decimal(row[2]), Decimal(row[3]), Decimal(row[4]))

    @classmethod
    def from_stream(cls, k: dict) -> "Candle":
        return cls(int(k["t"]), Decimal(k["h"]), Decimal(k["l"]), Decimal(k["c"]))


class Breakout:
    def __init__(self, channel: int, ema: int) -> None:
        self._candles: deque[Candle] = deque(maxlen=channel)
        self._alpha = Decimal(2) / (ema + 1)
        self._ema: Decimal | None = None

    @property
    def warm(self) -> bool:
        return len(self._candles) == self._candles.maxlen

    def seen(self, candle: Candle) -> bool:
        """After a reconnect the stream repeats itself."""
        return bool(self._candles) and candle.open_time <= self._candles[-1].open_time

    def update(self, candle: Candle) -> str | None:
        """Takes a closed candle. BUY, SELL or None."""
        signal = None
        if self.warm and self._ema is not None:
            if candle.close > max(c.high for c in self._candles) and candle.close > self._ema:
                signal = "BUY"
            elif candle.close < min(c.low for c in self._candles) and candle.close < self._ema:
                signal = "SELL"
        self._candles.append(candle)
        previous = candle.close if self._ema is None else self._ema
        self._ema = previous + self._alpha * (candle.close - previous)
        return signal
