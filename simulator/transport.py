"""What every transport of a host keeps and answers in the same way, whatever is at its far end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

_HIGH_WATER = 65_536
_LOW_WATER = _HIGH_WATER // 4


class HostTransport(asyncio.Transport):
    """Protocol, flow control and closing. Below it stand a simulated connection and a real one."""

    def __init__(self) -> None:
        super().__init__()
        self._protocol: asyncio.BaseProtocol | None = None
        self._high = _HIGH_WATER
        self._low = _LOW_WATER
        self._reading_paused = False
        self._writing_paused = False
        self._closing = False
        self._lost = False
        self._error: Exception | None = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        assert self._protocol is not None
        return self._protocol

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return not self._reading_paused and not self._closing

    def pause_reading(self) -> None:
        self._reading_paused = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if high is None:
            high = _HIGH_WATER if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._high, self._low = high, low

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))


def fill_buffers(protocol: asyncio.BufferedProtocol, data: bytes) -> None:
    """Gives data to a protocol that has buffers of its own, as many times as they take."""
    while data:
        buffer = protocol.get_buffer(len(data))
        size = min(len(buffer), len(data))  # type: ignore[arg-type]
        memoryview(buffer)[:size] = data[:size]
        protocol.buffer_updated(size)
        data = data[size:]
