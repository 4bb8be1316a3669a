"""A geometric random walk over all of time, in integers: the same on every machine.

Levels are whole multiples of 1e-12 of the level at the origin; no float enters a step, so no
machine's `exp` or `log` can move a digit. From the origin on, the walk steps every interval. Its
past is walked backwards, in steps of at least 15 s for two days and of 15 min before that: enough
for the candles that a client asks for at its start, and cheap.

Steps come in chunks, each with its own random stream. What is kept of a chunk is where it starts
and how far it reaches; the last few are kept whole. So memory grows by three numbers in 1,024
steps, and any price of any time can be had again.
"""

from __future__ import annotations

import math
import random
import struct
from array import array

SECOND_NS = 1_000_000_000
_NEAR_PAST_NS = 2 * 86_400 * SECOND_NS
_NEAR_STEP_NS = 15 * SECOND_NS
_FAR_STEP_NS = 900 * SECOND_NS
_CHUNK = 1024
CHUNKS_KEPT = 4
_SCALE = 10**12
_TOP = 9 * 10**18  # of an array("q")
_LARGEST_SIGMA = 0.1  # of one step, so that no step can reach zero


class _Tier:
    """A walk away from a known level, step 0, in one direction of time."""

    __slots__ = ("_chunks", "_gain", "_seed", "_starts", "_summaries")

    def __init__(self, seed: int, start: int, sigma_per_step: float) -> None:
        self._seed = seed
        # The sum of four uniform 32-bit numbers has a standard deviation of 2**32 / sqrt(3).
        self._gain = round(min(sigma_per_step, _LARGEST_SIGMA) * math.sqrt(3) * _SCALE)
        self._starts = [start]
        self._summaries: list[tuple[int, int]] = []
        self._chunks: dict[int, array[int]] = {}

    def level(self, step: int) -> int:
        index, place = divmod(step, _CHUNK)
        chunk = self._chunks.get(index)
        return (self._chunk(index) if chunk is None else chunk)[place]

    def extremes(self, first: int, last: int) -> tuple[int, int]:
        """Highest and lowest level of the steps from `first` to `last`, both included."""
        high, low = 0, _TOP
        while first <= last:
            index, place = divmod(first, _CHUNK)
            stop = min(last - index * _CHUNK, _CHUNK - 1) + 1
            if place == 0 and stop == _CHUNK:
                chunk_high, chunk_low = self._summary(index)
            else:
                part = self._chunk(index)[place:stop]
                chunk_high, chunk_low = max(part), min(part)
            high, low = max(high, chunk_high), min(low, chunk_low)
            first = (index + 1) * _CHUNK
        return high, low

    def _summary(self, index: int) -> tuple[int, int]:
        if index >= len(self._summaries):
            self._chunk(index)
        return self._summaries[index]

    def _chunk(self, index: int) -> array[int]:
        chunk = self._chunks.get(index)
        if chunk is not None:
            return chunk
        for earlier in range(len(self._summaries), index):
            self._generate(earlier)
        chunk = self._generate(index)
        while len(self._chunks) >= CHUNKS_KEPT:
            del self._chunks[next(iter(self._chunks))]
        self._chunks[index] = chunk
        return chunk

    def _generate(self, index: int) -> array[int]:
        rng = random.Random((self._seed << 64) + index)
        bits = rng.getrandbits(128 * _CHUNK).to_bytes(16 * _CHUNK, "little")
        numbers = iter(struct.unpack(f"<{4 * _CHUNK}I", bits))
        gain = self._gain
        level = self._starts[index]
        levels = array("q")
        for one, two, three, four in zip(numbers, numbers, numbers, numbers, strict=True):
            levels.append(level)
            change = (one + two + three + four - 2 * 0xFFFFFFFF) * gain >> 32
            level += level * change // _SCALE
            if not 0 < level < _TOP:
                level = min(max(level, 1), _TOP - 1)
        if index == len(self._summaries):
            self._starts.append(level)
            self._summaries.append((max(levels), min(levels)))
        return levels


class Walk:
    """Levels by time. `SCALE` is the level at `origin_ns`."""

    SCALE = _SCALE

    def __init__(self, *, seed: int, sigma: float, interval_ns: int, origin_ns: int) -> None:
        near_ns, far_ns = max(interval_ns, _NEAR_STEP_NS), max(interval_ns, _FAR_STEP_NS)
        near_steps = max(1, _NEAR_PAST_NS // near_ns)
        self._interval_ns, self._near_ns, self._far_ns = interval_ns, near_ns, far_ns
        self._origin_ns = origin_ns
        self._border_ns = origin_ns - near_steps * near_ns
        self._near_steps = near_steps
        self._sigma, self._seed = sigma, seed
        self._future = _Tier(3 * seed, _SCALE, self._per_step(interval_ns))
        self._near = _Tier(3 * seed + 1, _SCALE, self._per_step(near_ns))
        self._far: _Tier | None = None

    def level_at(self, now_ns: int) -> int:
        since_ns = now_ns - self._origin_ns
        if since_ns >= 0:
            return self._future.level(since_ns // self._interval_ns)
        if now_ns >= self._border_ns:
            return self._near.level(-(since_ns // self._near_ns))
        return self._far_tier().level(-((now_ns - self._border_ns) // self._far_ns))

    def next_change_ns(self, now_ns: int) -> int:
        if now_ns >= self._origin_ns:
            start_ns, step_ns = self._origin_ns, self._interval_ns
        elif now_ns >= self._border_ns:
            start_ns, step_ns = self._origin_ns, self._near_ns
        else:
            start_ns, step_ns = self._border_ns, self._far_ns
        return start_ns + ((now_ns - start_ns) // step_ns + 1) * step_ns

    def extremes(self, start_ns: int, end_ns: int) -> tuple[int, int]:
        """Highest and lowest level from `start_ns` up to, but without, `end_ns`."""
        origin_ns, border_ns = self._origin_ns, self._border_ns
        found: list[tuple[int, int]] = []
        if end_ns > origin_ns:
            first = (max(start_ns, origin_ns) - origin_ns) // self._interval_ns
            last = (end_ns - 1 - origin_ns) // self._interval_ns
            found.append(self._future.extremes(first, last))
        if start_ns < origin_ns and end_ns > border_ns:
            first = -((min(end_ns, origin_ns) - 1 - origin_ns) // self._near_ns)
            last = -((max(start_ns, border_ns) - origin_ns) // self._near_ns)
            found.append(self._near.extremes(first, last))
        if start_ns < border_ns:
            first = -((min(end_ns, border_ns) - 1 - border_ns) // self._far_ns)
            last = -((start_ns - border_ns) // self._far_ns)
            found.append(self._far_tier().extremes(first, last))
        return max(high for high, _ in found), min(low for _, low in found)

    def _far_tier(self) -> _Tier:
        if self._far is None:
            start = self._near.level(self._near_steps)
            self._far = _Tier(3 * self._seed + 2, start, self._per_step(self._far_ns))
        return self._far

    def _per_step(self, step_ns: int) -> float:
        return self._sigma * math.sqrt(step_ns / SECOND_NS)
