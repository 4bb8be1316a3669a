"""What must hold in every scenario, whatever it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from replay.clocktime import clock_time, seconds
from replay.evidence import Evidence, Interval, WaveOutcome
from replay.result import Finding

NO_UNPROTECTED_POSITION = "no_unprotected_position"
BELIEF_EQUALS_TRUTH = "belief_equals_truth"
NO_UNKNOWN_ORDER = "no_unknown_order"
NOTHING_LEFT_AFTER_ROLLBACK = "nothing_left_after_rollback"
WAVE_LIMIT_KEPT = "wave_limit_kept"

NAMES = (
    NO_UNPROTECTED_POSITION,
    BELIEF_EQUALS_TRUTH,
    NO_UNKNOWN_ORDER,
    NOTHING_LEFT_AFTER_ROLLBACK,
    WAVE_LIMIT_KEPT,
)

_NO_BELIEF = "not judged: this bot does not say what it believes"
_ROLLBACKS = ("rollback_close_order", "rollback_verified", "rollback_failed", "operation_failed")
_OPENINGS = ("opening_started", "operation_started", "position_active")


def judge(
    evidence: Evidence,
    *,
    unprotected_limit_ns: int,
    quantity_tolerance: Decimal = Decimal(0),
    wave_limit: int = 5,
    broken: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """All invariants; those named in `broken` are expected not to hold."""
    findings = (
        no_unprotected_position(evidence, limit_ns=unprotected_limit_ns),
        belief_equals_truth(evidence, tolerance=quantity_tolerance),
        no_unknown_order(evidence),
        nothing_left_after_rollback(evidence),
        *((wave_limit_kept(evidence, limit=wave_limit),) if evidence.waves else ()),
    )
    return tuple(replace(finding, expected=finding.name not in broken) for finding in findings)


def no_unprotected_position(evidence: Evidence, *, limit_ns: int) -> Finding:
    """No position without a resting stop-loss for longer than `limit_ns` at a stretch, and none at
    the end of the run: nobody is there any more to protect it."""
    naked = _unprotected(evidence.protection)
    end_ns = max((one.end_ns for one in evidence.protection), default=0)
    too_long = [
        one for one in naked if one.end_ns - one.start_ns > limit_ns or one.end_ns == end_ns
    ]
    offset = evidence.utc_offset_s
    if too_long:
        told = "; ".join(
            f"{one.symbol} {one.quantity:+f} without a stop-loss "
            f"from {clock_time(one.start_ns, offset)} to {clock_time(one.end_ns, offset)}, "
            f"{seconds(one.end_ns - one.start_ns)}{', the end' * (one.end_ns == end_ns)}"
            for one in too_long
        )
        evidence_text = f"{told} (limit {seconds(limit_ns)})"
    elif naked:
        longest = max(naked, key=lambda one: one.end_ns - one.start_ns)
        evidence_text = (
            f"{longest.symbol} longest, {seconds(longest.end_ns - longest.start_ns)} "
            f"(limit {seconds(limit_ns)})"
        )
    elif any(one.quantity for one in evidence.protection):
        evidence_text = "every position was covered from its first moment"
    else:
        evidence_text = "there was no position"
    return Finding(
        kind="invariant",
        name=NO_UNPROTECTED_POSITION,
        held=not too_long,
        evidence=evidence_text,
        time_ns=min(too_long[0].start_ns + limit_ns, too_long[0].end_ns) if too_long else None,
    )


def longest_unprotected(evidence: Evidence) -> dict[str, int]:
    """How long, at the longest, each symbol's position was without a resting stop-loss, in ns."""
    longest = {one.symbol: 0 for one in evidence.protection if one.quantity}
    for one in _unprotected(evidence.protection):
        longest[one.symbol] = max(longest[one.symbol], one.end_ns - one.start_ns)
    return longest


def _unprotected(protection: tuple[Interval, ...]) -> list[Interval]:
    """Unprotected intervals, those that follow each other without a gap taken as one."""
    stretches: list[Interval] = []
    open_by_position: dict[tuple[str, str], int] = {}
    for one in sorted(protection, key=lambda interval: interval.start_ns):
        if not one.quantity or one.protected:
            continue
        position = (one.account, one.symbol)
        last = open_by_position.get(position)
        if last is not None and stretches[last].end_ns == one.start_ns:
            stretches[last] = replace(stretches[last], end_ns=one.end_ns, quantity=one.quantity)
        else:
            open_by_position[position] = len(stretches)
            stretches.append(one)
    return stretches


def belief_equals_truth(evidence: Evidence, *, tolerance: Decimal = Decimal(0)) -> Finding:
    """At the end the bot believes to hold what the venue knows it holds, give or take."""
    if evidence.believed is None:
        return Finding(
            kind="invariant", name=BELIEF_EQUALS_TRUTH, held=True, judged=False, evidence=_NO_BELIEF
        )
    believed, truth = evidence.believed.positions, evidence.end_positions
    differences = [
        f"{symbol}: bot {_quantity(believed, symbol)}, venue {_quantity(truth, symbol)}"
        for symbol in sorted({**believed, **truth})
        if abs(believed.get(symbol, Decimal(0)) - truth.get(symbol, Decimal(0))) > tolerance
    ]
    held = {symbol: quantity for symbol, quantity in truth.items() if quantity}
    agreed = ", ".join(f"{symbol} {quantity:+f}" for symbol, quantity in held.items())
    return Finding(
        kind="invariant",
        name=BELIEF_EQUALS_TRUTH,
        held=not differences,
        evidence="; ".join(differences) or f"both say: {agreed or 'no position'}",
    )


def _quantity(positions: Mapping[str, Decimal], symbol: str) -> str:
    quantity = positions.get(symbol, Decimal(0))
    return f"{quantity:+f}" if quantity else "none"


def no_unknown_order(evidence: Evidence) -> Finding:
    """The venue has no order, open or done, of which the bot does not know."""
    if evidence.believed is None:
        return Finding(
            kind="invariant", name=NO_UNKNOWN_ORDER, held=True, judged=False, evidence=_NO_BELIEF
        )
    known = dict.fromkeys(evidence.believed.orders)
    unknown = [
        order
        for order in evidence.end_orders
        if order.order_id not in known
        and (not order.client_order_id or order.client_order_id not in known)
    ]
    told = "; ".join(
        f"{order.symbol} order {order.order_id}, {'open' if order.open else 'done'}"
        for order in unknown
    )
    return Finding(
        kind="invariant",
        name=NO_UNKNOWN_ORDER,
        held=not unknown,
        evidence=told or f"the bot knows all {len(evidence.end_orders)} orders of the venue",
    )


def nothing_left_after_rollback(evidence: Evidence) -> Finding:
    """What was rolled back has neither a position nor an open order at the end."""
    rolled_back = rollbacks(evidence)
    left: list[str] = []
    for symbol in rolled_back:
        if evidence.end_positions.get(symbol):
            left.append(f"{symbol}: position {evidence.end_positions[symbol]:+f}")
        left += [
            f"{symbol}: open order {order.order_id}"
            for order in evidence.end_orders
            if order.symbol == symbol and order.open
        ]
    if left:
        told = "; ".join(left)
    elif rolled_back:
        told = f"{', '.join(rolled_back)}: no position, no open order"
    else:
        told = "nothing was rolled back"
    return Finding(
        kind="invariant",
        name=NOTHING_LEFT_AFTER_ROLLBACK,
        held=not left,
        evidence=told,
        time_ns=next(iter(rolled_back.values()), None) if left else None,
    )


def wave_limit_kept(evidence: Evidence, *, limit: int) -> Finding:
    """No wave leaves more positions than `limit`. Judged only where there are waves."""
    over = waves_over_limit(evidence, limit=limit)
    offset = evidence.utc_offset_s
    most = max((len(each.positions) for each in evidence.waves), default=0)
    told = "; ".join(
        f"wave of {clock_time(each.time_ns, offset)}: {len(each.positions)} positions "
        f"({', '.join(each.positions)})"
        for each in over
    )
    return Finding(
        kind="invariant",
        name=WAVE_LIMIT_KEPT,
        held=not over,
        evidence=f"{told or f'at most {most} in {len(evidence.waves)} waves'} (limit {limit})",
        time_ns=over[0].time_ns if over else None,
    )


def waves_over_limit(evidence: Evidence, *, limit: int) -> list[WaveOutcome]:
    return [each for each in evidence.waves if len(each.positions) > limit]


def rollbacks(evidence: Evidence) -> dict[str, int]:
    """Symbols whose last operation was rolled back or failed, with the time when it was.

    The lines of a rollback seldom name the symbol; then it is that of the operation started last,
    since the bot opens one position after another.
    """
    current = ""
    found: dict[str, int] = {}
    for milestone in sorted(evidence.milestones, key=lambda one: one.time_ns):
        symbol = milestone.groups.get("symbol", "")
        if milestone.name in _OPENINGS:
            current = symbol or current
            found.pop(current, None)
        elif milestone.name in _ROLLBACKS and (symbol or current):
            found[symbol or current] = milestone.time_ns
    return found
