"""Times, durations and decimals as people write them, exact to the nanosecond and the digit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from simulator.distributions import Distribution, Empirical, Fixed, LogNormal, Uniform

NS_PER_S = 1_000_000_000
_DAY_NS = 86_400 * NS_PER_S

_UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": NS_PER_S,
    "min": 60 * NS_PER_S,
    "h": 3_600 * NS_PER_S,
    "d": _DAY_NS,
}

_UNIT_NAMES = "ns, us, ms, s, min, h or d"
_DURATION = re.compile(r"([+-]?)(\d+(?:\.\d+)?) ?([A-Za-zµ]*)", re.ASCII)
_DURATION_CURE = "write a duration such as 350 ms"
_START = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_START_CURE = "write a time with its UTC offset, such as 2025-10-28T22:34:00+04:00"
_CLOCK = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?", re.ASCII)
_MOMENT_CURE = "write a time of day such as 22:34:11.543, or +12.5 s after the start"
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DISTRIBUTION_CURE = (
    "write a duration such as 350 ms, {uniform: [300 ms, 400 ms]}, "
    "{lognormal: {median: 350 ms, sigma: 0.3}} or {empirical: [[0.5, 300 ms], [1.0, 900 ms]]}"
)
_EPOCH = date(1970, 1, 1)


class Unusable(ValueError):
    """A value that cannot be used: the rule it breaks, and what to write instead.

    `path` leads from the value that was checked to the part of it that is wrong.
    """

    def __init__(self, rule: str, cure: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(f"{rule}; {cure}" if cure else rule)
        self.rule = rule
        self.cure = cure
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The moment a scenario begins, and the local time it is told in."""

    text: str
    ns: int
    """Nanoseconds since the epoch."""
    utc_offset_s: int

    @property
    def midnight_ns(self) -> int:
        """When the local day of the start began."""
        offset_ns = self.utc_offset_s * NS_PER_S
        return (self.ns + offset_ns) // _DAY_NS * _DAY_NS - offset_ns

    @property
    def date(self) -> date:
        """The local day of the start."""
        return _EPOCH + timedelta(days=(self.ns + self.utc_offset_s * NS_PER_S) // _DAY_NS)


def parse_duration(value: object, *, signed: bool = False, positive: bool = False) -> int:
    """`350 ms` as nanoseconds; below 0 only with `signed`, and not 0 with `positive`."""
    if not isinstance(value, str):
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            raise Unusable("must have a unit", f"write {value} ms or {value} s")
        raise Unusable("must be a duration", _DURATION_CURE)
    found = _DURATION.fullmatch(value.strip())
    if found is None:
        raise Unusable("must be a number and a unit", _DURATION_CURE)
    sign, number, unit = found.groups()
    if not unit:
        raise Unusable("must have a unit", f"write {value} ms or {value} s")
    if unit not in _UNITS_NS:
        raise Unusable(f"must be in {_UNIT_NAMES}", _DURATION_CURE)
    exact = Decimal(number) * _UNITS_NS[unit]
    length_ns = int(exact)
    if length_ns != exact:
        raise Unusable("must be whole nanoseconds", "round it")
    if sign == "-":
        length_ns = -length_ns
    if length_ns < 0 and not signed:
        raise Unusable("must be >= 0", _DURATION_CURE)
    if length_ns <= 0 and positive:
        raise Unusable("must be > 0", _DURATION_CURE)
    return length_ns


def parse_signed_duration(value: object) -> int:
    """`-350 ms` as nanoseconds."""
    return parse_duration(value, signed=True)


def parse_start(value: object) -> Start:
    """`2025-10-28T22:34:00+04:00`, up to nine digits after the second."""
    found = _START.fullmatch(value) if isinstance(value, str) else None
    if found is None or not isinstance(value, str):
        raise Unusable("must be a time with a UTC offset", _START_CURE)
    day, hours, minutes, seconds, fraction, sign, off_hours, off_minutes = found.groups()
    try:
        midnight = datetime.fromisoformat(f"{day}T{hours}:{minutes}:{seconds or '00'}+00:00")
    except ValueError as error:
        raise Unusable("must be a day and time that exist", _START_CURE) from error
    offset_s = 0 if sign is None else _offset_s(value, sign, off_hours, off_minutes)
    days = (midnight.date() - _EPOCH).days
    day_ns = _clock_ns(hours, minutes, seconds, fraction)
    return Start(
        text=value, ns=days * _DAY_NS + day_ns - offset_s * NS_PER_S, utc_offset_s=offset_s
    )


def parse_moment(value: object, start: Start) -> int:
    """`22:34:11.543` or `+12.5 s` as nanoseconds since the epoch.

    A time of day means the day of the start, or the next one when it is earlier than the start.
    """
    if isinstance(value, str) and value.startswith("+"):
        return start.ns + parse_duration(value)
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Unusable("must be a moment", _MOMENT_CURE)
    hours, minutes, seconds, fraction = found.groups()
    if int(hours) > 23 or int(minutes) > 59 or int(seconds or 0) > 59:
        raise Unusable("must be a time of day that exists", _MOMENT_CURE)
    moment_ns = start.midnight_ns + _clock_ns(hours, minutes, seconds, fraction)
    return moment_ns if moment_ns >= start.ns else moment_ns + _DAY_NS


def parse_offset(value: object) -> int:
    """`+04:00` as seconds."""
    found = _OFFSET.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Unusable("must be a UTC offset", "write it as +04:00")
    return _offset_s(value, *found.groups())


def parse_date(value: object) -> date:
    """`2025-10-28`."""
    try:
        if isinstance(value, str) and len(value) == 10:
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise Unusable("must be a day that exists", "write it as 2025-10-28")


def parse_decimal(value: object) -> Decimal:
    """A number exactly as it is written, `0.01946` or `"0.01946"`."""
    match value:
        case bool() | float():
            pass
        case int():
            return Decimal(value)
        case Decimal() if value.is_finite():
            return value
        case str() if _DECIMAL.fullmatch(value):
            return Decimal(value)
    raise Unusable("must be a number", "write a decimal such as 0.01946")


def parse_distribution(value: object) -> Distribution:
    """A duration, or a mapping with one of `uniform`, `lognormal` and `empirical`."""
    if not isinstance(value, dict):
        return Fixed(parse_duration(value))
    if len(value) != 1:
        raise Unusable("must have exactly one key", _DISTRIBUTION_CURE)
    [(kind, shape)] = value.items()
    match kind:
        case "uniform":
            return _uniform(shape)
        case "lognormal":
            return _lognormal(shape)
        case "empirical":
            return _empirical(shape)
    raise Unusable("must be a known distribution", _DISTRIBUTION_CURE)


def _uniform(shape: object) -> Uniform:
    path = ("uniform",)
    if not isinstance(shape, list) or len(shape) != 2:
        cure = "write {uniform: [300 ms, 400 ms]}"
        raise Unusable("must be the lowest and the highest duration", cure, path)
    low_ns, high_ns = parse_duration(shape[0]), parse_duration(shape[1])
    if low_ns > high_ns:
        cure = f"write [{shape[1]}, {shape[0]}]"
        raise Unusable("the lowest must come first", cure, path)
    return Uniform(low_ns, high_ns)


def _lognormal(shape: object) -> LogNormal:
    path = ("lognormal",)
    if not isinstance(shape, dict) or sorted(shape) != ["median", "sigma"]:
        cure = "write {lognormal: {median: 350 ms, sigma: 0.3}}"
        raise Unusable("must have a median and a sigma", cure, path)
    sigma = parse_decimal(shape["sigma"])
    if not 0 <= sigma <= 5:
        cure = "0.3 spreads two thirds of the draws over a third around the median"
        raise Unusable("must be from 0 to 5", cure, (*path, "sigma"))
    return LogNormal(parse_duration(shape["median"]), float(sigma))


def _empirical(shape: object) -> Empirical:
    path = ("empirical",)
    pairs = isinstance(shape, list) and all(isinstance(p, list) and len(p) == 2 for p in shape)
    if not isinstance(shape, list) or not shape or not pairs:
        cure = "write {empirical: [[0.5, 300 ms], [1.0, 900 ms]]}"
        raise Unusable("must be pairs of a share and a duration", cure, path)
    shares = [parse_decimal(share) for share, _ in shape]
    lengths = [parse_duration(length) for _, length in shape]
    cure = "sort the pairs, and let the last share be 1.0"
    for index, (low, high) in enumerate(zip([Decimal(0), *shares], shares, strict=False)):
        if high <= low:
            place = (*path, index)
            raise Unusable("shares must ascend above 0", cure, place)
        if index and lengths[index] < lengths[index - 1]:
            place = (*path, index)
            raise Unusable("durations must not descend", cure, place)
    if shares[-1] != 1:
        place = (*path, len(shape) - 1)
        raise Unusable("shares must ascend to 1.0", cure, place)
    points = zip(shares, lengths, strict=True)
    return Empirical(tuple((float(share), length_ns) for share, length_ns in points))


def _clock_ns(hours: str, minutes: str, seconds: str | None, fraction: str | None) -> int:
    whole_s = int(hours) * 3_600 + int(minutes) * 60 + int(seconds or 0)
    return whole_s * NS_PER_S + int((fraction or "").ljust(9, "0"))


def _offset_s(value: object, sign: str, hours: str, minutes: str) -> int:
    if int(hours) > 14 or int(minutes) > 59:
        raise Unusable("must have a UTC offset that exists", "write it as +04:00")
    offset_s = int(hours) * 3_600 + int(minutes) * 60
    return -offset_s if sign == "-" else offset_s
