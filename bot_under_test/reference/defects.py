"""The defects that production versions of this bot had, by name, and which version had which.

A version is a set of defects: whoever switches one on or off alone learns what it did. Each is
asked for at one place in the code, as `if Defect.X in defects`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType


class Defect(Enum):
    """What went wrong, one decision each: its name, and what it does."""

    description: str

    def __new__(cls, name: str, description: str) -> Defect:
        made = object.__new__(cls)
        made._value_ = name
        made.description = description
        return made

    REGISTERS_AFTER_ORDER = (
        "registers_after_order",
        "The placeholder is registered after the order's reply: an event that beats it is dropped.",
    )
    PENDING_SKIPS_UPDATE = (
        "pending_skips_update",
        "An event for a placeholder is left before its quantity is stored.",
    )
    PENDING_READS_WRONG_KEYS = (
        "pending_reads_wrong_keys",
        "A placeholder reads `contracts` or `quantity`, the stream sends `size`: it stays at 0.",
    )
    NO_CACHED_POSITION = (
        "no_cached_position",
        "There is no cached position to ask for, and the WebSocket source is skipped in silence.",
    )
    WEBSOCKET_TRIED_WHEN_EMPTY = (
        "websocket_tried_when_empty",
        "The WebSocket source counts as tried after the first look, whatever it found.",
    )
    ORDER_RESULT_READ_AS_DICT = (
        "order_result_read_as_dict",
        '`.get("filled")` on a dataclass: AttributeError, every time.',
    )
    EXCEPTIONS_LOGGED_AT_DEBUG = (
        "exceptions_logged_at_debug",
        "What a source raises is logged at DEBUG, which level INFO hides.",
    )
    COMPARES_RAW_WITH_UNIFIED_SYMBOL = (
        "compares_raw_with_unified_symbol",
        "`SKL/USDT:USDT` is compared with `SKLUSDT`: never equal.",
    )
    FILTERS_POSITIONS_BY_RAW_SYMBOL = (
        "filters_positions_by_raw_symbol",
        "`SKLUSDT` is ccxt's filter: where a spot market has the same id, ccxt drops the row.",
    )
    FETCHES_ORDER_ONCE = (
        "fetches_order_once",
        "The new order is queried once; an order that is not yet visible is not asked for again.",
    )
    FETCH_ORDER_UNACKNOWLEDGED = (
        "fetch_order_unacknowledged",
        "ccxt refuses to query an order on a unified Bybit account, and the wrapper says None.",
    )
    REQUIRES_FILLED_STATUS = (
        "requires_filled_status",
        "A reply without a status, as Bybit's, is taken for a failed order.",
    )
    ROLLBACK_NEEDS_ENTRY_ORDER = (
        "rollback_needs_entry_order",
        "A failure before the entry order is known leaves nothing to roll back, and a position.",
    )
    ROLLBACK_USES_REPORTED_FILL = (
        "rollback_uses_reported_fill",
        "Rollback closes what the reply called filled: 0, where it said nothing.",
    )
    UNKNOWN_SIDE_CLOSES_BY_BUYING = (
        "unknown_side_closes_by_buying",
        "Rollback closes by the reply's side, and buys where it said none: longs double.",
    )
    COUNTS_ONLY_SUCCESSES = (
        "counts_only_successes",
        "A wave counts what succeeded, though what failed may have left a position.",
    )
    LOGS_CREATED_BEFORE_AND_AFTER = (
        "logs_created_before_and_after",
        "`position_created` is logged before the attempt and once more after its success.",
    )
    PLACEHOLDER_SURVIVES_ROLLBACK = (
        "placeholder_survives_rollback",
        "The placeholder stays after a rollback, and later signals for the symbol are duplicates.",
    )
    ACTIVE_BEFORE_STOP = (
        "active_before_stop",
        "The row is `active` before a stop-loss exists: a crash in between leaves it unprotected.",
    )


_OCTOBER_12_SINGLE_LOG = frozenset(
    {
        Defect.REQUIRES_FILLED_STATUS,
        Defect.ROLLBACK_USES_REPORTED_FILL,
        Defect.COUNTS_ONLY_SUCCESSES,
    }
)
_OCTOBER_12 = _OCTOBER_12_SINGLE_LOG | {Defect.LOGS_CREATED_BEFORE_AND_AFTER}
_OCTOBER_28 = frozenset(
    {
        Defect.REGISTERS_AFTER_ORDER,
        Defect.PENDING_SKIPS_UPDATE,
        Defect.NO_CACHED_POSITION,
        Defect.ORDER_RESULT_READ_AS_DICT,
        Defect.EXCEPTIONS_LOGGED_AT_DEBUG,
        Defect.COMPARES_RAW_WITH_UNIFIED_SYMBOL,
        Defect.FILTERS_POSITIONS_BY_RAW_SYMBOL,
        Defect.FETCHES_ORDER_ONCE,
        Defect.FETCH_ORDER_UNACKNOWLEDGED,
        Defect.ROLLBACK_NEEDS_ENTRY_ORDER,
        Defect.PLACEHOLDER_SURVIVES_ROLLBACK,
        Defect.ACTIVE_BEFORE_STOP,
    }
)
_THREE_FIXES = (
    _OCTOBER_28
    - {Defect.REGISTERS_AFTER_ORDER, Defect.PENDING_SKIPS_UPDATE, Defect.NO_CACHED_POSITION}
) | {Defect.PENDING_READS_WRONG_KEYS, Defect.WEBSOCKET_TRIED_WHEN_EMPTY}
_OCTOBER_29 = _THREE_FIXES - {Defect.FETCHES_ORDER_ONCE}
_ATTRIBUTE_ACCESS = _OCTOBER_29 - {
    Defect.ORDER_RESULT_READ_AS_DICT,
    Defect.EXCEPTIONS_LOGGED_AT_DEBUG,
}

VERSIONS: Mapping[str, frozenset[Defect]] = MappingProxyType(
    {
        "2025-10-12": _OCTOBER_12,
        "2025-10-12-single-log": _OCTOBER_12_SINGLE_LOG,
        "2025-10-28": _OCTOBER_28,
        "2025-10-28-three-fixes": _THREE_FIXES,
        "2025-10-29": _OCTOBER_29,
        "2025-10-29-attribute-access": _ATTRIBUTE_ACCESS,
        "current": frozenset(),
    }
)


def defects_of(
    version: str, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> frozenset[Defect]:
    """A version's defects, with some added and some removed by name.

    Raises ValueError for a version or a defect that does not exist.
    """
    if version not in VERSIONS:
        raise ValueError(f"there is no version {version!r}; choose one of {', '.join(VERSIONS)}")
    return (VERSIONS[version] | _by_name(add)) - _by_name(remove)


def _by_name(names: Iterable[str]) -> frozenset[Defect]:
    known = {defect.value: defect for defect in Defect}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"there is no defect {unknown[0]!r}; choose among {', '.join(known)}")
    return frozenset(known[name] for name in names)
