"""Named, seeded random streams: one per purpose, so that one more draw here moves nothing there."""

from __future__ import annotations

import hashlib
import random


class Streams:
    """Random streams by name. The same seed and name give the same draws in any process."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._streams: dict[str, random.Random] = {}

    def __getitem__(self, name: str) -> random.Random:
        stream = self._streams.get(name)
        if stream is None:
            digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
            stream = self._streams[name] = random.Random(int.from_bytes(digest, "big"))
        return stream
