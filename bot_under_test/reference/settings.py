"""Everything that can be set about the bot, checked when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from bot_under_test.reference.defects import Defect, defects_of
from bot_under_test.reference.postgres_tables import SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """An API key of one venue; neither part shows in a repr."""

    api_key: str = field(repr=False)
    secret: str = field(repr=False)


_OCTOBER: Mapping[str, object] = {
    "order_status_delay_s": 0.5,
    "own_client_ids": False,
    "remembers_openings": False,
    "rollback_reduce_only": False,
    "rollback_close_attempts": 1,
    "guard_interval_s": 300.0,
    "guard_protects": False,
    "keeps_room": False,
    "order_timeout_s": None,
    "honours_retry_after": False,
    "corrects_clock": False,
    "answers_pings": False,
    "heartbeat_s": None,
    "request_timeout_s": 10.0,
}

_OCTOBER_12: Mapping[str, object] = {
    **_OCTOBER,
    "row_before_order": True,
    "follows_entry": False,
    "wave_limit_per_venue": False,
    "wave_buffer_percent": 50.0,
}

WAYS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "2025-10-12": _OCTOBER_12,
        "2025-10-12-single-log": _OCTOBER_12,
        "2025-10-28": {**_OCTOBER, "order_status_first": False},
        "2025-10-28-three-fixes": {**_OCTOBER, "order_status_first": False},
        "2025-10-29": _OCTOBER,
        "2025-10-29-attribute-access": _OCTOBER,
        "current": {},
    }
)
"""How a version went about things where that was no defect with a name: other defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The defaults are those of the version `current`; see `WAYS` for the others."""

    version: str = "current"
    defects: frozenset[Defect] = frozenset()
    credentials: Mapping[str, Credentials] = field(default_factory=dict)
    """By venue: `binance`, `bybit`; the bot trades on those that it has keys for."""
    database: str = ":memory:"
    """A file of SQLite, or a URL of Postgres."""
    database_schema: str = SCHEMA
    """Where the tables are in a Postgres."""
    first_position_id: int = 1
    tracked_symbols: tuple[str, ...] = ()
    """Symbols that the bot tracks from before it was started."""

    # what a position looks like
    leverage: int = 1
    usdt_size: float = 6.0
    """The size of a signal that names no quantity."""
    stop_loss_percent: float = 2.0
    trailing_percent: float = 2.5
    trailing_step_percent: float = 0.5
    """The trailing stop follows when it can move by so much of the price."""

    # opening
    row_before_order: bool = False
    """Write the row, `pending_entry`, before the order is sent."""
    follows_entry: bool = True
    """Register a placeholder, query the order and verify the position before stops are placed."""
    keeps_room: bool = True
    """Begin an opening only when all of it fits into the venue's rate limit."""
    opening_room: int = 150
    """So much of Binance's request weight: 40 when all goes well, and a rollback asks for positions
    20 times."""
    order_fetch_delay_s: float = 0.1
    bybit_order_fetch_delay_s: float = 0.5
    order_fetch_attempts: int = 5
    order_fetch_growth: float = 1.5
    own_client_ids: bool = True
    """Give orders ids of the bot's own, by which one is found again when its reply is lost."""
    remembers_openings: bool = True
    """Write down what is about to be sent, and ask for it after a crash; needs own ids."""
    lost_order_delay_s: float = 0.5
    """Before the first look for an order whose reply never came; grows like the above."""

    # verification
    order_status_first: bool = True
    """Ask order status, WebSocket, REST in this order; else WebSocket, order status, REST."""
    order_status_delay_s: float = 0.0
    verification_timeout_s: float = 10.0
    verification_delay_s: float = 0.5
    verification_growth: float = 1.5
    verification_longest_delay_s: float = 2.0
    quantity_tolerance: float = 0.01
    diagnostics: bool = False
    """Log every order status query before and after, and what it raises, at WARNING and ERROR."""

    # rollback
    rollback_reduce_only: bool = True
    rollback_close_attempts: int = 3
    rollback_polls: int = 20
    rollback_checks: int = 10
    rollback_delay_s: float = 1.0

    # stop-loss
    stop_attempts: int = 5
    stop_delay_s: float = 0.5
    stop_growth: float = 1.5

    # waves
    signal_server: str = ""
    """URL of the server that signals come from; empty: they are handed over."""
    signal_token: str = field(default="", repr=False)
    wave_minutes: tuple[int, ...] = (3, 18, 33, 48)
    """Minutes of the hour at which the wave of the quarter hour before is looked for."""
    wave_search_s: float = 120.0
    wave_poll_s: float = 1.0
    wave_limit: int = 5
    wave_limit_per_venue: bool = True
    """Else one limit for all venues together."""
    wave_buffer: int = 3
    """How many signals more than the limit are taken up."""
    wave_buffer_percent: float | None = None
    """The same as a share of the limit, rounded down."""
    wave_pause_s: float = 1.0
    """After an opening that succeeded."""
    stop_list: tuple[str, ...] = ()
    """Symbols that are never opened."""

    # what watches over it all
    guard_interval_s: float = 30.0
    """How often positions are compared with rows and resting stops; 0: never."""
    guard_protects: bool = True
    """Whether a position without a stop gets one; else what nobody knew is only written down."""
    guard_retry_s: float = 2.0
    """How soon again while a position is unprotected."""

    # the wire
    request_timeout_s: float = 5.0
    order_timeout_s: float | None = 1.5
    """How long the reply to an order is waited for; None: as long as any other."""
    honours_retry_after: bool = True
    corrects_clock: bool = True
    """After -1021, ask the venue for its time and send the request again."""
    answers_pings: bool = True
    """Whether pings of the server on the user stream are answered (aiohttp does it by itself)."""
    heartbeat_s: float | None = 15.0
    """How often the streams ping the server; one that does not answer is reconnected."""
    stream_url: str = "wss://fstream.binance.com"
    bybit_stream_url: str = "wss://stream.bybit.com"
    bybit_ping_interval_s: float = 20.0
    routed_streams: bool = False
    """Use the `/private` and `/market` paths, without which the venue has been silent."""
    reconnect_delay_s: float = 1.0
    reconnect_longest_delay_s: float = 60.0
    listen_key_keepalive_s: float = 1800.0
    stream_start_timeout_s: float = 10.0

    @classmethod
    def read(cls, values: Mapping[str, object]) -> Settings:
        """From plain values, with `add_defects` and `remove_defects` beside the fields.

        Raises ValueError for an unknown name, version or defect, and for a value of another type.
        """
        given = dict(values)
        version = str(given.pop("version", "current"))
        defects = defects_of(
            version,
            _names(given.pop("add_defects", ())),
            _names(given.pop("remove_defects", ())),
        )
        credentials = _credentials(given.pop("credentials", {}))
        ways = WAYS[version]
        kinds = {each.name: each for each in fields(cls)}
        checked: dict[str, Any] = {**ways}
        for name, value in given.items():
            if name not in kinds or name == "defects":
                raise ValueError(f"there is no setting {name!r}; choose among {', '.join(kinds)}")
            checked[name] = _as_kind(name, str(kinds[name].type), value)
        return cls(version=version, defects=defects, credentials=credentials, **checked)


def _as_kind(name: str, kind: str, value: object) -> object:
    match kind, value:
        case "tuple[str, ...]", (list() | tuple()) as several:
            return tuple(str(each) for each in several)
        case "tuple[int, ...]", (list() | tuple()) as several:
            return tuple(int(each) for each in several)
        case "bool", bool():
            return value
        case "int", int() if not isinstance(value, bool):
            return value
        case (("float" | "float | None"), (int() | float())) if not isinstance(value, bool):
            return float(value)
        case "float | None", None:
            return None
        case "str", str():
            return value
    raise ValueError(f"setting {name} must be of type {kind}, was {value!r}")


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, (list, tuple, frozenset, set)):
        raise ValueError(f"add_defects and remove_defects must be lists of names, was {value!r}")
    return tuple(sorted(str(getattr(each, "value", each)) for each in value))


def _credentials(value: object) -> dict[str, Credentials]:
    if not isinstance(value, Mapping):
        raise ValueError("credentials must be a mapping {venue: {api_key, secret}}")
    return {
        str(venue): Credentials(api_key=str(each["api_key"]), secret=str(each["secret"]))
        for venue, each in value.items()
    }
