"""The figures of a run that a baseline keeps: how long what matters took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from replay.result import Finding, Milestone, RunResult

_OPENING = "operation_started"
_SPANS = {
    "verification_confirmed": ("verification", "verification_started"),
    "verification_timeout": ("verification", "verification_started"),
    "stop_loss_placed": ("to stop-loss", _OPENING),
    "position_active": ("to active", _OPENING),
}
"""What a milestone ends: the name of the span, and the milestone that it begins with."""

WITHOUT_STOP_LOSS = ": without stop-loss"
"""What the name of a symbol's longest time without a stop-loss ends with."""


def figures(result: RunResult) -> dict[str, int]:
    """Durations in ns by name, in the order of the names.

    Of each symbol: `verification` (from verification_started until it is confirmed or given up),
    `to stop-loss` and `to active` (from operation_started), `without stop-loss` (the longest
    stretch); and of each expectation of a time, how far from its time, or from its milestone, it
    came. What there is several of is numbered.
    """
    found = [
        *_spans(result.milestones),
        *(
            (f"{symbol}{WITHOUT_STOP_LOSS}", longest_ns)
            for symbol, longest_ns in result.unprotected_ns.items()
        ),
        *_measured(result.verdict.findings),
    ]
    return dict(sorted(numbered(found)))


def numbered(named: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """The pairs, with ` (2)`, ` (3)` behind a name that was there before."""
    seen: dict[str, int] = {}
    for name, value in named:
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name} ({seen[name]})"), value


def _spans(milestones: Iterable[Milestone]) -> Iterator[tuple[str, int]]:
    """The spans of each operation, by what ended them first. Lines that name no symbol belong to
    the operation begun last, since the bot opens one position after another."""
    current = ""
    begun: dict[tuple[str, str], int] = {}
    for milestone in sorted(milestones, key=lambda one: one.time_ns):
        symbol = milestone.groups.get("symbol") or current
        if milestone.name == _OPENING:
            current = symbol
        for name, start in _SPANS.values():
            if milestone.name == start:
                begun[symbol, name] = milestone.time_ns
        if milestone.name in _SPANS:
            name, _ = _SPANS[milestone.name]
            start_ns = begun.pop((symbol, name), None)
            if start_ns is not None:
                yield f"{symbol}: {name}" if symbol else name, milestone.time_ns - start_ns


def _measured(findings: Iterable[Finding]) -> Iterator[tuple[str, int]]:
    for finding in findings:
        if finding.measured_ns is not None:
            yield finding.name, finding.measured_ns
