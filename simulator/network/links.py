"""How long bytes travel between two hosts, and whether they travel at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulator.distributions import ZERO, Distribution

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class Link:
    """One direction from one host to another. Latency is drawn per write.

    While `held`, everything waits in order and leaves when the link is released, as TCP's
    retransmissions would have it: a segment is late, never lost.
    """

    source: str
    target: str
    latency: Distribution = ZERO
    held: bool = False
    waiting: list[Callable[[], Any]] = field(default_factory=list)

    @property
    def stream_name(self) -> str:
        return f"network.latency.{self.source}>{self.target}"


class Links:
    """The links of a world by the names under which hosts are addressed.

    A link to a name (`fstream.binance.com`) goes before one to the host that has the name.
    """

    def __init__(self) -> None:
        self._links: dict[tuple[str, str], Link] = {}

    def set(self, source: str, target: str, latency: Distribution) -> None:
        """Sets the latency of one direction."""
        link = self.exact(source, target)
        link.latency = latency

    def exact(self, source: str, target: str) -> Link:
        """The link of exactly these names, made when missing."""
        key = (source, target)
        if key not in self._links:
            self._links[key] = Link(source, target)
        return self._links[key]

    def find(self, source: tuple[str, ...], target: tuple[str, ...]) -> Link:
        """The link of the first pair of names that has one, else one without latency.

        Names come most specific first: the name that was asked for, then the host's own.
        """
        for from_name in source:
            for to_name in target:
                link = self._links.get((from_name, to_name))
                if link is not None:
                    return link
        return self.exact(source[-1], target[-1])
