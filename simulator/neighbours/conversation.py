"""Whose turn it is on a connection to a neighbour."""

from __future__ import annotations

from typing import Protocol

from simulator.neighbours.other import OtherConversation
from simulator.neighbours.postgres import PostgresConversation, is_startup
from simulator.neighbours.redis import RedisConversation


class Conversation(Protocol):
    """Follows what both sides send, in pieces of any size, and knows who has to speak next."""

    @property
    def owed(self) -> bool:
        """Whether the neighbour owes a reply, or the rest of one."""

    @property
    def listening(self) -> bool:
        """Whether it may speak without having been asked: a subscription, a blocking command."""

    @property
    def ending(self) -> bool:
        """Whether the neighbour was asked to hang up, and only that is owed."""

    def sent(self, data: bytes) -> None:
        """The guest has sent this."""

    def received(self, data: bytes) -> None:
        """The neighbour has sent this."""

    def quiet(self) -> bool:
        """Nothing has come for a while; whether that ends a reply which was owed."""


def conversation_of(first: bytes) -> Conversation:
    """The one that a guest's first bytes begin."""
    if is_startup(first):
        return PostgresConversation()
    if first.startswith(b"*"):
        return RedisConversation()
    return OtherConversation()
