"""Clock times and durations as people read them."""

from __future__ import annotations

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000


def clock_time(time_ns: int, utc_offset_s: int = 0) -> str:
    """The time of day, rounded to the millisecond: `22:34:12.246`."""
    ms = (time_ns + utc_offset_s * NS_PER_S + NS_PER_MS // 2) // NS_PER_MS % 86_400_000
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"


def milliseconds(duration_ns: int) -> str:
    """A signed difference with what is worth reading: `+0.4 ms`, `-12.0 ms`, `0 ms`."""
    if duration_ns == 0:
        return "0 ms"
    return f"{duration_ns / NS_PER_MS:+,.1f} ms"


def seconds(duration_ns: int) -> str:
    """A duration in seconds to the millisecond: `10.514 s`."""
    return f"{duration_ns / NS_PER_S:,.3f} s"
