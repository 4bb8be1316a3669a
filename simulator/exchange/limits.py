"""Rate limits: units spent per key in aligned or sliding windows."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import simpy

from simulator.exchange.behaviour import LimitRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How one rule stands after units were spent under it."""

    used: int
    """Units in the window, with those just spent."""
    limit: int
    exceeded: bool
    """Whether the request has to be refused."""
    resets_in_ns: int
    """Until the aligned window ends, or until the refused units would fit a sliding one."""
    rule: LimitRule


class _Aligned:
    """Units in the current window; windows start at multiples of the interval."""

    __slots__ = ("index", "spent")

    def __init__(self) -> None:
        self.index = -1
        self.spent = 0

    def used(self, rule: LimitRule, now_ns: int) -> int:
        return self.spent if self.index == now_ns // rule.interval_ns else 0

    def spend(self, rule: LimitRule, units: int, now_ns: int) -> Usage:
        index = now_ns // rule.interval_ns
        if index != self.index:
            self.index, self.spent = index, 0
        self.spent += units
        return Usage(
            used=self.spent,
            limit=rule.limit,
            exceeded=self.spent > rule.limit,
            resets_in_ns=(index + 1) * rule.interval_ns - now_ns,
            rule=rule,
        )


class _Sliding:
    """Units of the last interval, each kept until it is as old as the interval."""

    __slots__ = ("spends", "total")

    def __init__(self) -> None:
        self.spends: deque[tuple[int, int]] = deque()
        self.total = 0

    def used(self, rule: LimitRule, now_ns: int) -> int:
        while self.spends and self.spends[0][0] <= now_ns - rule.interval_ns:
            self.total -= self.spends.popleft()[1]
        return self.total

    def spend(self, rule: LimitRule, units: int, now_ns: int) -> Usage:
        used = self.used(rule, now_ns) + units
        exceeded = used > rule.limit
        if not exceeded:
            self.spends.append((now_ns, units))
            self.total = used
        return Usage(
            used=used,
            limit=rule.limit,
            exceeded=exceeded,
            resets_in_ns=self._resets_in_ns(rule, used - rule.limit, now_ns),
            rule=rule,
        )

    def _resets_in_ns(self, rule: LimitRule, excess: int, now_ns: int) -> int:
        """Until `excess` units have left; at least until the oldest has."""
        leaves_ns = now_ns
        for spent_ns, units in self.spends:
            leaves_ns = spent_ns + rule.interval_ns
            excess -= units
            if excess <= 0:
                break
        return leaves_ns - now_ns


class RateLimiter:
    """Counts what each key spends under each rule, and says when a request is one too many.

    Under an aligned rule what is refused counts as well: a client that goes on is seen to go on,
    and the window ends for it all the same. Under a sliding rule it does not: otherwise a client
    that goes on would never get through again.
    """

    def __init__(self, env: simpy.Environment, rules: Sequence[LimitRule]) -> None:
        self._env = env
        self._rules: dict[str, list[LimitRule]] = {}
        for rule in rules:
            if rule.interval_ns <= 0:
                raise ValueError(
                    f"limit {rule.name}: interval must be above 0 ns, was {rule.interval_ns}"
                )
            self._rules.setdefault(rule.name, []).append(rule)
        self._counters: dict[tuple[str, int, str], _Aligned | _Sliding] = {}

    def rules(self, name: str) -> tuple[LimitRule, ...]:
        """The rules of that name, as written."""
        return tuple(self._rules.get(name, ()))

    def spend(self, name: str, key: str, units: int = 1) -> Usage:
        """Spend `units` of `key` under every rule called `name`.

        Returns the standing under the exceeded rule that takes longest to reset, or under the
        rule with the least room left where none is exceeded. Raises KeyError for a name without
        rules.
        """
        now_ns = int(self._env.now)
        tightest: Usage | None = None
        for index, rule in enumerate(self._rules[name]):
            usage = self._counter(name, index, key, rule).spend(rule, units, now_ns)
            if tightest is None or _tighter(usage, tightest):
                tightest = usage
        assert tightest is not None  # a name is there because a rule has it
        return tightest

    def used(self, name: str, key: str, interval_ns: int) -> int:
        """Units of `key` in the current window of the rule called `name` with that interval."""
        now_ns = int(self._env.now)
        for index, rule in enumerate(self._rules.get(name, ())):
            if rule.interval_ns == interval_ns:
                return self._counter(name, index, key, rule).used(rule, now_ns)
        raise KeyError(f"no limit {name} with an interval of {interval_ns} ns")

    def _counter(self, name: str, index: int, key: str, rule: LimitRule) -> _Aligned | _Sliding:
        place = (name, index, key)
        counter = self._counters.get(place)
        if counter is None:
            counter = self._counters[place] = _Aligned() if rule.aligned else _Sliding()
        return counter


def _tighter(one: Usage, other: Usage) -> bool:
    if one.exceeded != other.exceeded:
        return one.exceeded
    if one.exceeded:
        return one.resets_in_ns > other.resets_in_ns
    return one.used * other.limit > other.used * one.limit
