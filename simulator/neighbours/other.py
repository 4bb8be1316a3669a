"""A protocol nobody here knows: a reply has begun with its first byte and ends with silence."""

from __future__ import annotations


class OtherConversation:
    """A reply is owed from the guest's bytes on until the neighbour has sent some and is quiet."""

    ending = False
    listening = True

    def __init__(self) -> None:
        self.owed = False
        self._begun = False

    def sent(self, data: bytes) -> None:
        """Whatever is sent asks for a reply."""
        self.owed = True
        self._begun = False

    def received(self, data: bytes) -> None:
        """A reply begins."""
        self._begun = True

    def quiet(self) -> bool:
        """Silence ends what has begun."""
        if not (self.owed and self._begun):
            return False
        self.owed = False
        return True
