"""Listen keys: one per account, alive for an hour after the last POST or PUT."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import simpy

from simulator.binance.errors import Problem

_LETTERS = string.ascii_letters + string.digits


class ListenKeys:
    """Makes, extends and ends the keys.

    `on_made(key)` hears of each new one, `on_expiry(account, key)` of those that ran out.
    """

    def __init__(
        self,
        env: simpy.Environment,
        rng: random.Random,
        life_ns: int,
        on_expiry: Callable[[str, str], None],
        on_made: Callable[[str], None],
    ) -> None:
        self._env = env
        self._rng = rng
        self._life_ns = life_ns
        self._on_expiry = on_expiry
        self._on_made = on_made
        self._keys: dict[str, str] = {}
        self._accounts: dict[str, str] = {}
        self._ends_ns: dict[str, int] = {}
        self.all: list[str] = []
        """Every key ever made, for redaction."""

    def start(self, account: str) -> str:
        """The account's key: the one it has, extended, or a new one."""
        key = self._keys.get(account)
        if key is None:
            key = "".join(self._rng.choices(_LETTERS, k=64))
            self._keys[account] = key
            self._accounts[key] = account
            self.all.append(key)
            self._on_made(key)
            self._env.process(self._expire(key))
        self._ends_ns[key] = self._now_ns + self._life_ns
        return key

    def extend(self, account: str) -> str:
        """Gives the account's key its full life again. Raises -1125 when it has none."""
        key = self._keys.get(account)
        if key is None:
            raise Problem.NO_LISTEN_KEY.error()
        self._ends_ns[key] = self._now_ns + self._life_ns
        return key

    def end(self, account: str) -> None:
        """Ends the account's key, if it has one; its streams fall silent."""
        key = self._keys.pop(account, None)
        if key is not None:
            del self._accounts[key]
            del self._ends_ns[key]

    def account_of(self, key: str) -> str | None:
        """Whose living key it is."""
        return self._accounts.get(key)

    @property
    def _now_ns(self) -> int:
        return self._env.now  # type: ignore[return-value]

    def _expire(self, key: str) -> simpy.events.ProcessGenerator:
        """Waits out the key's life, which a PUT moves on; ends early when it was deleted."""
        while (end_ns := self._ends_ns.get(key)) is not None:
            if self._now_ns >= end_ns:
                account = self._accounts[key]
                self.end(account)
                self._on_expiry(account, key)
                return
            yield self._env.timeout(end_ns - self._now_ns)
