"""Results made by hand. Clock times are those of the SKLUSDT log of 2025-10-28, UTC+4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from replay.result import Finding, HiddenException, Milestone, RunResult, Verdict

OFFSET_S = 4 * 3600
MS = 1_000_000
S = 1_000_000_000
MIDNIGHT_NS = 1_761_595_200 * S  # 2025-10-28T00:00:00+04:00, by `date -d ... +%s`


def clock(text: str) -> int:
    """`22:34:12.246` on that day, in ns since the epoch."""
    hours, minutes, seconds = text.split(":")
    whole, _, fraction = seconds.partition(".")
    of_day_s = int(hours) * 3600 + int(minutes) * 60 + int(whole)
    return MIDNIGHT_NS + of_day_s * S + int(fraction.ljust(3, "0") or 0) * MS


def milestone(name: str, at: str, text: str = "", host: str = "bot", **groups: str) -> Milestone:
    return Milestone(name=name, time_ns=clock(at), host=host, text=text or name, groups=groups)


def result(version: str = "2025-10-28", **changes: Any) -> RunResult:
    made = RunResult(
        scenario="sklusdt",
        title="The fill beats the REST reply",
        version=version,
        seed=1,
        digest="00ff" * 16,
        start_ns=clock("22:34:00"),
        utc_offset_s=OFFSET_S,
        virtual_ns=40 * S,
        real_s=0.08,
        command=f"replay run sklusdt --bot {version} --seed 1",
        verdict=Verdict(
            findings=(
                Finding(kind="expectation", name="leverage_set", held=True, evidence="+3.0 ms"),
            )
        ),
    )
    return replace(made, **changes)


_FINDINGS = (
    Finding(
        kind="expectation",
        name="verification_timeout at 22:34:23.371",
        held=True,
        evidence="at 22:34:23.370, -1.0 ms (within 10.0 ms)",
    ),
    Finding(
        kind="invariant",
        name="no_unprotected_position",
        held=False,
        expected=False,
        evidence="SKLUSDT +308 without a stop-loss from 22:34:12.070 to 22:34:23.900",
    ),
    Finding(
        kind="invariant",
        name="no_unknown_order",
        held=False,
        evidence="SKLUSDT order 8389765 is open",
    ),
)
_MILESTONES = (
    milestone("operation_started", "22:34:11.543", "⚙️ Atomic operation started: SKLUSDT"),
    milestone(
        "ws_position_update",
        "22:34:12.247",
        "📊 [USER] Position update: SKLUSDT amount=308.0",
        symbol="SKLUSDT",
        amount="308.0",
    ),
    *(
        milestone(
            "mark_price_update",
            f"22:34:{second}.109",
            "📊 Position update: SKLUSDT → SKLUSDT, mark_price=0.01946033",
            symbol="SKLUSDT",
        )
        for second in range(13, 23)
    ),
    milestone(
        "verification_timeout",
        "22:34:23.390",
        "❌ Multi-source verification TIMEOUT\n  - WebSocket: False",
    ),
    milestone("position_active", "22:34:24", "✅ Position ACTIVE"),
)


def full_result(faults: Mapping[str, int] | None = None) -> RunResult:
    """A result with something in every field."""
    return result(
        verdict=Verdict(findings=_FINDINGS),
        milestones=_MILESTONES,
        production=(
            milestone(
                "ws_position_update",
                "22:34:12.246",
                "📊 [USER] Position update: SKLUSDT amount=308.0",
                host="production",
            ),
            milestone("verification_timeout", "22:34:23.371", "❌ TIMEOUT", host="production"),
            milestone("rollback_close_order", "22:34:23.724", "🔄 Rollback", host="production"),
        ),
        unread_log_lines=("19: ...",),
        log_notes=("3 lines were UTF-8 that had been read as Mac Roman, and were put right",),
        hidden=(
            HiddenException(
                type="AttributeError",
                message="'OrderResult' object has no attribute 'get'",
                place="verification.py:88 in by_order_status",
                level="DEBUG",
                logger="core.atomic_position_manager",
                count=5,
                first_ns=clock("22:34:13.357"),
            ),
        ),
        faults_fired=faults if faults is not None else {"lost_reply": 2, "reset": 0},
        unknown_hosts=("api.telegram.org",),
        refusals=(),
        trace_lines=('{"t":0,"host":"bot","kind":"log"}', '{"t":1,"host":"bot","kind":"log"}'),
    )
