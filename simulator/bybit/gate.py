"""Rate limits as the venue enforces them: requests per IP, and per account and endpoint."""

from __future__ import annotations

from collections.abc import Sequence

import simpy

from simulator.bybit.errors import Problem
from simulator.bybit.settings import IP, LIMITS, Settings
from simulator.exchange.behaviour import LimitRule
from simulator.exchange.limits import RateLimiter

_MS = 1_000_000


class Gate:
    """Counts each request and refuses what is over a limit."""

    def __init__(
        self, env: simpy.Environment, rules: Sequence[LimitRule], settings: Settings
    ) -> None:
        """`rules` take the place of the venue's own of the same name."""
        given = [rule.name for rule in rules]
        own = [rule for rule in LIMITS if rule.name not in given]
        self._env = env
        self._limiter = RateLimiter(env, [*rules, *own])
        self._ip_ban_ns = settings.ip_ban_ns
        self._banned_until_ns: dict[str, int] = {}
        self.weight_used = 0
        """By all clients together, since it was made."""

    @property
    def _now_ns(self) -> int:
        return self._env.now  # type: ignore[return-value]

    def admit(self, ip: str) -> None:
        """Counts a request of an IP.

        Raises 403, which is no JSON, for one that goes over its limit, and for every request in
        the time after that; that these prolong it nobody has written.
        """
        if self._banned_until_ns.get(ip, 0) > self._now_ns:
            raise Problem.IP_LIMIT.error()
        self.weight_used += 1
        if self._limiter.spend(IP, ip).exceeded:
            self._banned_until_ns[ip] = self._now_ns + self._ip_ban_ns
            raise Problem.IP_LIMIT.error()

    def admit_units(self, endpoint: str, account: str, units: int) -> tuple[int, dict[str, str]]:
        """Counts units of an account, and returns how many of them pass, with the headers.

        An endpoint without a rule has no limit and no headers.
        """
        rules = self._limiter.rules(endpoint)
        if not rules:
            return units, {}
        room = min(
            rule.limit - self._limiter.used(endpoint, account, rule.interval_ns) for rule in rules
        )
        admitted = min(units, max(0, room))
        if admitted:
            usage = self._limiter.spend(endpoint, account, admitted)
        if admitted < units:
            usage = self._limiter.spend(endpoint, account, units - admitted)
        reset_ns = self._now_ns + (usage.resets_in_ns if usage.exceeded else 0)
        return admitted, {
            "X-Bapi-Limit": str(usage.limit),
            "X-Bapi-Limit-Status": str(max(0, usage.limit - usage.used)),
            "X-Bapi-Limit-Reset-Timestamp": str(-(-reset_ns // _MS)),
        }
