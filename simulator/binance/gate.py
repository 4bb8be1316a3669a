"""Rate limits as the venue enforces them: weight per IP, orders per account, bans that grow."""

from __future__ import annotations

from dataclasses import dataclass

import simpy

from simulator.binance.errors import Problem
from simulator.binance.settings import ORDERS, REQUEST_WEIGHT, Settings
from simulator.exchange.behaviour import LimitRule
from simulator.exchange.limits import RateLimiter

_S = 1_000_000_000
_UNITS = ((86_400, "DAY"), (3_600, "HOUR"), (60, "MINUTE"), (1, "SECOND"))


def _interval_of(rule: LimitRule) -> tuple[str, int]:
    """The rule's interval as exchangeInfo has it: `("SECOND", 10)`."""
    seconds = max(1, rule.interval_ns // _S)
    for size, name in _UNITS:
        if seconds % size == 0:
            return name, seconds // size
    return "SECOND", seconds


def _interval_text(rule: LimitRule) -> str:
    name, count = _interval_of(rule)
    return name if count == 1 else f"{count} {name}"


def _interval_suffix(rule: LimitRule) -> str:
    """`10s` or `1m`, as in the names of headers."""
    name, count = _interval_of(rule)
    return f"{count}{name[0].lower()}"


@dataclass(slots=True)
class _Offender:
    """An IP that went over its limit."""

    refused: int = 0
    window: int = -1
    bans: int = 0
    banned_until_ns: int = 0


class Gate:
    """Counts each request and refuses what is over a limit."""

    def __init__(
        self, env: simpy.Environment, rules: tuple[LimitRule, ...], settings: Settings
    ) -> None:
        self._env = env
        self._settings = settings
        self._weights = [(r, RateLimiter(env, [r])) for r in rules if r.name == REQUEST_WEIGHT]
        self._orders = [(r, RateLimiter(env, [r])) for r in rules if r.name == ORDERS]
        self._offenders: dict[str, _Offender] = {}
        self.weight_used = 0
        """By all clients together, since it was made."""
        self._weight_headers = [
            f"x-mbx-used-weight-{_interval_suffix(rule)}" for rule, _ in self._weights
        ]
        self._order_headers = [
            f"x-mbx-order-count-{_interval_suffix(rule)}" for rule, _ in self._orders
        ]

    @property
    def _now_ns(self) -> int:
        return self._env.now  # type: ignore[return-value]

    def admit(self, ip: str, weight: int) -> dict[str, str]:
        """Counts a request's weight and returns the headers that tell of it.

        Raises 418 for a banned IP and 429 for one that is over its limit; who goes on after so
        many of the latter is banned. A request without weight shows -1, as the venue does.
        """
        offender = self._offenders.get(ip)
        if offender is not None and offender.banned_until_ns > self._now_ns:
            raise self._banned(offender)
        self.weight_used += weight
        if weight == 0:
            return dict.fromkeys(self._weight_headers, "-1")
        headers: dict[str, str] = {}
        exceeded = None
        for (_, limiter), header in zip(self._weights, self._weight_headers, strict=True):
            usage = limiter.spend(REQUEST_WEIGHT, ip, weight)
            headers[header] = str(usage.used)
            if usage.exceeded:
                exceeded = usage
        if exceeded is not None:
            offender = self._offenders.setdefault(ip, _Offender())
            window = self._now_ns // exceeded.rule.interval_ns
            if window != offender.window:
                offender.window, offender.refused = window, 0
            offender.refused += 1
            if offender.refused > self._settings.ban_after:
                self._ban(offender)
                raise self._banned(offender)
            headers.update(self._retry_after(exceeded.resets_in_ns))
            raise Problem.TOO_MANY_REQUESTS.error(headers, limit=exceeded.limit)
        return headers

    def admit_orders(self, account: str, short: int, long: int) -> dict[str, str]:
        """Counts orders of an account: `short` in windows below a minute, `long` in the others.

        Raises 429 with -1015, which comes without a Retry-After.
        """
        headers: dict[str, str] = {}
        exceeded = None
        for (rule, limiter), header in zip(self._orders, self._order_headers, strict=True):
            units = short if rule.interval_ns < 60 * _S else long
            usage = limiter.spend(ORDERS, account, units)
            headers[header] = str(usage.used)
            if usage.exceeded and exceeded is None:
                exceeded = usage
        if exceeded is not None:
            raise Problem.TOO_MANY_ORDERS.error(
                headers, limit=exceeded.limit, interval=_interval_text(exceeded.rule)
            )
        return headers

    def _ban(self, offender: _Offender) -> None:
        settings = self._settings
        length_ns = settings.ban_first_ns * settings.ban_growth**offender.bans
        offender.bans += 1
        offender.refused = 0
        offender.banned_until_ns = self._now_ns + min(length_ns, settings.ban_longest_ns)

    def _banned(self, offender: _Offender) -> Exception:
        until_ns = offender.banned_until_ns
        return Problem.BANNED.error(
            self._retry_after(until_ns - self._now_ns), until_ms=until_ns // 1_000_000
        )

    def _retry_after(self, wait_ns: int) -> dict[str, str]:
        # Rounded up: who waits that long must be let in.
        return {"retry-after": str(-(-wait_ns // _S))} if self._settings.retry_after else {}

    def order_limits(self) -> list[dict[str, object]]:
        """The ORDERS limits as `GET rateLimit/order` and exchangeInfo list them."""
        return [_listed(rule) for rule, _ in self._orders]

    def limits(self) -> list[dict[str, object]]:
        """All limits as exchangeInfo lists them."""
        return [_listed(rule) for rule, _ in self._weights] + self.order_limits()

    def usage(self, ip: str, account: str) -> list[dict[str, object]]:
        """All limits with what is used of them, as the WebSocket API tells them."""
        rows = [
            _listed(rule) | {"count": limiter.used(REQUEST_WEIGHT, ip, rule.interval_ns)}
            for rule, limiter in self._weights
        ]
        rows += [
            _listed(rule) | {"count": limiter.used(ORDERS, account, rule.interval_ns)}
            for rule, limiter in self._orders
            if account
        ]
        return rows


def _listed(rule: LimitRule) -> dict[str, object]:
    interval, count = _interval_of(rule)
    return {
        "rateLimitType": rule.name,
        "interval": interval,
        "intervalNum": count,
        "limit": rule.limit,
    }
