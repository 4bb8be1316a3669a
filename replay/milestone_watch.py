"""Milestones of a run: read off what the bot logs, while it logs it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from replay.result import Milestone

if TYPE_CHECKING:
    from collections.abc import Collection

    from replay.logs.milestones import MilestonePatterns
    from simulator import World


class MilestoneWatch:
    """Recognises milestones in what bots log for people to see, as they log them."""

    def __init__(self, patterns: MilestonePatterns, world: World, hosts: Collection[str]) -> None:
        """`hosts` are those that a bot, or a part of one, runs on."""
        self._world = world
        self._hosts = hosts
        self._patterns = patterns
        self.found: list[Milestone] = []
        world.log_listeners.append(self._hear)

    def _hear(self, record: logging.LogRecord) -> None:
        world = self._world
        if world.current is None or world.current.name not in self._hosts:
            return
        host = world.current.name
        if not logging.getLogger(record.name).isEnabledFor(record.levelno):
            return
        text = world.trace.redact(record.getMessage())
        match = self._patterns.find(text, record.name)
        if match is None:
            return
        world.trace.record("milestone", host, name=match.name, **match.groups)
        self.found.append(
            Milestone(
                name=match.name,
                time_ns=world.env.now,
                host=host,
                text=text,
                groups=match.groups,
            )
        )
