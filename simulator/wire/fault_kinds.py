"""Which faults can happen to what."""

from __future__ import annotations

from simulator.exchange.behaviour import FaultKind, FaultRule

_STREAM_FAULTS = (
    FaultKind.DROP,
    FaultKind.DUPLICATE,
    FaultKind.DELAY,
    FaultKind.SILENCE,
    FaultKind.DISCONNECT,
)
_CONNECT_FAULTS = (FaultKind.REFUSE, FaultKind.DELAY, FaultKind.ERROR)
_REQUEST_FAULTS = (
    FaultKind.ERROR,
    FaultKind.ERROR_AFTER,
    FaultKind.HANG,
    FaultKind.REPLY_LOST,
    FaultKind.RESET,
    FaultKind.RESET_AFTER,
    FaultKind.DELAY,
    FaultKind.REFUSE,
)


def check_fault(rule: FaultRule) -> None:
    """Raises ValueError for a rule that could match but not act."""
    kinds: tuple[FaultKind, ...]
    if rule.endpoint.startswith("stream."):
        kinds, where = _STREAM_FAULTS, "stream messages"
    elif rule.endpoint.startswith("connect "):
        kinds, where = _CONNECT_FAULTS, "connects"
    elif " " in rule.endpoint:
        kinds, where = _REQUEST_FAULTS, "requests"
    else:
        raise ValueError(
            f"fault {rule.name!r}: endpoint must be 'METHOD /path', 'stream.EVENT' or "
            f"'connect /path', was {rule.endpoint!r}"
        )
    if rule.kind not in kinds:
        known = ", ".join(kind.value for kind in kinds)
        raise ValueError(
            f"fault {rule.name!r}: {rule.kind.value} cannot happen to {where}; can: {known}"
        )
    if rule.kind is FaultKind.DELAY and rule.delay is None:
        raise ValueError(f"fault {rule.name!r}: kind delay needs a delay")
    if rule.kind in (FaultKind.ERROR, FaultKind.ERROR_AFTER) and not 200 <= rule.status <= 599:
        raise ValueError(
            f"fault {rule.name!r}: status must be an HTTP status from 200 to 599, was {rule.status}"
        )
