"""Milestones of a run: read off what the bot logs, while it logs it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from replay.result import Milestone
from replay.stage import BOT

if TYPE_CHECKING:
    from replay.logs.milestones import MilestonePatterns
    from simulator import World


class MilestoneWatch:
    """Recognises milestones in what the bot logs for people to see, as it logs them."""

    def __init__(self, patterns: MilestonePatterns, world: World) -> None:
        self._world = world
        self._patterns = patterns
        self.found: list[Milestone] = []
        world.log_listeners.append(self._hear)

    def _hear(self, record: logging.LogRecord) -> None:
        world = self._world
        if world.current is None or world.current.name != BOT:
            return
        if not logging.getLogger(record.name).isEnabledFor(record.levelno):
            return
        text = world.trace.redact(record.getMessage())
        match = self._patterns.find(text, record.name)
        if match is None:
            return
        world.trace.record("milestone", BOT, name=match.name, **match.groups)
        self.found.append(
            Milestone(
                name=match.name,
                time_ns=world.env.now,
                host=BOT,
                text=text,
                groups=match.groups,
            )
        )
