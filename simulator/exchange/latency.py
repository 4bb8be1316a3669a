"""Time the exchange itself takes over a request, apart from the network's."""

from __future__ import annotations

from collections.abc import Sequence

import simpy

from simulator.distributions import Distribution
from simulator.exchange.behaviour import LatencyRule, matches
from simulator.randomness import Streams


class Latency:
    """Delays before the exchange acts on a request and before it replies.

    Drawn from the streams `<name>.latency.request` and `<name>.latency.reply`. Of several rules
    that match, the last one written that says something about that half wins.
    """

    def __init__(
        self,
        env: simpy.Environment,
        rules: Sequence[LatencyRule],
        streams: Streams,
        name: str,
    ) -> None:
        self._env = env
        self._rules = tuple(reversed(rules))
        self._streams = streams
        self._request_stream = f"{name}.latency.request"
        self._reply_stream = f"{name}.latency.reply"
        self._by_endpoint: dict[str, tuple[tuple[LatencyRule, ...], tuple[LatencyRule, ...]]] = {}

    def add(self, rules: Sequence[LatencyRule]) -> None:
        """Further rules, as if written after the others."""
        self._rules = (*reversed(rules), *self._rules)
        self._by_endpoint.clear()

    def request_ns(self, endpoint: str, symbol: str | None = None) -> int:
        """Delay before the request is acted on, in nanoseconds."""
        for rule in self._concerned(endpoint)[0]:
            if rule.request is not None and self._holds(rule, symbol):
                return self._draw(rule.request, self._request_stream)
        return 0

    def reply_ns(self, endpoint: str, symbol: str | None = None) -> int:
        """Delay between the act and the reply, in nanoseconds."""
        for rule in self._concerned(endpoint)[1]:
            if rule.reply is not None and self._holds(rule, symbol):
                return self._draw(rule.reply, self._reply_stream)
        return 0

    def _draw(self, distribution: Distribution, stream: str) -> int:
        return distribution.draw_ns(self._streams[stream])

    def _holds(self, rule: LatencyRule, symbol: str | None) -> bool:
        return (rule.symbol is None or rule.symbol == symbol) and rule.span.holds(
            int(self._env.now)
        )

    def _concerned(self, endpoint: str) -> tuple[tuple[LatencyRule, ...], tuple[LatencyRule, ...]]:
        halves = self._by_endpoint.get(endpoint)
        if halves is None:
            rules = [rule for rule in self._rules if matches(rule.endpoint, endpoint)]
            halves = (
                tuple(rule for rule in rules if rule.request is not None),
                tuple(rule for rule in rules if rule.reply is not None),
            )
            self._by_endpoint[endpoint] = halves
        return halves
