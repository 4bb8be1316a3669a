"""Faults: which request, message or connection goes wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import simpy

from simulator.exchange.behaviour import FaultRule, matches
from simulator.randomness import Streams


class _State:
    """One rule and what it has done: its matches are its own, whatever other rules do."""

    __slots__ = ("matched", "rule", "stream")

    def __init__(self, rule: FaultRule, stream: str) -> None:
        self.rule = rule
        self.stream = stream
        self.matched = 0


class Faults:
    """Matches what happens against the fault rules, counts, and says what fires.

    Every rule counts its own matches and draws its probability from its own stream
    `<name>.fault.<rule>`, also when another rule wins: adding one rule changes nothing about
    when the others would fire. Of several rules that would fire the last one written does; the
    others have not fired and keep their `times`.
    """

    def __init__(
        self,
        env: simpy.Environment,
        rules: Sequence[FaultRule],
        streams: Streams,
        name: str,
        on_fire: Callable[[FaultRule, str], None] | None = None,
    ) -> None:
        self._env = env
        self._streams = streams
        self._on_fire = on_fire
        self.fired: dict[str, int] = {}
        """How often each rule fired, by its name; 0 for those that never did."""
        self.enabled = True
        """Off: nothing matches, nothing is counted."""
        self._name = name
        self._states: list[_State] = []
        self._by_endpoint: dict[str, tuple[_State, ...]] = {}
        self.add(rules)

    def add(self, rules: Sequence[FaultRule]) -> None:
        """Further rules, as if written after the others; they count from now on.

        Raises ValueError for a name that another rule has.
        """
        names = list(self.fired)
        for rule in rules:
            if rule.name in names:
                raise ValueError(f"two fault rules are called {rule.name!r}: names must differ")
            names.append(rule.name)
        for rule in rules:
            self.fired[rule.name] = 0
            self._states.append(_State(rule, f"{self._name}.fault.{rule.name}"))
        self._by_endpoint.clear()

    def match(self, endpoint: str, symbol: str | None = None) -> FaultRule | None:
        """The rule that fires for this occurrence, or None; told to `on_fire` and counted.

        A rule that names a symbol does not match an occurrence without one.
        """
        if not self._states or not self.enabled:
            return None
        now_ns = int(self._env.now)
        winner: FaultRule | None = None
        for state in self._concerned(endpoint):
            rule = state.rule
            if rule.symbol is not None and rule.symbol != symbol:
                continue
            if rule.span.holds(now_ns) and self._would_fire(state):
                winner = rule
        if winner is not None:
            self.fired[winner.name] += 1
            if self._on_fire is not None:
                self._on_fire(winner, endpoint)
        return winner

    def _would_fire(self, state: _State) -> bool:
        rule = state.rule
        state.matched += 1
        if rule.nth is not None and state.matched not in rule.nth:
            return False
        # Drawn before `times` is looked at, so that the limit does not shift later draws.
        if rule.probability < 1.0 and self._streams[state.stream].random() >= rule.probability:
            return False
        return rule.times is None or self.fired[rule.name] < rule.times

    def _concerned(self, endpoint: str) -> tuple[_State, ...]:
        states = self._by_endpoint.get(endpoint)
        if states is None:
            states = tuple(
                state for state in self._states if matches(state.rule.endpoint, endpoint)
            )
            self._by_endpoint[endpoint] = states
        return states
