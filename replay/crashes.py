"""Kills a bot's process where the scenario says, and counts what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from simulator.exchange.behaviour import matches

if TYPE_CHECKING:
    from scenarios.crashes import Crash
    from simulator import World
    from simulator.host import Host

_REQUEST_LINE = re.compile(rb"([A-Z]+) (/[^ ?]*)\S* HTTP/1\.1\r\n")


class Crashes:
    """Watches what the bot logs, sends and is answered, for as long as there is a rule left.

    Each rule counts for itself, over all lives of the bot, and fires once.
    """

    def __init__(
        self,
        rules: Sequence[Crash],
        world: World,
        host: Host,
        crashed: Callable[[Crash], None],
    ) -> None:
        """`rules` are those of the scenario, of which only this host's count; `crashed` is told of
        the rule right after the host has gone."""
        self._world = world
        self._host = host
        self._crashed = crashed
        self._rules = [
            _Rule(rule, number)
            for number, rule in enumerate(rules, start=1)
            if rule.host == host.name
        ]
        self._answering: dict[tuple[str, int], _Rule] = {}
        for rule in self._rules:
            if rule.asks.at is not None:
                self._wait_for(rule, rule.asks.at)
        if any(rule.asks.at is None for rule in self._rules):
            world.trace.listeners.append(self._hear)
        if any(rule.asks.when == "unsent" for rule in self._rules):
            host.on_write = self._about_to_send

    @property
    def fired(self) -> dict[str, int]:
        """How often each rule has fired, as faults are counted: 0 for those that never did."""
        return {f"{self._host.name}: {rule.name}": int(rule.fired) for rule in self._rules}

    def _wait_for(self, rule: _Rule, at_ns: int) -> None:
        env = self._world.env
        env.call_after(max(0, at_ns - env.now), lambda: self._fire(rule))

    def _hear(self, kind: str, host: str, fields: Mapping[str, Any]) -> None:
        """An entry of the trace."""
        match kind:
            case "request" if fields.get("client", self._host.name) == self._host.name:
                self._venue_has(host, fields)
            case "reply":
                rule = self._answering.pop((host, fields["id"]), None)
                if rule is not None:
                    self._fire(rule)
            case "milestone" if host == self._host.name:
                self._count(lambda asks: asks.milestone == fields["name"])
            case "log" if host == self._host.name:
                self._count(lambda asks: _is_record(asks, fields["logger"], fields["message"]))

    def _venue_has(self, venue: str, fields: Mapping[str, Any]) -> None:
        endpoint = f"{fields['method']} {fields['path']}"
        self._count(lambda asks: _is_request(asks, endpoint, None, "taken"))
        for rule in self._rules:
            if _is_request(rule.asks, endpoint, "answered") and rule.counts():
                self._answering[venue, fields["id"]] = rule

    def _about_to_send(self, data: bytes) -> None:
        """What the bot writes to a connection, before any of it leaves."""
        line = _REQUEST_LINE.match(data)
        if line is not None:
            endpoint = f"{line[1].decode()} {line[2].decode()}"
            self._count(lambda asks: _is_request(asks, endpoint, "unsent"))

    def _count(self, concerns: Callable[[Crash], bool]) -> None:
        for rule in self._rules:
            if concerns(rule.asks) and rule.counts():
                self._fire(rule)

    def _fire(self, rule: _Rule) -> None:
        if self._host.dead:
            return  # it cannot die twice; the rule has not fired
        rule.fired = True
        self._host.crash(rule.asks.told)
        self._crashed(rule.asks)


class _Rule:
    """One entry of the scenario, and what it has seen."""

    def __init__(self, asks: Crash, number: int) -> None:
        self.asks = asks
        self.name = f"crash {number} ({asks.told})"
        self.fired = False
        self._seen = 0

    def counts(self) -> bool:
        """One more of what it waits for; whether it is the one."""
        self._seen += 1
        return self._seen == (self.asks.nth or 1)


def _is_request(asks: Crash, endpoint: str, *moments: str | None) -> bool:
    return asks.request is not None and asks.when in moments and matches(asks.request, endpoint)


def _is_record(asks: Crash, logger: str, message: str) -> bool:
    wanted = asks.after_log
    if wanted is None or not fnmatchcase(logger, wanted.logger):
        return False
    return re.search(wanted.message, message) is not None
