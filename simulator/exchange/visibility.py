"""When a fact can be seen through which window.

A venue answers queries from copies of its books that follow the matching engine late: an order
that exists may not be found yet, a filled one may still be listed as open. Each window is such a
copy, and its lag is drawn anew for every value that is published to it.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import simpy

from simulator.exchange.behaviour import LagRule, matches
from simulator.randomness import Streams


class _Entry:
    """The values of one key that may still be asked for: the visible one, then those to come."""

    __slots__ = ("final_ns", "values")

    def __init__(self, *first: tuple[int, Any]) -> None:
        self.values: deque[tuple[int, Any]] = deque(first)
        self.final_ns: int | None = None

    def settle(self, now_ns: int) -> None:
        values = self.values
        while len(values) > 1 and values[1][0] <= now_ns:
            values.popleft()


class _Window:
    """One window: the rules that concern it, last written first, and its entries."""

    __slots__ = ("entries", "finals", "rules", "sequence", "stream")

    def __init__(self, rules: tuple[LagRule, ...], stream: str) -> None:
        self.rules = rules
        self.stream = stream
        self.entries: dict[Hashable, Any] = {}
        self.finals: list[tuple[int, int, Hashable]] = []
        self.sequence = 0


class Visibility:
    """Windows over the model's facts, each with its own lag.

    Lags are drawn from the stream `<name>.visibility.<window>`. A window that no rule concerns
    keeps the latest value of a key and nothing else.
    """

    def __init__(
        self,
        env: simpy.Environment,
        rules: Sequence[LagRule],
        streams: Streams,
        name: str,
    ) -> None:
        self._env = env
        self._rules = tuple(rules)
        self._streams = streams
        self._name = name
        self._windows: dict[str, _Window] = {}

    def add(self, rules: Sequence[LagRule]) -> None:
        """Further rules, as if written after the others."""
        self._rules = (*self._rules, *rules)
        now_ns = int(self._env.now)
        for name, view in self._windows.items():
            concerning = self._concerning(name)
            if concerning and not view.rules:
                view.entries = {key: _Entry((now_ns, each)) for key, each in view.entries.items()}
            view.rules = concerning

    def lagged(self, window: str) -> bool:
        """Whether any rule concerns the window; if none does, its reader may read the truth."""
        return bool(self._window(window).rules)

    def draw_lag_ns(self, window: str, symbol: str) -> int:
        """One lag for a fact of `symbol` that happens now, for who delivers it himself."""
        return self._draw(self._window(window), symbol)

    def publish(
        self,
        window: str,
        key: Hashable,
        value: Any,
        *,
        symbol: str,
        lag_ns: int | None = None,
        final: bool = False,
    ) -> None:
        """Show `value` in the window after the drawn lag, or after `lag_ns` where that is given.

        It never shows before an earlier value of the same key. A `final` value is the key's last:
        the key leaves the window at the moment at which the value would show.
        """
        view = self._window(window)
        if not view.rules:
            if final:
                view.entries.pop(key, None)
            else:
                view.entries[key] = value
            return
        now_ns = int(self._env.now)
        self._forget_finals(view, now_ns)
        at_ns = now_ns + (self._draw(view, symbol) if lag_ns is None else lag_ns)
        entry = view.entries.get(key)
        if entry is None:
            entry = view.entries[key] = _Entry()
        elif entry.values and entry.values[-1][0] > at_ns:
            at_ns = entry.values[-1][0]
        entry.settle(now_ns)
        entry.values.append((at_ns, value))
        entry.final_ns = None
        if final:
            entry.final_ns = at_ns
            view.sequence += 1
            heapq.heappush(view.finals, (at_ns, view.sequence, key))

    def seen(self, window: str, key: Hashable, default: Any = None) -> Any:
        """The latest value of `key` that is visible now, or `default`."""
        view = self._window(window)
        if not view.rules:
            return view.entries.get(key, default)
        entry = view.entries.get(key)
        if entry is None:
            return default
        now_ns = int(self._env.now)
        entry.settle(now_ns)
        at_ns, value = entry.values[0]
        if at_ns > now_ns or (entry.final_ns is not None and entry.final_ns <= now_ns):
            return default
        return value

    def seen_all(self, window: str) -> Iterator[Any]:
        """The latest visible value of each key, keys in the order of their first publication."""
        view = self._window(window)
        if not view.rules:
            yield from tuple(view.entries.values())
            return
        now_ns = int(self._env.now)
        self._forget_finals(view, now_ns)
        for entry in tuple(view.entries.values()):
            entry.settle(now_ns)
            at_ns, value = entry.values[0]
            if at_ns <= now_ns:
                yield value

    def hides(self, window: str, key: Hashable) -> bool:
        """Whether a value of `key` was published and none of them is visible yet."""
        view = self._window(window)
        if not view.rules:
            return False
        entry = view.entries.get(key)
        return entry is not None and entry.values[0][0] > int(self._env.now)

    def _window(self, window: str) -> _Window:
        view = self._windows.get(window)
        if view is None:
            view = _Window(self._concerning(window), f"{self._name}.visibility.{window}")
            self._windows[window] = view
        return view

    def _concerning(self, window: str) -> tuple[LagRule, ...]:
        return tuple(rule for rule in reversed(self._rules) if matches(rule.window, window))

    def _draw(self, view: _Window, symbol: str) -> int:
        now_ns = int(self._env.now)
        for rule in view.rules:
            if (rule.symbol is None or rule.symbol == symbol) and rule.span.holds(now_ns):
                return rule.lag.draw_ns(self._streams[view.stream])
        return 0

    def _forget_finals(self, view: _Window, now_ns: int) -> None:
        finals = view.finals
        while finals and finals[0][0] <= now_ns:
            _, _, key = heapq.heappop(finals)
            entry = view.entries.get(key)
            if entry is not None and entry.final_ns is not None and entry.final_ns <= now_ns:
                del view.entries[key]
