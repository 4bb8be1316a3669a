"""Waves: every quarter of an hour the best signals are opened, one after another, up to a limit."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot_under_test.reference.atomic_position_manager import Opened
from bot_under_test.reference.database import Database
from bot_under_test.reference.defects import Defect
from bot_under_test.reference.settings import Settings
from bot_under_test.reference.signal_client import SignalClient
from bot_under_test.reference.signals import Signal
from bot_under_test.reference.trader import Trader

logger = logging.getLogger("core.signal_processor_websocket")

_QUARTER_S = 900


@dataclass(slots=True)
class _Tally:
    """What has become of a wave so far."""

    counted: int = 0
    """Against the limit."""
    opened: int = 0
    failed: int = 0


class WaveProcessor:
    """Waits for waves, and works through each."""

    def __init__(
        self,
        settings: Settings,
        traders: Mapping[str, Trader],
        client: SignalClient,
        database: Database,
    ) -> None:
        self._settings = settings
        self._traders = traders
        self._client = client
        self._database = database

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(self._until_next_s())
            quarter_s = time.time() // _QUARTER_S * _QUARTER_S
            signals = await self._search(int(quarter_s * 1000))
            if signals:
                await self._work_through(signals)
            else:
                logger.warning("🌊 No wave of %s", _clock(quarter_s))

    def _until_next_s(self) -> float:
        """Until the next minute of the hour at which a wave is looked for."""
        now_s = time.time()
        into_hour_s = now_s % 3600
        ahead = [minute * 60 - into_hour_s for minute in self._settings.wave_minutes]
        return min(each if each > 0 else each + 3600 for each in ahead)

    async def _search(self, timestamp_ms: int) -> list[Signal]:
        """The signals of a quarter of an hour, as soon as the server has any."""
        settings = self._settings
        loop = asyncio.get_running_loop()
        until_s = loop.time() + settings.wave_search_s
        while True:
            found = [
                each for each in await self._client.signals() if each.timestamp_ms == timestamp_ms
            ]
            if found or loop.time() >= until_s:
                return found
            await asyncio.sleep(settings.wave_poll_s)

    async def _work_through(self, signals: Sequence[Signal]) -> None:
        best_first = sorted(signals, key=lambda each: -each.score)
        tally = _Tally()
        if self._settings.wave_limit_per_venue:
            for venue in self._traders:
                own = [each for each in best_first if each.venue == venue]
                if own:
                    await self._open(own, tally)
                    tally.counted = 0
        else:
            await self._open(best_first, tally)
        logger.info("🌊 Wave complete: %d positions opened, %d failed", tally.opened, tally.failed)
        self._database.log_event(
            "wave_completed",
            {"signals": len(signals), "opened": tally.opened, "failed": tally.failed},
        )

    async def _open(self, signals: Sequence[Signal], tally: _Tally) -> None:
        """One after another until the limit is reached, or the signals taken up are used up."""
        limit = self._settings.wave_limit
        taken_up = [each for each in signals[: limit + self._buffer()] if self._is_valid(each)]
        logger.info("🌊 Wave: %d of %d signals taken up", len(taken_up), len(signals))
        for signal in taken_up:
            if tally.counted >= limit:
                logger.info("🛑 Wave limit reached: %d/%d", tally.counted, limit)
                return
            logger.info("opened: %d/%d → %s", tally.counted, limit, signal.symbol)
            result = await self._traders[signal.venue].open(signal)
            if result is not Opened.STANDS:
                tally.failed += 1
                if result is Opened.LEFT and Defect.COUNTS_ONLY_SUCCESSES not in (
                    self._settings.defects
                ):
                    tally.counted += 1
                continue
            tally.opened += 1
            tally.counted += 1
            await asyncio.sleep(self._settings.wave_pause_s)

    def _buffer(self) -> int:
        percent = self._settings.wave_buffer_percent
        if percent is None:
            return self._settings.wave_buffer
        return int(self._settings.wave_limit * percent / 100)

    def _is_valid(self, signal: Signal) -> bool:
        """Whether it is worth trying; why not is logged."""
        symbol, trader = signal.symbol, self._traders.get(signal.venue)
        reason = ""
        if trader is None or not trader.exchange.lists(symbol):
            reason = f"{signal.venue} does not list it"
        elif symbol in self._settings.stop_list:
            reason = "it is on the stop list"
        elif trader.opener.is_duplicate(symbol):
            reason = "it is a duplicate"
        elif signal.quantity is None:
            size = signal.usdt_size or self._settings.usdt_size
            if size < (least := trader.exchange.minimum_cost(symbol)):
                reason = f"{size} USDT is below the venue's minimum of {least}"
        if reason:
            logger.info("⏭️ Signal %s skipped: %s: %s", signal.id, symbol, reason)
        return not reason


def _clock(seconds: float) -> str:
    return time.strftime("%H:%M", time.localtime(seconds))
