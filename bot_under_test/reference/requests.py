"""One request to a venue: who has to be silent, and whose clock is wrong."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import ccxt

from bot_under_test.reference.settings import Settings

logger = logging.getLogger("core.exchange_manager")

T = TypeVar("T")

_PAUSE_WITHOUT_WORD_S = 10.0
"""How long to be silent when the venue does not say how long: the shortest window of a limit.
A position may be waiting for its stop."""


_BANNED = re.compile(r"banned|\b403\b|access too frequent")
"""Tells a ban from a limit that was just reached."""


class PausedError(Exception):
    """Nothing is asked now: the venue has told this client to be silent for a while."""


class Requests:
    """Sends what `look` and `act` are given, and honours what the venue says about haste.

    `told_pause_s` reads from a reply's headers for how long to be silent; None: they do not say.
    """

    def __init__(
        self,
        settings: Settings,
        client: Any,
        too_many: tuple[type[Exception], ...],
        told_pause_s: Callable[[Mapping[str, str]], float | None],
    ) -> None:
        self._settings = settings
        self._client = client
        self._too_many = too_many
        self._told_pause_s = told_pause_s
        self._quiet_until_s = 0.0
        self._banned_until_s = 0.0
        self.on_headers: Callable[[Mapping[str, str]], None] = _nothing
        """Hears the headers of every reply that was no error."""

    async def look(self, call: Callable[..., Awaitable[T]], *args: object) -> T:
        """A question. It fails at once while the bot has to be silent: others may know."""
        if (silence_s := self.silence_s()) > 0:
            raise PausedError(f"the venue wants {silence_s:.1f} s more of silence")
        return await self.send(call, *args)

    async def act(self, call: Callable[..., Awaitable[T]], *args: object) -> T:
        """A deed. It waits until the bot may speak again."""
        while (silence_s := self.silence_s()) > 0:
            await asyncio.sleep(silence_s)
        return await self.send(call, *args)

    async def act_soon(self, call: Callable[..., Awaitable[T]], *args: object) -> T:
        """A deed that is worth nothing late: its reply is not waited for as long as others', and
        it is silent only for a ban, since orders weigh nothing."""
        timeout_s = self._settings.order_timeout_s
        if timeout_s is None:
            return await self.act(call, *args)
        loop = asyncio.get_running_loop()
        while (silence_s := self._banned_until_s - loop.time()) > 0:
            await asyncio.sleep(silence_s)
        async with asyncio.timeout(timeout_s):
            return await self.send(call, *args)

    async def send(self, call: Callable[..., Awaitable[T]], *args: object) -> T:
        """Once, or twice where the clock had to be set in between."""
        try:
            reply = await call(*args)
            self.on_headers(self.headers())
            return reply
        except self._too_many as error:
            if self._settings.honours_retry_after:
                self._be_silent(banned=_BANNED.search(str(error)) is not None)
            raise
        except ccxt.InvalidNonce:
            if not self._settings.corrects_clock:
                raise
        logger.warning("🕰️ The venue's clock shows another time; taking it over")
        await self._client.load_time_difference()
        return await call(*args)

    def silence_s(self) -> float:
        """For how much longer the venue wants to hear nothing; not above 0 when it does not."""
        return self._quiet_until_s - asyncio.get_running_loop().time()

    def headers(self) -> dict[str, str]:
        """Of the last reply, names in lower case."""
        found = self._client.last_response_headers or {}
        return {str(name).lower(): str(value) for name, value in found.items()}

    def _be_silent(self, *, banned: bool) -> None:
        told_s = self._told_pause_s(self.headers())
        pause_s = _PAUSE_WITHOUT_WORD_S if told_s is None else told_s
        now_s = asyncio.get_running_loop().time()
        self._quiet_until_s = max(self._quiet_until_s, now_s + pause_s)
        if banned:
            self._banned_until_s = self._quiet_until_s
        logger.warning("⏳ Too many requests: silent for %.1f s", pause_s)


def _nothing(_: Mapping[str, str]) -> None:
    """For whoever does not want to hear."""


def until_ms(moment_ms: float) -> float:
    """Seconds from now to a moment on the wall clock; never below 0."""
    return max(0.0, moment_ms / 1000 - time.time())
